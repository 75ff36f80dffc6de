"""Registers that are replaced on a meter that stays, and accuracy tests.

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

from curbstop.models.base import Json, UtcDateTime

revision: str = "0029"
down_revision: str | None = "0028"

_OPEN = sa.text("removed_at IS NULL")
_UNIQUE = "uq_register_meter_id_position"


def upgrade() -> None:
    op.add_column("register", sa.Column("serial", sa.String(length=40), nullable=True))
    op.add_column("register", sa.Column("removed_at", UtcDateTime(), nullable=True))
    op.drop_index(_UNIQUE, table_name="register")
    op.create_index(
        _UNIQUE, "register", ["meter_id", "position"], unique=True, postgresql_where=_OPEN, sqlite_where=_OPEN
    )
    op.create_table(
        "meter_test",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meter_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("standard_id", sa.String(length=120), nullable=False),
        sa.Column("tested_at", UtcDateTime(), nullable=False),
        sa.Column("flows", Json, nullable=False),
        sa.Column("average", sa.Numeric(precision=7, scale=2), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("over_registers", sa.Boolean(), nullable=False),
        sa.Column("follow_up_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["follow_up_id"], ["service_order.id"], name=op.f("fk_meter_test_follow_up_id_service_order")
        ),
        sa.ForeignKeyConstraint(["meter_id"], ["meter.id"], name=op.f("fk_meter_test_meter_id_meter")),
        sa.ForeignKeyConstraint(["order_id"], ["service_order.id"], name=op.f("fk_meter_test_order_id_service_order")),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_point.id"], name=op.f("fk_meter_test_service_point_id_service_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meter_test")),
        sa.UniqueConstraint("order_id", name=op.f("uq_meter_test_order_id")),
    )
    op.create_index("ix_meter_test_meter_id", "meter_test", ["meter_id"])
    op.create_index("ix_meter_test_service_point_id", "meter_test", ["service_point_id"])


def downgrade() -> None:
    op.drop_table("meter_test")
    op.drop_index(_UNIQUE, table_name="register")
    op.create_index(_UNIQUE, "register", ["meter_id", "position"], unique=True)
    op.drop_column("register", "removed_at")
    op.drop_column("register", "serial")
