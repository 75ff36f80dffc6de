"""Lets big answers take turns, so that five hundred tablets that come at once do not shut the office out.

Two things are bounded. How many such answers are under way at once: whoever comes when all turns are taken is asked
to come back at a time of their own, so that they return as fast as they can be served. And how many are being made at
the same moment: the rest of the time an answer waits for its reader's line, and there may be many slow ones.
"""

import math
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator

from curbstop.domain.problems import Problem

# Python runs one thread at a time; a second one uses the time in which the first waits for the database.
AT_WORK = 2
# Nobody is sent away for longer, in seconds: whoever is, may be alone by then.
LONGEST_WAIT_S = 20.0
# How much the last answer says about how long the next one takes.
_WEIGHT = 0.1


class Turns:
    """At most `most` answers under way in this process."""

    def __init__(self, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._lock = threading.Lock()
        self._work = threading.Semaphore(AT_WORK)
        self._taken = 0
        # How long an answer takes of late, and up to when others have been asked to come back.
        self._usual_s = 0.5
        self._promised = 0.0

    def take(self) -> Callable[[], None]:
        """What gives the turn back; Problem(`unavailable`) with `retry_after_s` when there is none."""
        with self._lock:
            now = self._clock()
            if self._taken >= self._most:
                self._promised = max(self._promised, now) + self._usual_s / self._most
                wait_s = min(max(1.0, self._promised - now), LONGEST_WAIT_S)
                raise Problem("unavailable", "Many tablets pull at this moment.", retry_after_s=math.ceil(wait_s))
            self._taken += 1
        given_back = threading.Event()

        def give_back() -> None:
            with self._lock:
                if not given_back.is_set():
                    given_back.set()
                    self._taken -= 1
                    self._usual_s += _WEIGHT * (self._clock() - now - self._usual_s)

        return give_back

    def paced(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces, each made while few others are."""
        source = iter(pieces)
        try:
            while True:
                with self._work:
                    piece = next(source, None)
                if piece is None:
                    return
                yield piece
        finally:
            # Whoever reads no more lets go of what the pieces are made of.
            if isinstance(source, Generator):
                source.close()
