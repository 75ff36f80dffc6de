"""Waits for pokes in a request's own thread: for streams that say more than that something changed."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from api.core.context import Context
from api.core.listeners import Listener
from curbstop.domain.actors import Actor
from curbstop.domain.problems import Problem
from sync import scope


class Pokes:
    """Tells of pokes until the listener ends: with its session, or after the ten minutes of any stream."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self.over = False

    def wait(self, timeout_s: float) -> bool:
        """Whether something changed within the time."""
        self._end.settimeout(timeout_s)
        try:
            said = self._end.recv(4096)
        except TimeoutError:
            return False
        self.over = not said
        # What else it says keeps a line open.
        return b"event: poke" in said


@contextmanager
def pokes(found: Context, me: Actor, after: int) -> Iterator[Pokes | None]:
    """A listener that misses nothing that was committed after number `after`; None when no thread can be spared."""
    if not found.waiters.acquire(blocking=False):
        yield None
        return
    ours, theirs = socket.socketpair()
    try:
        listener = _listener(found, me, after)
        if listener is None:
            ours.close()
            yield None
            return
        # Closed by the switchboard, which owns it from now on.
        listener.board.attach(listener, ours, framed=False)
        try:
            yield Pokes(theirs)
        finally:
            listener.board.drop(listener)
    finally:
        theirs.close()
        found.waiters.release()


def _listener(found: Context, me: Actor, after: int) -> Listener | None:
    assert me.staff_id is not None
    assert me.tablet_id is not None
    with found.sessions.read() as session:
        buckets = frozenset(scope.buckets_of(session, me))
    try:
        return found.live.open(me.staff_id, me.tablet_id, buckets, after=after)
    except Problem:
        return None
