"""The tablet's clocks: one that anybody can set, one that nobody can, and what the server said the time was."""

import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# Where the machine does not say which run this is, each start of the program counts as one.
_PROCESS = str(uuid.uuid4())


class Clock:
    """The machine's clocks. Tests give a store another one."""

    def now(self) -> datetime:
        """The wall clock, as somebody has set it."""
        return datetime.now(UTC)

    def mono_ms(self) -> int:
        """Milliseconds since the machine was switched on, sleep included where the platform can tell."""
        if hasattr(time, "CLOCK_BOOTTIME"):
            return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        return time.monotonic_ns() // 1_000_000

    def boot_id(self) -> str:
        """A random id of this run of the machine."""
        try:
            return _BOOT_ID.read_text(encoding="ascii").strip()
        except OSError:
            return _PROCESS


def heard(clock: Clock, server_time: str) -> dict[str, Any]:
    """A fact to be remembered: what the server's clock said just now, beside the tablet's own."""
    mine = clock.now().isoformat()
    return {"server": server_time, "mine": mine, "boot_id": clock.boot_id(), "mono_ms": clock.mono_ms()}


def by_server(clock: Clock, known: Mapping[str, Any] | None) -> datetime:
    """The present moment as the server would tell it; setting the tablet's clock back does not stop it.

    Since the last word of the server the monotonic clock has counted, if the tablet was not switched off meanwhile.
    Else the wall clock is taken, corrected by how far it was off, and it is never before that last word.
    """
    if known is None:
        return clock.now()
    then = datetime.fromisoformat(known["server"])
    if known["boot_id"] == clock.boot_id():
        return then + timedelta(milliseconds=clock.mono_ms() - known["mono_ms"])
    return max(then, clock.now() + (then - datetime.fromisoformat(known["mine"])))
