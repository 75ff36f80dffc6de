"""Brings a database to the newest schema, by Alembic, from the checkout's migrations or the wheel's copy.

Alembic is loaded when there is something to migrate: a server that only asks whether it may start does without.
"""

import re
from importlib.resources import files
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

from curbstop.models.engine import make_engine, reaching

_STEP: Final = re.compile(r'^revision: str = "(\w+)"\ndown_revision: str \| None = (?:"(\w+)"|None)$', re.MULTILINE)


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
    from alembic import command  # noqa: PLC0415 - see the head
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    with engine.execution_options(curbstop_writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def newest_revision() -> str | None:
    """The revision that this release's migrations lead to, read from their files: none of them is loaded."""
    texts = [path.read_text(encoding="utf-8") for path in (migrations_folder() / "versions").glob("*.py")]
    steps = [step.groups() for step in map(_STEP.search, texts) if step]
    ends = {revision for revision, _ in steps} - {before for _, before in steps}
    return ends.pop() if len(ends) == 1 else None


def current_revision(connection: Connection) -> str | None:
    """The revision that the database has, or None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision
