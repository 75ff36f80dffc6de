"""How long a connection may stay off before the utility may take the meter away."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class RemovalPolicy:
    """`months_off` 0: nothing is ever taken away for having been off."""

    months_off: int


def due_on(off_since: date, policy: RemovalPolicy) -> date | None:
    """The day on which somebody is to decide about the meter; the last of the month where that has no such day."""
    if policy.months_off == 0:
        return None
    month = off_since.month - 1 + policy.months_off
    year, month = off_since.year + month // 12, month % 12 + 1
    return date(year, month, min(off_since.day, monthrange(year, month)[1]))
