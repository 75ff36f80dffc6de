"""Watches the change log for the listeners of this process, tablets and office: one watcher, while anybody listens.

PostgreSQL says by NOTIFY when something was committed; of SQLite it is asked, at the price of a look into shared
memory. One statement then reads the newest change of each bucket that changed, whoever listens: the cost grows with
the changes. What a listener may hear is looked up again when a command says so, by a notice in the `live` bucket.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast
from uuid import UUID

import psycopg
from sqlalchemy import Connection, func, select, text
from sqlalchemy.orm import Session

from api.core.listeners import Listener, Switchboard
from api.core.office_listeners import OfficeListener, OfficeNews
from curbstop.commands.scope import LIVE
from curbstop.domain.actors import Actor
from curbstop.domain.problems import Problem
from curbstop.models.change_log import OFFICE, ChangeLog
from curbstop.models.engine import Sessions

log = logging.getLogger("curbstop.live")

L = TypeVar("L", bound=Listener)

# How often SQLite is asked whether anybody committed.
GLANCE_S = 0.02
# While commits stream in, the changes of so long are told together; the first after a pause is told at once.
GATHER_S = 0.02
RECONNECT_S = 1.0
CHANNEL = "curbstop_change"

# Which buckets a listener may hear of now; Problem when it may hear no more.
Standing = Callable[[Session, Listener], frozenset[str]]


class Live:
    """The listeners of this process, at most `most`; their two threads run while there are any."""

    def __init__(self, sessions: Sessions, most: int, standing: Standing) -> None:
        self._sessions, self._most, self._standing = sessions, most, standing
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        self._board: Switchboard | None = None
        # Set when the watcher that belongs to it should end.
        self._done = threading.Event()
        self._news = OfficeNews(sessions)

    def open(self, staff_id: UUID, tablet_id: UUID, buckets: frozenset[str], *, after: int | None) -> Listener:
        """A listener that misses nothing from now on, nor anything committed after number `after`.

        Problem(`unavailable`) when there are too many in this process.
        """
        listener = self._admit(lambda board: Listener(board, staff_id, tablet_id, buckets))
        try:
            self._catch_up(listener, after)
        except BaseException:
            listener.board.drop(listener)
            raise
        return listener

    def open_office(self, actor: Actor, *, last: str | None) -> OfficeListener:
        """A listener of the office, told of all that changed behind `last`, the id of an event that it had.

        Problem(`unavailable`) when there are too many in this process.
        """
        listener = self._admit(lambda board: OfficeListener(board, actor))
        try:
            self._news.begin(listener, last)
        except BaseException:
            listener.board.drop(listener)
            raise
        return listener

    def _admit(self, make: Callable[[Switchboard], L]) -> L:
        with self._lock:
            if len(self._listeners) >= self._most:
                raise Problem("unavailable", "Too many live listeners; poll instead.", retry_after_s=_soon())
            if self._board is None:
                self._board = self._start()
            listener = make(self._board)
            self._listeners.add(listener)
            self._board.add(listener)
            return listener

    def _catch_up(self, listener: Listener, after: int | None) -> None:
        # A notice may have passed between reading the buckets and being listed.
        with self._sessions.read() as session:
            buckets = self._standing(session, listener)
        if buckets != listener.buckets:
            listener.board.move(listener, buckets)
        missed = None if after is None else self.newest_in(buckets, after)
        if missed is not None:
            listener.board.tell(listener, missed)

    def end(self) -> None:
        """Ends all streams and opens no more; their clients come again, to another process or later."""
        with self._lock:
            self._most = 0
            listeners = list(self._listeners)
        for listener in listeners:
            listener.board.end(listener)

    def count(self) -> int:
        """How many listen now."""
        with self._lock:
            return len(self._listeners)

    def newest_in(self, buckets: frozenset[str], after: int) -> int | None:
        """The newest change of these buckets after `after`."""
        with self._sessions.read() as session:
            return session.scalar(
                select(func.max(ChangeLog.seq)).where(ChangeLog.bucket.in_(buckets), ChangeLog.seq > after)
            )

    def _start(self) -> Switchboard:
        with self._sessions.read() as session:
            seq = session.scalar(select(func.max(ChangeLog.seq))) or 0
        board, self._done = Switchboard(self._gone), threading.Event()
        board.start()
        threading.Thread(target=self._watch, args=(board, seq, self._done), name="curbstop-live", daemon=True).start()
        return board

    def _gone(self, listener: Listener) -> None:
        with self._lock:
            self._listeners.discard(listener)
            if not self._listeners and self._board is not None:
                self._board.stop()
                self._done.set()
                self._board = None

    def _watch(self, board: Switchboard, seq: int, done: threading.Event) -> None:
        while not done.is_set():
            try:
                # Detached: it is ours until it is closed, and the requests' pool is one the richer.
                with self._sessions.engine.connect() as connection:
                    connection.detach()
                    for _ in self._bells(connection, done):
                        seq = self._tell(connection, board, seq)
            except Exception as error:
                # Whatever it was, tablets must hear of later changes.
                log.warning("the live watcher lost the database (%s); it tries again", type(error).__name__)
                log.debug("the live watcher lost the database", exc_info=error)
                done.wait(RECONNECT_S)

    def _bells(self, connection: Connection, done: threading.Event) -> Iterator[None]:
        """Yields when something was committed, and once at the start: of what came before no bell has rung."""
        rung = _glances(connection, done) if self._sessions.is_sqlite else _notifications(connection, done)
        told_at = 0.0
        for drain in rung:
            done.wait(max(0.0, told_at + GATHER_S - time.monotonic()))
            drain()
            yield
            told_at = time.monotonic()

    def _tell(self, connection: Connection, board: Switchboard, seq: int) -> int:
        """Pokes everybody concerned by the changes after `seq`; the newest number."""
        with connection.begin():
            found = connection.execute(
                select(ChangeLog.bucket, func.max(ChangeLog.seq)).where(ChangeLog.seq > seq).group_by(ChangeLog.bucket)
            )
            newest: dict[str, int] = dict(cast(list[tuple[str, int]], found.all()))
            noticed = self._noticed(connection, seq) if LIVE in newest else frozenset[UUID]()
        if noticed:
            self._look_again(noticed, newest[LIVE])
        if newest:
            board.poke(newest)
        if OFFICE in newest:
            self._news.serve(self._office())
        return max(newest.values(), default=seq)

    def _office(self) -> list[OfficeListener]:
        with self._lock:
            return [one for one in self._listeners if isinstance(one, OfficeListener)]

    def _noticed(self, connection: Connection, seq: int) -> frozenset[UUID]:
        whose = select(ChangeLog.entity_id).where(ChangeLog.bucket == LIVE, ChangeLog.seq > seq)
        return frozenset(connection.scalars(whose))

    def _look_again(self, ids: frozenset[UUID], seq: int) -> None:
        """These people's and these tablets' streams end, or go on with the buckets of today."""
        with self._lock:
            concerned = [one for one in self._listeners if one.staff_id in ids or one.tablet_id in ids]
        for listener in concerned:
            try:
                with self._sessions.read() as session:
                    buckets = self._standing(session, listener)
            except Problem as problem:
                if problem.status >= 500:
                    raise
                listener.board.end(listener)
                continue
            if isinstance(listener, OfficeListener):
                self._news.refresh(listener)
            elif buckets != listener.buckets:
                listener.board.move(listener, buckets)
                # What came or went has to be pulled.
                listener.board.tell(listener, seq)


def _soon() -> int:
    """Who is turned away comes back, but not all at once."""
    return random.randint(15, 45)  # noqa: S311 - it only spreads


def _notifications(connection: Connection, done: threading.Event) -> Iterator[Callable[[], None]]:
    """PostgreSQL's; each comes with what takes in those that followed it."""
    connection.execute(text(f"LISTEN {CHANNEL}"))
    connection.commit()
    # Between two of our transactions the driver's connection is idle, and free to wait.
    driver = cast(psycopg.Connection[Any], connection.connection.dbapi_connection)

    def drain() -> None:
        for _ in driver.notifies(timeout=0):
            pass

    yield drain
    while not done.is_set():
        if any(True for _ in driver.notifies(timeout=1.0, stop_after=1)):
            yield drain


def _glances(connection: Connection, done: threading.Event) -> Iterator[Callable[[], None]]:
    """SQLite's: the number that changes when another connection commits."""
    # Asked of the driver: SQLAlchemy would begin a transaction, which sees only its own moment.
    cursor = connection.connection.cursor()
    seen = None
    while not done.wait(GLANCE_S):
        cursor.execute("PRAGMA data_version")
        version = cursor.fetchone()
        if version != seen:
            seen = version
            yield lambda: None
