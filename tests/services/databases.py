"""Hands out migrated databases: migrated once a run by Alembic into a template, then copied."""

import itertools
import os
import shutil
from functools import cache
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from curbstop.models import migrate
from tests.services import servers

TEMPLATE = "curbstop_template"
_numbers = itertools.count(1)


def new_database(folder: Path, backend: str) -> str:
    """The URL of a fresh copy of the migrated template."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    return _copy_sqlite(folder, name) if backend == "embedded" else _copy_postgres(folder, name)


def drop_database(folder: Path, url: str) -> None:
    """Removes a copy; whoever is still connected to it is thrown out."""
    database = make_url(url).database or ""
    if url.startswith("sqlite"):
        for ending in ("", "-wal", "-shm"):
            Path(database + ending).unlink(missing_ok=True)
    else:
        _administer(folder, f'DROP DATABASE "{database}" WITH (FORCE)')


def empty_database(folder: Path, backend: str) -> str:
    """The URL of a database without tables, for the tests of the migrations themselves."""
    name = f"empty_{os.getpid()}_{next(_numbers)}"
    if backend == "embedded":
        return f"sqlite:///{folder / name}.db"
    _administer(folder, f'CREATE DATABASE "{name}"')
    return servers.postgres_url(folder, name)


@cache
def _sqlite_template(folder: Path) -> Path:
    path = folder / "template.db"
    with servers.once(folder, "template-embedded") as facts:
        if not facts:
            migrate.upgrade(f"sqlite:///{path}")
            facts["made"] = True
    return path


def _copy_sqlite(folder: Path, name: str) -> str:
    template = _sqlite_template(folder)
    copy = folder / f"{name}.db"
    shutil.copyfile(template, copy)
    return f"sqlite:///{copy}"


@cache
def _postgres_template(folder: Path) -> str:
    url = servers.postgres_url(folder, TEMPLATE)
    with servers.once(folder, "template-services") as facts:
        if not facts:
            _administer(folder, f"DROP DATABASE IF EXISTS {TEMPLATE}")
            _administer(folder, f"CREATE DATABASE {TEMPLATE}")
            migrate.upgrade(url)
            facts["made"] = True
    return TEMPLATE


def _copy_postgres(folder: Path, name: str) -> str:
    # Copying files is quicker by a third than writing them into the log first, which 15 began with.
    how = " STRATEGY file_copy" if _postgres_version(folder) >= 150_000 else ""
    _administer(folder, f'CREATE DATABASE "{name}" TEMPLATE {_postgres_template(folder)}{how}')
    return servers.postgres_url(folder, name)


@cache
def _postgres_version(folder: Path) -> int:
    url = servers.postgres_url(folder, "postgres").replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        return connection.info.server_version


def _administer(folder: Path, statement: str) -> None:
    url = servers.postgres_url(folder, "postgres").replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())
