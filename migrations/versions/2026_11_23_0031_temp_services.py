"""Temporary services.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

from curbstop.models.base import UtcDateTime

revision: str = "0031"
down_revision: str | None = "0030"


def upgrade() -> None:
    op.create_table(
        "temp_service",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("meter_id", sa.Uuid(), nullable=False),
        sa.Column("hydrant", sa.String(length=120), nullable=False),
        sa.Column("backflow_device_no", sa.String(length=120), nullable=False),
        sa.Column("deposit_ref", sa.String(length=120), nullable=False),
        sa.Column("set_order_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("in_read", sa.Numeric(14, 4), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("renewals", sa.Integer(), nullable=False),
        sa.Column("warned_at", UtcDateTime(), nullable=True),
        sa.Column("pull_order_id", sa.Uuid(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("out_read", sa.Numeric(14, 4), nullable=True),
        sa.Column("used", sa.Numeric(18, 4), nullable=True),
        sa.Column("used_gallons", sa.Numeric(18, 1), nullable=True),
        sa.Column("days_out", sa.Integer(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_point.id"], name=op.f("fk_temp_service_service_point_id_service_point")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_temp_service_account_id_account")),
        sa.ForeignKeyConstraint(["meter_id"], ["meter.id"], name=op.f("fk_temp_service_meter_id_meter")),
        sa.ForeignKeyConstraint(
            ["set_order_id"], ["service_order.id"], name=op.f("fk_temp_service_set_order_id_service_order")
        ),
        sa.ForeignKeyConstraint(
            ["pull_order_id"], ["service_order.id"], name=op.f("fk_temp_service_pull_order_id_service_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_temp_service")),
        sa.UniqueConstraint("number", name=op.f("uq_temp_service_number")),
        sa.UniqueConstraint("set_order_id", name=op.f("uq_temp_service_set_order_id")),
    )
    op.create_index("ix_temp_service_account_id", "temp_service", ["account_id"])
    op.create_index("ix_temp_service_closed_at_expires_at", "temp_service", ["closed_at", "expires_at"])
    op.create_index("ix_temp_service_service_point_id", "temp_service", ["service_point_id"])
    op.create_index(
        "uq_temp_service_meter_id_open",
        "temp_service",
        ["meter_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
        sqlite_where=sa.text("closed_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("temp_service")
