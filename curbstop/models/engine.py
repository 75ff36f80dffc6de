"""Opens the database, whichever it is, and hands out sessions whose transactions mean the same on both."""

import math
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Dialect, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from curbstop.domain.problems import Problem
from curbstop.models import sqlite_geometry

# Python's own takes ten times as long, which a list of ten thousand lines feels.
_ENCODER = msgspec.json.Encoder()
# How long a writer on SQLite waits for the one before it, in milliseconds.
BUSY_MS = 30_000
# A connection to PostgreSQL that rested longer is asked whether it still stands before it is used, in seconds.
RESTED_S = 1.0


def make_engine(url: str, *, pool_size: int = 10) -> Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://...`; nothing is connected yet.

    Its errors do not show the values of their statements, which are people's names and notes, and end in logs.
    """
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite_engine(url, pool_size)
    # jit: our statements are short and many; compiling one takes longer than running it.
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_use_lifo=True,
        hide_parameters=True,
        json_serializer=_json,
        connect_args={"connect_timeout": 5, "options": "-c timezone=UTC -c lock_timeout=15s -c jit=off"},
    )
    event.listen(engine, "checkin", _note_rest)
    event.listen(engine, "checkout", partial(_check_rested, engine.dialect))
    return engine


def _note_rest(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["rests_since"] = time.monotonic()


def _check_rested(dialect: Dialect, connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    # The pool's own `pre_ping` asks each time, which under load is one statement in three.
    if time.monotonic() - record.info.get("rests_since", math.inf) < RESTED_S:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error


def _json(value: Any) -> str:
    return _ENCODER.encode(value).decode()


def _sqlite_engine(url: str, pool_size: int) -> Engine:
    path = make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=-1,
        pool_use_lifo=True,
        hide_parameters=True,
        json_serializer=_json,
        connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # Python would begin transactions on its own, and always deferred ones; SQLAlchemy's `begin` event does it instead.
    connection.isolation_level = None
    sqlite_geometry.install(connection)
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL: a commit that a tablet was told of survives a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -65536")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("curbstop_glances", False):
        return
    # A deferred transaction that turns writer midway fails when another wrote meanwhile, so writers say so first.
    writes = options.get("curbstop_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Sessions:
    """Makes sessions: `write()` for one transaction that commits at its end, `read()` for one consistent snapshot."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._writer = engine.execution_options(curbstop_writes=True)
        self._reader = engine.execution_options(
            **({} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
        )
        self._glancer = engine.execution_options(
            **({"curbstop_glances": True} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"})
        )

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        with (
            reaching(),
            Session(self._writer, autoflush=False, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One read-only snapshot: everything read inside is of the same moment."""
        with reaching(), Session(self._reader, autoflush=False) as session:
            yield session

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """For one reading statement, which is a moment of its own: no transaction around it, and no objects of rows."""
        with reaching(), self._glancer.connect() as connection:
            yield connection

    def check(self) -> None:
        """Raises Problem(database_unreachable) when nobody answers."""
        with self.read() as session:
            session.execute(text("SELECT 1"))


@contextmanager
def reaching() -> Iterator[None]:
    """Turns a database that cannot be reached into a Problem that says what to do."""
    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated or _is_unreachable(error):
            raise Problem("database_unreachable", _first_line(error)) from error
        raise


# Lock not available, deadlock, serialization failure: the database answered, and the moment was wrong.
_PASSING_STATES = frozenset({"55P03", "40P01", "40001"})


def is_passing(error: DBAPIError) -> bool:
    """Whether the transaction was only in another one's way: the same again may go through."""
    return getattr(error.orig, "sqlstate", None) in _PASSING_STATES


def _is_unreachable(error: DBAPIError) -> bool:
    if is_passing(error):
        return False
    words = str(error.orig).lower()
    signs = (
        "connection failed",
        "could not connect",
        "connection refused",
        "unable to open",
        "not a database",
        "timeout",
    )
    return any(sign in words for sign in signs) or "locked" in words


def _first_line(error: DBAPIError) -> str:
    line = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "no answer"
    return f"The database cannot be reached ({line}). Start it, or correct CURBSTOP_DATABASE_URL."
