"""Opens the database of the settings for a command: migrated when it is the embedded one, refused when it is behind."""

from collections.abc import Iterator
from contextlib import contextmanager

from curbstop.commands import reference
from curbstop.commands.work import system_work
from curbstop.domain.problems import Problem
from curbstop.models import migrate
from curbstop.models.engine import Sessions, make_engine, reaching
from curbstop.settings import Settings


@contextmanager
def opened(settings: Settings) -> Iterator[Sessions]:
    """Sessions on a database of the newest schema.

    The embedded database is migrated on the way. A PostgreSQL one is not, because other processes may be using it:
    Problem(bad_setting) then says to run `curbstop migrate`.
    """
    if settings.is_embedded:
        prepare(settings)
    engine = make_engine(settings.database_url)
    try:
        sessions = Sessions(engine)
        sessions.check()
        check_schema(sessions)
        yield sessions
    finally:
        engine.dispose()


def prepare(settings: Settings) -> None:
    """Migrates the database and brings the shipped catalogue of order types up to date."""
    migrate.upgrade(settings.database_url)
    engine = make_engine(settings.database_url)
    try:
        with Sessions(engine).write() as session:
            reference.load_catalogue(system_work(session, settings))
    finally:
        engine.dispose()


def check_schema(sessions: Sessions) -> None:
    """Raises Problem(bad_setting) unless the database has the newest schema."""
    head = migrate.newest_revision()
    with reaching(), sessions.engine.connect() as connection:
        here = migrate.current_revision(connection)
    if here != head:
        found = "is empty" if here is None else f"has schema {here}, this release needs {head}"
        raise Problem("bad_setting", f"The database {found}: run `curbstop migrate` first.")
