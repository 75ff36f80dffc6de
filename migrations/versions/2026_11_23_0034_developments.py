"""Developments and their lots.

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

from curbstop.models.base import UtcDateTime

revision: str = "0034"
down_revision: str | None = "0033"


def upgrade() -> None:
    op.create_table(
        "development",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("builder_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["builder_id"], ["customer.id"], name=op.f("fk_development_builder_id_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_development")),
        sa.UniqueConstraint("number", name=op.f("uq_development_number")),
    )
    op.create_index("ix_development_builder_id", "development", ["builder_id"])
    op.create_table(
        "lot",
        sa.Column("development_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("meter_set_at", UtcDateTime(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("transferred_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["development_id"], ["development.id"], name=op.f("fk_lot_development_id_development")),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_point.id"], name=op.f("fk_lot_service_point_id_service_point")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_lot_account_id_account")),
        sa.ForeignKeyConstraint(["owner_id"], ["customer.id"], name=op.f("fk_lot_owner_id_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot")),
        sa.UniqueConstraint("service_point_id", name=op.f("uq_lot_service_point_id")),
    )
    op.create_index("uq_lot_development_id_code", "lot", ["development_id", "code"], unique=True)


def downgrade() -> None:
    op.drop_table("lot")
    op.drop_table("development")
