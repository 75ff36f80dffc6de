"""Decides which of several processes runs the clock: one of those that share a database."""

import fcntl
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from curbstop.models.engine import Sessions

# Any number that nothing else locks: "curbclok" as bytes.
_KEY = int.from_bytes(b"curbclok", "big")


class Leader:
    """Holds the lead until it is given up or the process ends: an advisory lock, or a locked file beside SQLite."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self._connection: Connection | None = None
        self._file: IO[str] | None = None

    def leads(self) -> bool:
        """Whether this process leads now; it tries to when nobody does."""
        return self._leads_by_file() if self.sessions.is_sqlite else self._leads_by_database()

    def give_up(self) -> None:
        """Lets another process lead."""
        if self._file is not None:
            self._file.close()
        if self._connection is not None:
            # The connection itself goes, not back into the pool: the lock belongs to it.
            self._connection.invalidate()
            self._connection.close()
        self._file = self._connection = None

    def _leads_by_file(self) -> bool:
        if self._file is not None:
            return True
        file = Path(f"{self.sessions.engine.url.database}.clock").open("w")  # noqa: SIM115 - kept open as the lock
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def _leads_by_database(self) -> bool:
        if self._connection is not None:
            try:
                self._connection.execute(text("SELECT 1"))
                return True
            except SQLAlchemyError:
                self.give_up()
                raise
        engine = self.sessions.engine.execution_options(isolation_level="AUTOCOMMIT")
        connection = engine.connect()
        if connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _KEY}):
            self._connection = connection
            return True
        connection.close()
        return False
