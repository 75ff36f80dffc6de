"""Tampering: the ladder that a place climbs with each finding, and an estimate of what ran by the meter."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class LadderStep(StrEnum):
    """What the utility does next: Silver Lake WSD 9.10.110, Gallatin TN. The last one is for all later times."""

    LOCK = "lock"
    HEAVY_DUTY = "heavy_duty"
    CUT_AT_MAIN = "cut_at_main"


_LADDER = tuple(LadderStep)


def step_at(level: int) -> LadderStep:
    """The step for a place's first (1), second... finding."""
    return _LADDER[min(level, len(_LADDER)) - 1]


@dataclass(frozen=True, slots=True)
class Use:
    """Readings of one register with their times, in its units."""

    value: Decimal
    at: datetime


def unmetered(
    *, off_since: datetime | None, until: datetime, counted: Decimal | None, before: tuple[Use, Use] | None
) -> Decimal | None:
    """What was used while it was off: what the meter counted, or more where its past says so.

    `counted` is what the register ran since then; `before` its first and last reading of the time when it was on, which
    give a daily use. A meter that was taken round counts nothing, so that the greater of the two is the estimate.
    """
    usual = None
    if off_since is not None and before is not None and before[1].at > before[0].at and until > off_since:
        ran = before[1].value - before[0].value
        days = Decimal((before[1].at - before[0].at).total_seconds()) / 86_400
        off = Decimal((until - off_since).total_seconds()) / 86_400
        usual = max(Decimal(0), ran / days * off)
    known = [use for use in (counted, usual) if use is not None]
    return max(known).quantize(Decimal("0.0001")) if known else None
