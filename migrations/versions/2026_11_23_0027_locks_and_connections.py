"""Locks and seals, the history of physical states, what other systems are told of connections, and removal timers.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

from curbstop.models.base import UtcDateTime

revision: str = "0027"
down_revision: str | None = "0026"


def upgrade() -> None:
    op.create_table(
        "lock",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=True),
        sa.Column("seal_no", sa.String(length=60), nullable=True),
        sa.Column("applied_at", UtcDateTime(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended", sa.String(length=12), nullable=True),
        sa.Column("ended_by_order_id", sa.Uuid(), nullable=True),
        sa.Column("ended_by_id", sa.Uuid(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_point.id"], name=op.f("fk_lock_service_point_id_service_point")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["service_order.id"], name=op.f("fk_lock_order_id_service_order")),
        sa.ForeignKeyConstraint(
            ["ended_by_order_id"], ["service_order.id"], name=op.f("fk_lock_ended_by_order_id_service_order")
        ),
        sa.ForeignKeyConstraint(["ended_by_id"], ["staff.id"], name=op.f("fk_lock_ended_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lock")),
    )
    op.create_index("ix_lock_service_point_id", "lock", ["service_point_id"])
    op.create_index(
        "uq_lock_number_in_use",
        "lock",
        ["number"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "state_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("was", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_point.id"], name=op.f("fk_state_change_service_point_id_service_point")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["service_order.id"], name=op.f("fk_state_change_order_id_service_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_state_change")),
    )
    op.create_index("ix_state_change_order_id", "state_change", ["order_id"])
    op.create_index("ix_state_change_service_point_id_at", "state_change", ["service_point_id", "at"])
    op.create_table(
        "connection_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("meter_serial", sa.String(length=40), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_point.id"], name=op.f("fk_connection_event_service_point_id_service_point")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_connection_event_account_id_account")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["service_order.id"], name=op.f("fk_connection_event_order_id_service_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection_event")),
        sa.UniqueConstraint("sequence", name=op.f("uq_connection_event_sequence")),
    )
    op.create_index("ix_connection_event_service_point_id", "connection_event", ["service_point_id"])
    op.create_table(
        "removal_timer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("off_since", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("end_reason", sa.String(length=60), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_point.id"], name=op.f("fk_removal_timer_service_point_id_service_point")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["service_order.id"], name=op.f("fk_removal_timer_order_id_service_order")
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["supervisor_task.id"], name=op.f("fk_removal_timer_task_id_supervisor_task")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removal_timer")),
    )
    op.create_index("ix_removal_timer_due_on", "removal_timer", ["due_on"])
    op.create_index(
        "uq_removal_timer_service_point_id_running",
        "removal_timer",
        ["service_point_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("removal_timer")
    op.drop_table("connection_event")
    op.drop_table("state_change")
    op.drop_table("lock")
