"""Tap requests with their history, locate tickets, and what a GIS editor is asked to draw.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

from curbstop.models.base import Json, UtcDateTime

revision: str = "0028"
down_revision: str | None = "0027"


def upgrade() -> None:
    op.create_table(
        "tap_request",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("service_class", sa.String(length=20), nullable=False),
        sa.Column("meter_size", sa.String(length=15), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("stage_at", UtcDateTime(), nullable=False),
        sa.Column("survey_order_id", sa.Uuid(), nullable=True),
        sa.Column("surveyed_at", UtcDateTime(), nullable=True),
        sa.Column("quote_cents", sa.BigInteger(), nullable=True),
        sa.Column("quoted_at", UtcDateTime(), nullable=True),
        sa.Column("quote_through", sa.Date(), nullable=True),
        sa.Column("payment_ref", sa.String(length=80), nullable=True),
        sa.Column("paid_at", UtcDateTime(), nullable=True),
        sa.Column("permits", Json, nullable=False),
        sa.Column("install_order_id", sa.Uuid(), nullable=True),
        sa.Column("install_due_on", sa.Date(), nullable=True),
        sa.Column("installed_at", UtcDateTime(), nullable=True),
        sa.Column("meter_set_at", UtcDateTime(), nullable=True),
        sa.Column("inspection_requested_at", UtcDateTime(), nullable=True),
        sa.Column("inspection_due_at", UtcDateTime(), nullable=True),
        sa.Column("inspection_ref", sa.String(length=80), nullable=True),
        sa.Column("inspected_at", UtcDateTime(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("deposit_ref", sa.String(length=80), nullable=True),
        sa.Column("deposit_at", UtcDateTime(), nullable=True),
        sa.Column("on_route_at", UtcDateTime(), nullable=True),
        sa.Column("activated_at", UtcDateTime(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_tap_request_customer_id_customer")),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_point.id"], name=op.f("fk_tap_request_service_point_id_service_point")
        ),
        sa.ForeignKeyConstraint(
            ["survey_order_id"], ["service_order.id"], name=op.f("fk_tap_request_survey_order_id_service_order")
        ),
        sa.ForeignKeyConstraint(
            ["install_order_id"], ["service_order.id"], name=op.f("fk_tap_request_install_order_id_service_order")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_tap_request_account_id_account")),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_tap_request_created_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tap_request")),
        sa.UniqueConstraint("number", name=op.f("uq_tap_request_number")),
    )
    op.create_index("ix_tap_request_customer_id", "tap_request", ["customer_id"])
    op.create_index("ix_tap_request_install_order_id", "tap_request", ["install_order_id"])
    op.create_index("ix_tap_request_stage_stage_at", "tap_request", ["stage", "stage_at"])
    op.create_index(
        "uq_tap_request_service_point_id_open",
        "tap_request",
        ["service_point_id"],
        unique=True,
        postgresql_where=sa.text("stage NOT IN ('active', 'cancelled', 'expired')"),
        sqlite_where=sa.text("stage NOT IN ('active', 'cancelled', 'expired')"),
    )
    op.create_table(
        "tap_history",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tap_request_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.String(length=24), nullable=False),
        sa.Column("from_stage", sa.String(length=20), nullable=True),
        sa.Column("to_stage", sa.String(length=20), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("facts", Json, nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tap_request_id"], ["tap_request.id"], name=op.f("fk_tap_history_tap_request_id_tap_request")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_tap_history_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tap_history")),
    )
    op.create_index("ix_tap_history_tap_request_id", "tap_history", ["tap_request_id"])
    op.create_table(
        "locate_ticket",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("called_at", UtcDateTime(), nullable=False),
        sa.Column("legal_start_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("emergency", sa.Boolean(), nullable=False),
        sa.Column("justification", sa.Text(), nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["service_order.id"], name=op.f("fk_locate_ticket_order_id_service_order")
        ),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["staff.id"], name=op.f("fk_locate_ticket_recorded_by_id_staff")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_locate_ticket")),
    )
    op.create_table(
        "feature_request",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("done_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_point.id"], name=op.f("fk_feature_request_service_point_id_service_point")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["service_order.id"], name=op.f("fk_feature_request_order_id_service_order")
        ),
        sa.ForeignKeyConstraint(["done_by_id"], ["staff.id"], name=op.f("fk_feature_request_done_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feature_request")),
        sa.UniqueConstraint("order_id", name=op.f("uq_feature_request_order_id")),
    )
    op.create_index("ix_feature_request_service_point_id", "feature_request", ["service_point_id"])
    op.create_index("ix_feature_request_state", "feature_request", ["state"])


def downgrade() -> None:
    op.drop_table("feature_request")
    op.drop_table("locate_ticket")
    op.drop_table("tap_history")
    op.drop_table("tap_request")
