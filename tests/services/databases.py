"""Hands out migrated databases: migrated once a run by Alembic into a template, then copied."""

import itertools
import os
import shutil
from functools import cache
from pathlib import Path

import psycopg
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from curbstop.commands import reference
from curbstop.commands.work import system_work
from curbstop.models import migrate
from curbstop.models.engine import Sessions, make_engine
from curbstop.settings import load
from tests.api.office import move_in
from tests.services import servers
from tests.town import Town

TEMPLATE = "curbstop_template"
_numbers = itertools.count(1)
_first: dict[str, Engine] = {}


def new_database(folder: Path, backend: str, people: str | None = None) -> str:
    """The URL of a fresh copy of the migrated template, or of one in which the town's or the office's people are."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    if backend == "embedded":
        return _copy_sqlite(_settled_sqlite(folder, people) if people else _sqlite_template(folder), folder, name)
    return _copy_postgres(_settled_postgres(folder, people) if people else _postgres_template(folder), folder, name)


def engine_on(url: str) -> Engine:
    """An engine that knows what those before it have compiled, which is a sixth of what a test takes."""
    engine = make_engine(url)
    first = _first.get(engine.dialect.name)
    if first is None:
        # Whatever a dialect asks of its database at the first connection, ours share.
        engine.connect().close()
        first = _first[engine.dialect.name] = engine
    engine.dialect = engine.pool._dialect = first.dialect
    engine._compiled_cache = first._compiled_cache
    return engine


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


@cache
def _settled_sqlite(folder: Path, people: str) -> Path:
    name = f"curbstop_{people}"
    with servers.once(folder, f"{people}-embedded") as facts:
        if not facts:
            _settle(_copy_sqlite(_sqlite_template(folder), folder, name), people)
            facts["made"] = True
    return folder / f"{name}.db"


def _copy_sqlite(template: Path, folder: Path, name: str) -> str:
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


@cache
def _settled_postgres(folder: Path, people: str) -> str:
    template, name = _postgres_template(folder), f"curbstop_{people}"
    with servers.once(folder, f"{people}-services") as facts:
        if not facts:
            _administer(folder, f"DROP DATABASE IF EXISTS {name}")
            _settle(_copy_postgres(template, folder, name), people)
            facts["made"] = True
    return name


def _settle(url: str, people: str) -> None:
    engine = make_engine(url)
    # Settling keeps no secret; a setting only says that there must be one.
    settings = load({"CURBSTOP_DATABASE_URL": url, "CURBSTOP_SECRET_KEY": "a key for the tests that is long enough"})
    if people == "town":
        Town(Sessions(engine), settings).settle()
    else:
        with Sessions(engine).write() as session:
            work = system_work(session, settings)
            move_in(work)
            reference.load_catalogue(work)
    engine.dispose()


def _copy_postgres(template: str, folder: Path, name: str) -> str:
    # Copying files is quicker by a third than writing them into the log first, which 15 began with.
    how = " STRATEGY file_copy" if _postgres_version(folder) >= 150_000 else ""
    _administer(folder, f'CREATE DATABASE "{name}" TEMPLATE {template}{how}')
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
