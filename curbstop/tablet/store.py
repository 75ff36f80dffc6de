"""The tablet's database: one SQLite file, made from mobile-schema, written in whole transactions only."""

import json
import sqlite3
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from curbstop.tablet.clock import Clock, by_server
from curbstop.tablet.errors import NotAllowed


@cache
def migrations() -> list[tuple[int, str]]:
    """(number, SQL) of the tablet's database, from the checkout or, in an installed package, from beside `sync`."""
    root = Path(__file__).resolve().parents[2]
    here = root / "mobile-schema"
    folder = (here if here.exists() else root / "sync" / "_mobile_schema") / "v1" / "tablet.sql"
    return [(int(path.name[:4]), path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.sql"))]


def body_crc(body: str) -> int:
    """What is kept beside a row's body, so that storage which goes bad is noticed."""
    return zlib.crc32(body.encode("utf-8", "surrogatepass"))


class Store:
    """The file at `path` (`:memory:` for a tablet that forgets), brought to the newest schema."""

    def __init__(self, path: str | Path, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        # One connection under one lock: the screen and the sync may run in different threads.
        self._lock = threading.RLock()
        self._db = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        # FULL: what the technician was shown as noted survives an empty battery.
        self._db.execute("PRAGMA synchronous = FULL")
        self._migrate()

    def _migrate(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        for number, sql in migrations():
            if number > version:
                self._db.executescript(f"BEGIN IMMEDIATE;\n{sql}\nPRAGMA user_version = {number};\nCOMMIT;")

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; inside another one it joins it."""
        with self._lock:
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                # On a full disk SQLite may have undone it already; left open, the next work would join it unseen.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def query(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def fact(self, name: str) -> Any:
        """A small fact by name, or None."""
        found = self.query("SELECT value FROM meta WHERE name = ?", name)
        return json.loads(found[0]["value"]) if found else None

    def remember(self, **facts: Any) -> None:
        """Keeps small facts, all or none of them; None forgets one."""
        with self.transaction() as db:
            for name, value in facts.items():
                if value is None:
                    db.execute("DELETE FROM meta WHERE name = ?", (name,))
                else:
                    db.execute(
                        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                        (name, json.dumps(value)),
                    )

    def forget_rows(self) -> None:
        """Everything that the server can send again; the outbox and its answers stay."""
        with self.transaction() as db:
            db.execute("DELETE FROM bucket_row")
            db.execute("DELETE FROM server_row")
            db.execute("DELETE FROM staged")
            db.execute("DELETE FROM download")
            db.execute("DELETE FROM meta WHERE name IN ('cursor', 'history_id', 'digests', 'complete', 'proved')")

    def now_by_server(self) -> datetime:
        """The present moment as the server would tell it."""
        return by_server(self.clock, self.fact("server_clock"))

    def check_may_view(self) -> None:
        """NotAllowed when the tablet has not heard from the server for so long that it may show no rows any more.

        Nothing is deleted; after the next contact, or after signing in again, all is there.
        """
        until = self.fact("viewing_until")
        if until is not None and self.now_by_server() > datetime.fromisoformat(until):
            raise NotAllowed(
                f"What is on this tablet could be seen until {until}. Sync, or sign in again; nothing is lost."
            )

    def server_row(self, entity_type: str, row_id: str) -> tuple[int, bool, dict[str, Any]] | None:
        """(version, leaving, body) as the server sent it, or None."""
        found = self.query(
            "SELECT version, leaving, body FROM server_row WHERE entity_type = ? AND id = ?", entity_type, row_id
        )
        if not found:
            return None
        return found[0]["version"], bool(found[0]["leaving"]), json.loads(found[0]["body"])
