"""Counts wrong passwords and codes, so that nobody can try them all: in memory, a bounded number of names."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from curbstop.domain.problems import Problem

WINDOW_S = 900
MOST_NAMES = 10_000


class Tries:
    """Wrong tries by name within a sliding window. Each API process counts its own."""

    def __init__(self, most: int, *, window_s: float = WINDOW_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._window_s, self._clock = most, window_s, clock
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()

    def check(self, name: str) -> None:
        """Problem(`too_many_requests`) with `retry_after_s` while the name has used up its tries."""
        with self._lock:
            recent = self._recent(name)
        if len(recent) >= self._most:
            wait = int(recent[-self._most] + self._window_s - self._clock()) + 1
            raise Problem("too_many_requests", f"Too many wrong tries; wait {wait} seconds.", retry_after_s=wait)

    def wrong(self, name: str) -> None:
        """One more wrong try."""
        with self._lock:
            self._wrong[name] = [*self._recent(name), self._clock()]
            self._wrong.move_to_end(name)
            while len(self._wrong) > MOST_NAMES:
                self._wrong.popitem(last=False)

    def right(self, name: str) -> None:
        """The password was right; the count begins anew."""
        with self._lock:
            self._wrong.pop(name, None)

    def _recent(self, name: str) -> list[float]:
        since = self._clock() - self._window_s
        return [at for at in self._wrong.get(name, []) if at > since]
