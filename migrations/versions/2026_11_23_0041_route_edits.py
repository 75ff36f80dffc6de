"""What a draft of a route began with, drafts that are published together, and stops that keep who they are.

Revision ID: 0041
Revises: 0040
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0041"
down_revision: str | None = "0040"


def upgrade() -> None:
    op.add_column("route_version", sa.Column("base_id", sa.Uuid(), nullable=True))
    op.add_column("route_version", sa.Column("bundle_id", sa.Uuid(), nullable=True))
    op.add_column("route_version", sa.Column("note", sa.String(length=200), nullable=True))
    op.create_index(op.f("ix_route_version_bundle_id"), "route_version", ["bundle_id"])
    op.add_column("stop", sa.Column("origin_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("stop", "origin_id")
    op.drop_index(op.f("ix_route_version_bundle_id"), table_name="route_version")
    op.drop_column("route_version", "note")
    op.drop_column("route_version", "bundle_id")
    op.drop_column("route_version", "base_id")
