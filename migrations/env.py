"""Alembic's environment: one transaction, bounded waits for locks, and the filters that keep `alembic check` honest."""

from typing import Any

from alembic import context
from geoalchemy2 import Geometry
from sqlalchemy import Connection, text

from curbstop.models import Base
from curbstop.models.engine import make_engine
from curbstop.settings import load

# Kept by hand in the migrations, because neither database's autogenerate knows both kinds of spatial index.
SPATIAL_TABLES = ("idx_", "geometry_columns", "spatial_ref_sys")


def include_object(_item: Any, name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
    """Leaves out what the models cannot name: R*Tree and PostGIS tables, GiST indexes and the stamp's index."""
    name = name or ""
    if kind == "table":
        return not (reflected and name.startswith(SPATIAL_TABLES))
    if kind == "index" and reflected:
        return not name.endswith(("_gist", "_unstamped"))
    return True


def compare_type(
    _context: Any, _column: Any, _metadata_column: Any, _inspected: Any, metadata_type: Any
) -> bool | None:
    """Geometry is a BLOB on SQLite; GeoAlchemy2's own comparison wants SpatiaLite."""
    return False if isinstance(metadata_type, Geometry) else None


def run(connection: Connection) -> None:
    """Migrates in one transaction under a lock, so that two processes starting at once do not both migrate."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(text("SET LOCAL statement_timeout = '10min'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(7230001)"))
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_object=include_object,
        compare_type=compare_type,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with make_engine(load().database_url).execution_options(curbstop_writes=True).begin() as opened:
        run(opened)
