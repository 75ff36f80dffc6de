"""Squares of the map that tablets carry as packs.

Revision ID: 0040
Revises: 0039
"""

import sqlalchemy as sa
from alembic import op

from curbstop.models.base import UtcDateTime

revision: str = "0040"
down_revision: str | None = "0039"


def upgrade() -> None:
    op.create_table(
        "map_square",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("wanted", sa.String(length=48), nullable=False),
        sa.Column("wanted_at", UtcDateTime(), nullable=False),
        sa.Column("surveyed", sa.String(length=40), nullable=False),
        sa.Column("built", sa.String(length=48), nullable=True),
        sa.Column("built_at", UtcDateTime(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("tiles", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_map_square")),
    )
    op.create_index("ix_map_square_sha256", "map_square", ["sha256"])


def downgrade() -> None:
    op.drop_index("ix_map_square_sha256", table_name="map_square")
    op.drop_table("map_square")
