"""Brings a database to the newest schema, by Alembic, from the checkout's migrations or the wheel's copy."""

from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from curbstop.models.engine import make_engine, reaching


def migrations_folder() -> Path:
    """The checkout's `migrations/` if there is one, else the wheel's copy: an editable install keeps stale copies."""
    checkout = Path(__file__).resolve().parents[2] / "migrations"
    if (checkout / "env.py").exists():
        return checkout
    return Path(str(files("curbstop") / "_migrations"))


def upgrade(url: str, revision: str = "head") -> None:
    """Migrates the database at `url` to `revision`; a database that is there already is left as it is."""
    engine = make_engine(url)
    try:
        with reaching():
            upgrade_engine(engine, revision)
    finally:
        engine.dispose()


def upgrade_engine(engine: Engine, revision: str = "head") -> None:
    """As `upgrade`, on an engine that is open already."""
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    with engine.execution_options(curbstop_writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def newest_revision() -> str | None:
    """The revision that this release's migrations lead to."""
    return ScriptDirectory(str(migrations_folder())).get_current_head()


def current_revision(connection: Connection) -> str | None:
    """The revision that the database has, or None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision
