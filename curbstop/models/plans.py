"""Keeps PostgreSQL to its indexes where the work must stay bounded."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.orm import Session


@contextmanager
def by_index(session: Session) -> Iterator[None]:
    """Statements inside are planned without sequential scans.

    A connection keeps the plan of a prepared statement: one made while the tables were empty scans them still when
    they have a million rows, until the next ANALYZE. SQLite plans by its indexes anyway.
    """
    if session.get_bind().dialect.name == "sqlite":
        yield
        return
    session.execute(text("SET LOCAL enable_seqscan = off"))
    yield
    # After an error there is nothing to put back: the rollback does it.
    session.execute(text("SET LOCAL enable_seqscan = on"))
