"""A beacon that was long on its way is known by its clock, and numbers are counted from where all had arrived.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0018"
down_revision: str | None = "0017"

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("tablet") as table:
        table.add_column(sa.Column("beacon_clock", JSON, nullable=True))
        table.add_column(sa.Column("through_n", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("tablet") as table:
        table.drop_column("through_n")
        table.drop_column("beacon_clock")
