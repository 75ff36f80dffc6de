"""Spatial indexes: GiST on PostGIS; on SQLite an R*Tree for each geometry column, kept by triggers.

An R*Tree keeps float32 rounded outward, so whoever asks it checks the exact bounds again.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"

COLUMNS = (
    ("service_point", "location", "POINT"),
    ("hydrant", "location", "POINT"),
    ("street", "line", "LINESTRING"),
)
GEOMETRY_TYPES = {"POINT": 1, "LINESTRING": 2}


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, column, _ in COLUMNS:
            op.create_index(f"ix_{table}_{column}_gist", table, [column], postgresql_using="gist")
        return
    # SpatiaLite's own catalogue of geometry columns, so that GeoAlchemy2 and GIS tools find them.
    op.execute(
        "CREATE TABLE geometry_columns (f_table_name TEXT, f_geometry_column TEXT, geometry_type INTEGER, "
        "coord_dimension INTEGER, srid INTEGER, spatial_index_enabled INTEGER)"
    )
    for table, column, kind in COLUMNS:
        op.get_bind().execute(
            sa.text("INSERT INTO geometry_columns VALUES (:table, :column, :kind, 2, 4326, 1)"),
            {"table": table, "column": column, "kind": GEOMETRY_TYPES[kind]},
        )
        _rtree(table, column)


def _rtree(table: str, column: str) -> None:
    index = f"idx_{table}_{column}"
    bounds = ", ".join(f"{f}(NEW.{column})" for f in ("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"))
    # Names come from COLUMNS above, never from outside.
    put = f"INSERT INTO {index} SELECT NEW.rowid, {bounds} WHERE NEW.{column} IS NOT NULL"
    drop = f"DELETE FROM {index} WHERE id = OLD.rowid"  # noqa: S608
    op.execute(f"CREATE VIRTUAL TABLE {index} USING rtree(id, min_x, max_x, min_y, max_y)")
    op.execute(f"CREATE TRIGGER {index}_insert AFTER INSERT ON {table} BEGIN {put}; END")
    op.execute(f"CREATE TRIGGER {index}_update AFTER UPDATE OF {column} ON {table} BEGIN {drop}; {put}; END")
    op.execute(f"CREATE TRIGGER {index}_delete AFTER DELETE ON {table} BEGIN {drop}; END")


def downgrade() -> None:
    for table, column, _ in COLUMNS:
        if op.get_bind().dialect.name == "postgresql":
            op.drop_index(f"ix_{table}_{column}_gist", table)
            continue
        for when in ("insert", "update", "delete"):
            op.execute(f"DROP TRIGGER idx_{table}_{column}_{when}")
        op.execute(f"DROP TABLE idx_{table}_{column}")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE geometry_columns")
