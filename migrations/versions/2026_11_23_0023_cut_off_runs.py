"""Cut-off runs, what their gates answered, and when nothing is cut off.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

from curbstop.models.base import Json, UtcDateTime

revision: str = "0023"
down_revision: str | None = "0022"


def upgrade() -> None:
    op.create_table(
        "payments_mark",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("payments_as_of", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments_mark")),
    )
    op.create_table(
        "cut_off_run",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("cut_on", sa.Date(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("taken_from", Json, nullable=False),
        sa.Column("policy_number", sa.Integer(), nullable=False),
        sa.Column("payments_as_of", UtcDateTime(), nullable=True),
        sa.Column("built_by_id", sa.Uuid(), nullable=True),
        sa.Column("proofed_by_id", sa.Uuid(), nullable=True),
        sa.Column("finalised_by_id", sa.Uuid(), nullable=True),
        sa.Column("finalised_at", UtcDateTime(), nullable=True),
        sa.Column("approved_by_id", sa.Uuid(), nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.Column("released_by_id", sa.Uuid(), nullable=True),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("ended_by_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("sums", Json, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["approved_by_id"], ["staff.id"], name=op.f("fk_cut_off_run_approved_by_id_staff")),
        sa.ForeignKeyConstraint(["built_by_id"], ["staff.id"], name=op.f("fk_cut_off_run_built_by_id_staff")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["staff.id"], name=op.f("fk_cut_off_run_ended_by_id_staff")),
        sa.ForeignKeyConstraint(["finalised_by_id"], ["staff.id"], name=op.f("fk_cut_off_run_finalised_by_id_staff")),
        sa.ForeignKeyConstraint(["proofed_by_id"], ["staff.id"], name=op.f("fk_cut_off_run_proofed_by_id_staff")),
        sa.ForeignKeyConstraint(["released_by_id"], ["staff.id"], name=op.f("fk_cut_off_run_released_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cut_off_run")),
        sa.UniqueConstraint("number", name=op.f("uq_cut_off_run_number")),
    )
    op.create_table(
        "moratorium",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("through", sa.Date(), nullable=True),
        sa.Column("area", Json, nullable=True),
        sa.Column("made_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["made_by_id"], ["staff.id"], name=op.f("fk_moratorium_made_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moratorium")),
    )
    op.create_table(
        "weather_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("alert", sa.String(length=120), nullable=True),
        sa.Column("low_f", sa.Float(), nullable=True),
        sa.Column("high_f", sa.Float(), nullable=True),
        sa.Column("told_at", UtcDateTime(), nullable=False),
        sa.Column("told_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["told_by_id"], ["staff.id"], name=op.f("fk_weather_day_told_by_id_staff")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_weather_day")),
    )
    op.create_table(
        "cut_off_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("mailed_on", sa.Date(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("proof", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("used_up_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_cut_off_notice_account_id_account")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["staff.id"], name=op.f("fk_cut_off_notice_recorded_by_id_staff")),
        sa.ForeignKeyConstraint(["run_id"], ["cut_off_run.id"], name=op.f("fk_cut_off_notice_run_id_cut_off_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cut_off_notice")),
    )
    with op.batch_alter_table("cut_off_notice", schema=None) as batch_op:
        batch_op.create_index("ix_cut_off_notice_account_id_cause", ["account_id", "cause"], unique=False)

    op.create_table(
        "gate_override",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("gate", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("through", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("roles", Json, nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("given_by_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_gate_override_account_id_account")),
        sa.ForeignKeyConstraint(["given_by_id"], ["staff.id"], name=op.f("fk_gate_override_given_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_override")),
    )
    with op.batch_alter_table("gate_override", schema=None) as batch_op:
        batch_op.create_index("ix_gate_override_account_id", ["account_id"], unique=False)

    op.create_table(
        "cut_off_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("past_due_cents", sa.BigInteger(), nullable=False),
        sa.Column("due_cents", sa.BigInteger(), nullable=False),
        sa.Column("awaits", Json, nullable=False),
        sa.Column("excluded_code", sa.String(length=40), nullable=True),
        sa.Column("excluded_reason", sa.Text(), nullable=True),
        sa.Column("excluded_by_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_cut_off_line_account_id_account")),
        sa.ForeignKeyConstraint(["excluded_by_id"], ["staff.id"], name=op.f("fk_cut_off_line_excluded_by_id_staff")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["service_order.id"], name=op.f("fk_cut_off_line_order_id_service_order")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["cut_off_run.id"], name=op.f("fk_cut_off_line_run_id_cut_off_run")),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_point.id"], name=op.f("fk_cut_off_line_service_point_id_service_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cut_off_line")),
        sa.UniqueConstraint("run_id", "account_id", name=op.f("uq_cut_off_line_run_id_account_id")),
    )
    with op.batch_alter_table("cut_off_line", schema=None) as batch_op:
        batch_op.create_index("ix_cut_off_line_account_id", ["account_id"], unique=False)
        batch_op.create_index("ix_cut_off_line_order_id", ["order_id"], unique=False)

    op.create_table(
        "gate_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("cut_on", sa.Date(), nullable=False),
        sa.Column("policy_number", sa.Integer(), nullable=False),
        sa.Column("ruling", sa.String(length=16), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("asked", Json, nullable=False),
        sa.Column("objections", Json, nullable=False),
        sa.Column("overrides", Json, nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_gate_check_account_id_account")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["staff.id"], name=op.f("fk_gate_check_asked_by_id_staff")),
        sa.ForeignKeyConstraint(["line_id"], ["cut_off_line.id"], name=op.f("fk_gate_check_line_id_cut_off_line")),
        sa.ForeignKeyConstraint(["order_id"], ["service_order.id"], name=op.f("fk_gate_check_order_id_service_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_check")),
    )
    with op.batch_alter_table("gate_check", schema=None) as batch_op:
        batch_op.create_index("ix_gate_check_account_id_asked_at", ["account_id", "asked_at"], unique=False)
        batch_op.create_index("ix_gate_check_line_id_asked_at", ["line_id", "asked_at"], unique=False)
        batch_op.create_index("ix_gate_check_order_id_asked_at", ["order_id", "asked_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("gate_check", schema=None) as batch_op:
        batch_op.drop_index("ix_gate_check_order_id_asked_at")
        batch_op.drop_index("ix_gate_check_line_id_asked_at")
        batch_op.drop_index("ix_gate_check_account_id_asked_at")

    op.drop_table("gate_check")
    with op.batch_alter_table("cut_off_line", schema=None) as batch_op:
        batch_op.drop_index("ix_cut_off_line_order_id")
        batch_op.drop_index("ix_cut_off_line_account_id")

    op.drop_table("cut_off_line")
    with op.batch_alter_table("gate_override", schema=None) as batch_op:
        batch_op.drop_index("ix_gate_override_account_id")

    op.drop_table("gate_override")
    with op.batch_alter_table("cut_off_notice", schema=None) as batch_op:
        batch_op.drop_index("ix_cut_off_notice_account_id_cause")

    op.drop_table("cut_off_notice")
    op.drop_table("weather_day")
    op.drop_table("moratorium")
    op.drop_table("cut_off_run")
    op.drop_table("payments_mark")
