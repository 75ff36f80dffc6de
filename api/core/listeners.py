"""Holds the open event streams of one process: a file descriptor each, and one thread for all of them.

That thread alone touches the sockets and the index of who cares for which bucket; everybody else leaves it an errand
and rings. Nothing here waits for a database, so a slow one delays no comment and no end. It is long because everything
that touches a socket is read together.
"""

import contextlib
import logging
import queue
import random
import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping
from uuid import UUID

log = logging.getLogger("curbstop.live")

# A silent line is cut by proxies after a minute, so something is said at least so often.
KEEPALIVE_S = 15.0
# A stream ends after so long, sooner by a chance of up to a tenth: who began together shall not come back together.
LONGEST_S, LONGEST_SPREAD = 600.0, 0.1
# How long a reader may leave what was said to it unread before it is taken for gone.
STALLED_S = 30.0
# A listener whose request was lost on its way to us.
UNATTACHED_S = 60.0
TICK_S = 1.0
# Pokes are small and the newest one stands for all before it: little needs to be kept by the kernel.
SEND_BUFFER = 16 * 1024
# Every stream begins with how long to wait, in milliseconds, before another one is opened when this one ends.
RETRY_MS = (1_000, 15_000)


class Listener:
    """One open stream: whose it is, which buckets it cares for, and what it has yet to be told."""

    __slots__ = (
        "attached", "board", "buckets", "ends_at", "framed", "left", "said_at", "seq", "socket", "staff_id",
        "stalled_at", "tablet_id",
    )  # fmt: skip

    def __init__(self, board: "Switchboard", staff_id: UUID, tablet_id: UUID | None, buckets: frozenset[str]) -> None:
        now = time.monotonic()
        self.board = board
        self.staff_id, self.tablet_id, self.buckets = staff_id, tablet_id, buckets
        self.socket: socket.socket | None = None
        self.framed = False
        self.attached = False
        self.left = b""
        self.seq: int | None = None
        self.said_at = now
        self.stalled_at: float | None = None
        self.ends_at = now + LONGEST_S * (1 - LONGEST_SPREAD * random.random())  # noqa: S311 - it only spreads

    def poked(self, seq: int) -> None:
        """Something changed up to this number; the newest stands for all before it."""
        self.seq = max(seq, self.seq or 0)

    def has_more(self) -> bool:
        """Whether something waits to be said."""
        return self.seq is not None

    def next_piece(self) -> bytes | None:
        """What is to be said next, which is thereby said."""
        if self.seq is None:
            return None
        seq, self.seq = self.seq, None
        return poke_event(seq)


def hello() -> bytes:
    """What a stream begins with; the wait before the next one differs from stream to stream."""
    return b"retry: %d\n: listening\n\n" % random.randint(*RETRY_MS)  # noqa: S311 - it only spreads


def poke_event(seq: int) -> bytes:
    """Something changed, up to this number; nothing else is ever said."""
    return b'id: %d\nevent: poke\ndata: {"seq": %d}\n\n' % (seq, seq)


