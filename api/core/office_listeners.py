"""What the office's streams say: which orders changed, to whom may see them, after whatever was told before.

Each listener has a place in the change log up to which it was told. One statement reads what lies behind the lowest of
them, each order once, as it is at that moment; the events carry the place, so that a stream that was cut goes on from
the last one that arrived: nothing is missed, and no version of an order is told twice.
"""

import json
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from api.core.listeners import Listener, Switchboard
from curbstop.domain.actors import Actor
from curbstop.models.engine import Sessions
from curbstop.queries import order_news

# Orders that one event tells of. Whoever is further behind loads the board anew.
MOST = 500
# What may wait for a slow reader; beyond it only "load anew" is left to say.
MOST_WAITING = 256 * 1024


class OfficeListener(Listener):
    """An open stream of somebody in the office: who it is, and up to where in the change log they were told."""

    __slots__ = ("actor", "history", "told", "waiting")

    def __init__(self, board: Switchboard, actor: Actor) -> None:
        assert actor.staff_id is not None
        super().__init__(board, actor.staff_id, None, frozenset())
        self.actor = actor
        self.history = ""
        self.told: int | None = None
        self.waiting: deque[bytes] = deque()

    def say(self, piece: bytes) -> None:
        """Keeps an event until the socket takes it; too many of them become one that says to load anew."""
        self.waiting.append(piece)
        if sum(map(len, self.waiting)) > MOST_WAITING and self.told is not None:
            self.waiting.clear()
            self.waiting.append(event("reload", self.position(self.told), {"why": "behind"}))

    def poked(self, seq: int) -> None:
        """Nothing: what changed is told by `say`."""

    def next_piece(self) -> bytes | None:
        return self.waiting.popleft() if self.waiting else None

    def has_more(self) -> bool:
        return bool(self.waiting)

    def position(self, seq: int) -> str:
        """An event's id: the history that the number belongs to, and the number."""
        return f"{self.history}.{seq}"


def event(name: str, position: str, data: Any) -> bytes:
    """One event of the stream."""
    return f"id: {position}\nevent: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


class OfficeNews:
    """Tells listeners what changed. One at a time reads and tells, so that no two tell a listener the same."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._lock = threading.Lock()

    def begin(self, listener: OfficeListener, last: str | None) -> None:
        """Says `ready` with the place that the stream goes on from, and what was missed behind `last`, an event's id.

        Or `reload`, where that is not known any more: another history, changes that were forgotten, or too many.
        """
        with self._lock, self._sessions.read() as session:
            listener.history = order_news.history(session)
            newest = order_news.newest(session)
            after = order_news.after(session, listener.history, last, newest)
            listener.told = newest if after is None else after
            resumed = after is not None
            self._say(listener, "ready", {"resumed": resumed})
            if last is not None and not resumed:
                self._say(listener, "reload", {"why": "gap"})
            self._tell(session, [listener])

    def serve(self, listeners: Iterable[OfficeListener]) -> None:
        """Tells them what was committed meanwhile."""
        with self._lock:
            begun = [one for one in listeners if one.told is not None]
            if begun:
                with self._sessions.read() as session:
                    self._tell(session, begun)

    def refresh(self, listener: OfficeListener) -> None:
        """What they may see is another by now."""
        with self._lock:
            self._say(listener, "reload", {"why": "rights"})

    def _tell(self, session: Session, listeners: Sequence[OfficeListener]) -> None:
        low = min(one.told for one in listeners if one.told is not None)
        rows = order_news.changed(session, low, MOST + 1)
        if not rows:
            return
        if len(rows) > MOST:
            newest = order_news.newest(session)
            for listener in listeners:
                listener.told = newest
                self._say(listener, "reload", {"why": "gap"})
            return
        for listener in listeners:
            assert listener.told is not None
            mine = [row for row in rows if row.seq > listener.told]
            if not mine:
                continue
            listener.told = mine[-1].seq
            if any(row.entity_type != "service_order" for row in mine):
                self._say(listener, "reload", {"why": "reckoned_anew"})
            elif told := order_news.visible_of(session, listener.actor, mine):
                self._say(listener, "orders", {"orders": told})

    def _say(self, listener: OfficeListener, name: str, data: Any) -> None:
        assert listener.told is not None
        piece = event(name, listener.position(listener.told), data)
        listener.board.have(listener, lambda: listener.say(piece))
