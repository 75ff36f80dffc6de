"""Skipped rows: many writers with aborts, savepoints and one that stays open, and readers that poll as tablets do.

The readers ask for everything after the highest number that they have seen, in a snapshot, as every pull does. What was
committed and was never seen by one of them is skipped for ever. The same with a plain sequence shows that the harness
would notice (PostgreSQL only: SQLite has one writer at a time, so its numbers cannot but be in the order of commits).
"""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select, text

from bench.figures import Figure, figure
from bench.place import Database, Place, database
from curbstop.commands import journal
from curbstop.commands.work import system_work
from curbstop.models.change_log import ChangeLog
from curbstop.models.engine import Sessions, make_engine
from curbstop.models.ids import new_id

NAMES = ("sync.skipped_rows", "sync.skipped_rows_plain_sequence")
WRITERS, READERS, BATCH = 16, 40, 40
ABORTS, SAVEPOINTS = 0.1, 0.3
RAW = (
    "INSERT INTO change_log (bucket, entity_type, entity_id, kind, row_version, recorded_at)"
    " VALUES ('bench', 'raw', :id, 'P', 1, :at)"
)


class _Abort(Exception):  # noqa: N818 - it is no error, it is how a transaction is rolled back here
    pass


@dataclass
class _Run:
    """One round: what is still to be written, and what each reader saw, a byte for each row's id."""

    base: Database
    sessions: Sessions
    rows: int
    open_s: float
    done: threading.Event = field(default_factory=threading.Event)
    written: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    seen: list[bytearray] = field(default_factory=list)

    def missed(self) -> int:
        """Plays the round; how many rows were missed, all readers together."""
        self.seen = [bytearray(self.rows * 3) for _ in range(READERS)]
        writers = [threading.Thread(target=self._write, args=[number]) for number in range(WRITERS)]
        readers = [threading.Thread(target=self._read, args=[seen]) for seen in self.seen]
        if not self.sessions.is_sqlite:
            writers.append(threading.Thread(target=self._stay_open))
        for thread in (*readers, *writers):
            thread.start()
        for thread in writers:
            thread.join()
        self.done.set()
        for thread in readers:
            thread.join()
        with self.sessions.read() as session:
            committed = session.scalars(select(ChangeLog.id).where(ChangeLog.bucket == "bench")).all()
        return sum(not seen[row_id] for seen in self.seen for row_id in committed)

    def _write(self, number: int) -> None:
        """Transactions until all rows are there; every second writer is raw SQL that knows nothing of the journal."""
        chance = random.Random(number)
        while self._take():
            try:
                with self.sessions.write() as session:
                    count = chance.randint(1, BATCH)
                    if number % 2:
                        raw = [{"id": new_id().hex, "at": "2026-07-30 14:05:00"} for _ in range(count)]
                        session.execute(text(RAW), raw)
                    else:
                        work = system_work(session, self.base.settings)
                        journal.record(work, [("bench", "row", new_id(), journal.PUT, 1) for _ in range(count)])
                    if chance.random() < SAVEPOINTS:
                        with session.begin_nested() as nested:
                            session.execute(text(RAW), [{"id": new_id().hex, "at": "2026-07-30 14:05:00"}])
                            if chance.random() < 0.5:
                                nested.rollback()
                    if not self.sessions.is_sqlite:
                        session.execute(text("SELECT pg_sleep(:s)"), {"s": chance.random() * 0.01})
                    if chance.random() < ABORTS:
                        raise _Abort
            except _Abort:
                continue
            with self.lock:
                self.written += count

    def _take(self) -> bool:
        with self.lock:
            return self.written < self.rows

    def _stay_open(self) -> None:
        """A transaction that wrote first and commits last."""
        with self.sessions.write() as session:
            session.execute(text(RAW), [{"id": new_id().hex, "at": "2026-07-30 14:05:00"}])
            time.sleep(self.open_s)

    def _read(self, seen: bytearray) -> None:
        cursor = 0
        while True:
            last = self.done.is_set()
            with self.sessions.read() as session:
                newest = session.scalar(select(func.max(ChangeLog.seq))) or 0
                new = session.scalars(
                    select(ChangeLog.id).where(ChangeLog.bucket == "bench", ChangeLog.seq > cursor)
                ).all()
            for row_id in new:
                seen[row_id] = 1
            cursor = newest
            if last:
                return
            time.sleep(0.05)


def measure(place: Place) -> Iterator[Figure]:
    """0 is the bar; of a plain sequence the same harness has to find some."""
    rows = place.amount(200_000, 6_000)
    yield figure(NAMES[0], place, _missed(place, rows, ()), unit="rows", better="lower", bar=0)
    if place.backend == "services":
        value = _missed(place, rows // 10 + 2_000, PLAIN)
        yield figure(NAMES[1], place, value, unit="rows", better="higher", bar=1)


PLAIN = (
    "DROP TRIGGER change_log_stamp ON change_log",
    "ALTER TABLE change_log ALTER COLUMN seq SET DEFAULT nextval('change_log_seq')",
)


def _missed(place: Place, rows: int, changes: Sequence[str]) -> int:
    with database(place) as base:
        engine = make_engine(base.settings.database_url, pool_size=WRITERS + READERS + 1)
        try:
            sessions = Sessions(engine)
            with sessions.write() as session:
                for change in changes:
                    session.execute(text(change))
            return _Run(base, sessions, rows, place.amount(30, 3)).missed()
        finally:
            engine.dispose()