class Switchboard:
    """The streams and their thread, from `start` to `stop`; `gone` is called for each listener that was dropped."""

    def __init__(self, gone: Callable[[Listener], None]) -> None:
        self._gone = gone
        self._errands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._bell, self._button = socket.socketpair()
        self._bell.setblocking(False)
        self._button.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._bell, selectors.EVENT_READ, None)
        self._all: set[Listener] = set()
        self._by_bucket: dict[str, set[Listener]] = {}
        self._over = False
        # Held while the errands are closed for good, so that none is left behind.
        self._gate = threading.Lock()
        self._closed = False
        self._next_round = 0.0

    def start(self) -> None:
        """Begins to listen for errands."""
        threading.Thread(target=self._run, name="curbstop-streams", daemon=True).start()

    def stop(self) -> None:
        """Ends the thread and every stream."""
        self._send_on(self._finish)

    def add(self, listener: Listener) -> None:
        """From now on pokes are kept for it; its socket follows by `attach`."""
        self._send_on(lambda: self._add(listener))

    def attach(self, listener: Listener, connection: socket.socket, *, framed: bool) -> None:
        """Its socket, ours from now on; `framed`: the answer has begun in chunks (RFC 9112, 7.1)."""
        listener.attached = True
        self._send_on(lambda: self._attach(listener, connection, framed))

    def drop(self, listener: Listener) -> None:
        """Whoever asked for it has gone."""
        self._send_on(lambda: self._drop(listener))

    def end(self, listener: Listener) -> None:
        """It may hear no more: its stream ends as it does after ten minutes."""
        self._send_on(lambda: self._end(listener))

    def poke(self, newest: Mapping[str, int]) -> None:
        """The newest change of each bucket that changed."""
        self._send_on(lambda: self._poke(newest))

    def tell(self, listener: Listener, seq: int) -> None:
        """A poke for one listener."""
        self._send_on(lambda: self._tell(listener, seq))

    def have(self, listener: Listener, deed: Callable[[], None]) -> None:
        """One listener does something, if it is still there: what it says by that is sent."""
        self._send_on(lambda: self._have(listener, deed))

    def move(self, listener: Listener, buckets: frozenset[str]) -> None:
        """It cares for other buckets from now on."""
        self._send_on(lambda: self._move(listener, buckets))

    def _send_on(self, errand: Callable[[], None]) -> None:
        with self._gate:
            if not self._closed:
                self._errands.put(errand)
                # A full pipe rings already.
                with contextlib.suppress(BlockingIOError):
                    self._button.send(b"\0")
                return
        # The thread has gone with all its listeners: what comes late finds itself dropped, and is closed.
        errand()

    # All below runs in the one thread.

    def _run(self) -> None:
        while not self._over:
            try:
                self._turn()
            except Exception:
                log.exception("the streams' thread stumbled; it goes on")
        with self._gate:
            self._closed = True
        self._run_errands()
        for listener in list(self._all):
            self._end(listener)
        self._selector.close()
        self._bell.close()
        self._button.close()

    def _turn(self) -> None:
        for key, events in self._selector.select(TICK_S):
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    self._bell.recv(4096)
            else:
                self._ready(key.data, events)
        self._run_errands()
        now = time.monotonic()
        if now >= self._next_round:
            self._next_round = now + TICK_S
            for listener in list(self._all):
                self._look_after(listener, now)

    def _run_errands(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._errands.get_nowait()()

    def _finish(self) -> None:
        self._over = True

    def _add(self, listener: Listener) -> None:
        self._all.add(listener)
        self._index(listener)

    def _index(self, listener: Listener) -> None:
        for bucket in listener.buckets:
            self._by_bucket.setdefault(bucket, set()).add(listener)

    def _unindex(self, listener: Listener) -> None:
        for bucket in listener.buckets:
            there = self._by_bucket.get(bucket, set())
            there.discard(listener)
            if not there:
                self._by_bucket.pop(bucket, None)

    def _attach(self, listener: Listener, connection: socket.socket, framed: bool) -> None:
        if listener not in self._all:
            # It was ended on the way.
            connection.close()
            return
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        listener.socket, listener.framed, listener.said_at = connection, framed, time.monotonic()
        self._selector.register(connection, selectors.EVENT_READ, listener)
        self._flush(listener)

    def _move(self, listener: Listener, buckets: frozenset[str]) -> None:
        if listener in self._all and buckets != listener.buckets:
            self._unindex(listener)
            listener.buckets = buckets
            self._index(listener)

    def _poke(self, newest: Mapping[str, int]) -> None:
        """Costs by the smaller of what changed and what is listened to, and by who is concerned."""
        concerned: dict[Listener, int] = {}
        for bucket in newest.keys() & self._by_bucket.keys():
            for listener in self._by_bucket[bucket]:
                concerned[listener] = max(newest[bucket], concerned.get(listener, 0))
        for listener, seq in concerned.items():
            self._tell(listener, seq)

    def _tell(self, listener: Listener, seq: int) -> None:
        self._have(listener, lambda: listener.poked(seq))

    def _have(self, listener: Listener, deed: Callable[[], None]) -> None:
        if listener in self._all:
            deed()
            self._flush(listener)

    def _ready(self, listener: Listener, events: int) -> None:
        if listener.socket is None:
            return
        if events & selectors.EVENT_READ:
            try:
                if not listener.socket.recv(4096):
                    self._drop(listener)
                    return
            except BlockingIOError:
                pass
            except OSError:
                self._drop(listener)
                return
        if events & selectors.EVENT_WRITE:
            self._flush(listener)

    def _look_after(self, listener: Listener, now: float) -> None:
        if listener.socket is None:
            if not listener.attached and now - listener.said_at > UNATTACHED_S:
                self._drop(listener)
        elif listener.stalled_at is not None and now - listener.stalled_at > STALLED_S:
            self._drop(listener)
        elif now >= listener.ends_at:
            self._end(listener)
        elif now - listener.said_at >= KEEPALIVE_S - TICK_S and not listener.left:
            listener.left = _framed(listener, b": alive\n\n")
            self._flush(listener)

    def _flush(self, listener: Listener) -> None:
        """Sends what the socket takes. What was poked meanwhile becomes one event once the last is out."""
        if listener.socket is None:
            return
        while listener.left or listener.has_more():
            if not listener.left and (piece := listener.next_piece()) is not None:
                listener.left = _framed(listener, piece)
            try:
                sent = listener.socket.send(listener.left)
            except BlockingIOError:
                break
            except OSError:
                self._drop(listener)
                return
            listener.left = listener.left[sent:]
            listener.said_at = time.monotonic()
        self._watch_for_room(listener, stalled=bool(listener.left))

    def _watch_for_room(self, listener: Listener, *, stalled: bool) -> None:
        assert listener.socket is not None
        if stalled != (listener.stalled_at is not None):
            listener.stalled_at = time.monotonic() if stalled else None
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if stalled else 0)
            self._selector.modify(listener.socket, events, listener)

    def _end(self, listener: Listener) -> None:
        if listener in self._all and listener.socket is not None and listener.framed and not listener.left:
            with contextlib.suppress(OSError):
                listener.socket.send(b"0\r\n\r\n")
        self._drop(listener)

    def _drop(self, listener: Listener) -> None:
        if listener not in self._all:
            return
        self._all.discard(listener)
        self._unindex(listener)
        if listener.socket is not None:
            self._selector.unregister(listener.socket)
            with contextlib.suppress(OSError):
                listener.socket.shutdown(socket.SHUT_WR)
            listener.socket.close()
            listener.socket = None
        self._gone(listener)


def _framed(listener: Listener, data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data) if listener.framed else data
