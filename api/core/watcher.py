"""Tells listening tablets that something in their buckets changed: one watcher a process, while anybody listens.

PostgreSQL says so by NOTIFY at each commit; SQLite is asked five times a second. Either way one query reads the new
changes for all listeners.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import func, select

from curbstop.domain.problems import Problem
from curbstop.models.change_log import ChangeLog
from curbstop.models.engine import Sessions

log = logging.getLogger("curbstop.live")

POLL_S = 0.2
RECONNECT_S = 1.0
# Changes read at once; more are read in the next round.
BATCH = 5_000
CHANNEL = "curbstop_change"


class Listener:
    """One open stream: which buckets it cares about, and the newest change in them."""

    def __init__(self, buckets: frozenset[str]) -> None:
        self.buckets = buckets
        self._news = threading.Condition()
        self._seq: int | None = None

    def poke(self, seq: int) -> None:
        """Something of ours changed."""
        with self._news:
            self._seq = max(seq, self._seq or 0)
            self._news.notify()

    def wait(self, timeout_s: float) -> int | None:
        """The newest change since the last call, or None after `timeout_s`."""
        with self._news:
            if self._seq is None:
                self._news.wait(timeout_s)
            seq, self._seq = self._seq, None
            return seq


class Live:
    """The listeners of this process, at most `most`, and the thread that watches for them."""

    def __init__(self, sessions: Sessions, most: int) -> None:
        self._sessions, self._most = sessions, most
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        # Set when the watcher that belongs to it should end.
        self._done: threading.Event | None = None

    @contextmanager
    def listening(self, buckets: frozenset[str]) -> Iterator[Listener]:
        """A listener until the block ends; Problem(`unavailable`) when there are too many in this process."""
        listener = Listener(buckets)
        with self._lock:
            if len(self._listeners) >= self._most:
                raise Problem("unavailable", "Too many live listeners; poll instead.", retry_after_s=30)
            if self._done is None:
                self._start()
            self._listeners.add(listener)
        try:
            yield listener
        finally:
            with self._lock:
                self._listeners.discard(listener)
                if not self._listeners and self._done is not None:
                    self._done.set()
                    self._done = None

    def newest_in(self, buckets: frozenset[str], after: int) -> int | None:
        """The newest change of these buckets after `after`."""
        with self._sessions.read() as session:
            return session.scalar(
                select(func.max(ChangeLog.seq)).where(ChangeLog.bucket.in_(buckets), ChangeLog.seq > after)
            )

    def _start(self) -> None:
        with self._sessions.read() as session:
            seq = session.scalar(select(func.max(ChangeLog.seq))) or 0
        self._done = threading.Event()
        threading.Thread(target=self._watch, args=(seq, self._done), name="curbstop-live", daemon=True).start()

    def _watch(self, seq: int, done: threading.Event) -> None:
        bells = self._clock if self._sessions.is_sqlite else self._notifications
        while not done.is_set():
            try:
                for _ in bells(done):
                    seq = self._tell(seq)
            except Exception as error:  # noqa: BLE001 - whatever it was, tablets must hear of later changes
                log.warning("the live watcher lost the database (%s); it tries again", type(error).__name__)
                done.wait(RECONNECT_S)

    def _clock(self, done: threading.Event) -> Iterator[None]:
        while not done.wait(POLL_S):
            yield

    def _notifications(self, done: threading.Event) -> Iterator[None]:
        url = self._sessions.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            connection.execute(f"LISTEN {CHANNEL}".encode())
            # What was committed while nobody listened has rung no bell.
            yield
            while not done.is_set():
                if any(True for _ in connection.notifies(timeout=1.0, stop_after=1)):
                    yield

    def _tell(self, seq: int) -> int:
        """Pokes everybody concerned by the changes after `seq`; the newest one read."""
        with self._sessions.read() as session:
            rows = session.execute(
                select(ChangeLog.seq, ChangeLog.bucket).where(ChangeLog.seq > seq).order_by(ChangeLog.seq).limit(BATCH)
            ).all()
        newest: dict[str, int] = {row.bucket: row.seq for row in rows}
        if not newest:
            return seq
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            mine = [newest[bucket] for bucket in listener.buckets if bucket in newest]
            if mine:
                listener.poke(max(mine))
        last: int = rows[-1].seq
        return self._tell(last) if len(rows) == BATCH else last
