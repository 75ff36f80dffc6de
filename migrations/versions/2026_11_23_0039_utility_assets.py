"""Mains, valves and other assets of any shape, with their spatial index.

Revision ID: 0039
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

from curbstop.models.base import Json, UtcDateTime

revision: str = "0039"
down_revision: str | None = "0038"

INDEX = "idx_utility_asset_shape"


def upgrade() -> None:
    op.create_table(
        "utility_asset",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("number", sa.String(60)),
        sa.Column("material", sa.String(40)),
        sa.Column("diameter_in", sa.Float()),
        sa.Column("installed_on", sa.Date()),
        sa.Column("status", sa.String(20)),
        sa.Column("attributes", Json, nullable=False),
        sa.Column("shape", Geometry("GEOMETRY", srid=4326, spatial_index=False), nullable=False),
        sa.Column("source_key", sa.String(120)),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_utility_asset")),
        sa.UniqueConstraint("source_key", name=op.f("uq_utility_asset_source_key")),
    )
    op.create_index("ix_utility_asset_kind", "utility_asset", ["kind"])
    op.create_index("ix_utility_asset_number", "utility_asset", ["number"])
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_utility_asset_shape_gist", "utility_asset", ["shape"], postgresql_using="gist")
        return
    op.execute("INSERT INTO geometry_columns VALUES ('utility_asset', 'shape', 0, 2, 4326, 1)")
    bounds = ", ".join(f"{one}(NEW.shape)" for one in ("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"))
    put = f"INSERT INTO {INDEX} SELECT NEW.rowid, {bounds}"
    drop = f"DELETE FROM {INDEX} WHERE id = OLD.rowid"  # noqa: S608
    op.execute(f"CREATE VIRTUAL TABLE {INDEX} USING rtree(id, min_x, max_x, min_y, max_y)")
    op.execute(f"CREATE TRIGGER {INDEX}_insert AFTER INSERT ON utility_asset BEGIN {put}; END")
    op.execute(f"CREATE TRIGGER {INDEX}_update AFTER UPDATE OF shape ON utility_asset BEGIN {drop}; {put}; END")
    op.execute(f"CREATE TRIGGER {INDEX}_delete AFTER DELETE ON utility_asset BEGIN {drop}; END")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for when in ("insert", "update", "delete"):
            op.execute(f"DROP TRIGGER {INDEX}_{when}")
        op.execute(f"DROP TABLE {INDEX}")
        op.execute("DELETE FROM geometry_columns WHERE f_table_name = 'utility_asset'")
    op.drop_table("utility_asset")
