"""Validates a reading against the one before: rollover or misread, usage, and whether it is out of the ordinary."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from itertools import pairwise

from curbstop.domain.findings import Finding, reject, warn
from curbstop.domain.problems import Problem


class ReadingKind(StrEnum):
    """Why a reading was taken."""

    REGULAR = "regular"
    INITIAL = "initial"
    FINAL = "final"
    CUTOFF = "cutoff"
    RESTORAL = "restoral"
    REREAD = "reread"
    SPECIAL = "special"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True)
class Limits:
    """The utility's policy for what is out of the ordinary; usage in register units."""

    high_factor: Decimal = Decimal("1.8")
    high_floor: Decimal = Decimal(10)
    low_factor: Decimal = Decimal("0.4")
    low_ceiling: Decimal = Decimal(10)
    rollover_from: Decimal = Decimal("0.8")  # of the capacity: a register rolls over from near its end
    rollover_factor: Decimal = Decimal(3)


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class RegisterFacts:
    """What is known about a register; `dials` are billing digits, `decimals` those behind the point."""

    dials: int
    decimals: int = 0
    multiplier: Decimal = Decimal(1)

    @property
    def capacity(self) -> Decimal:
        return Decimal(10) ** self.dials


@dataclass(frozen=True, slots=True)
class Usage:
    """What a pair of readings says. `usage` is in register units, None where it must not be billed."""

    usage: Decimal | None
    rolled_over: bool
    high_limit: Decimal | None
    low_limit: Decimal | None
    findings: tuple[Finding, ...]


def parse_reading(value: str | int, register: RegisterFacts, capture: str | None = None) -> Decimal:
    """The reading as a number of register units.

    Raises Problem(`reading_invalid`): not digits, too many of them, or more decimals than the register has. A float is
    refused by its type: a binary fraction is not what the dials showed.
    """
    text = str(value).strip()
    whole, _, fraction = text.partition(".")
    wrong = None
    if isinstance(value, float) or not (whole + fraction).isascii() or not (whole + fraction).isdigit():
        wrong = f"{text[:20]!r} is not the digits of a register"
    elif len(whole.lstrip("0")) > register.dials or (len(whole) > register.dials and whole.strip("0")):
        wrong = f"{text} has more than the register's {register.dials} digits"
    elif len(fraction.rstrip("0")) > register.decimals:
        wrong = f"{text} has more than {register.decimals} decimals"
    if wrong is not None:
        raise Problem("reading_invalid", wrong, capture=capture)
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise Problem("reading_invalid", f"{text[:20]!r} is no number", capture=capture) from error


def expected_usage(daily: Decimal | None, earlier: date, later: date) -> Decimal | None:
    """Average daily consumption times the days between, at least one; None without a history."""
    return None if daily is None else daily * max(1, (later - earlier).days)


def average_daily(periods: Iterable[tuple[Decimal, int, bool]], most: int = 12) -> Decimal | None:
    """Average daily consumption over the newest `most` periods of (usage, days, actual); estimates do not count."""
    actual = [(usage, days) for usage, days, is_actual in periods if is_actual and days > 0][:most]
    days_total = sum(days for _, days in actual)
    return sum((usage for usage, _ in actual), Decimal(0)) / days_total if days_total else None


def usual_daily(
    register: RegisterFacts, newest_first: Sequence[tuple[datetime, Decimal, ReadingKind]]
) -> Decimal | None:
    """Average daily consumption out of a register's readings; estimates and what may be rollovers do not count."""
    periods = []
    for (at, value, kind), (earlier, before, kind_before) in pairwise(newest_first):
        verdict = judge(register, before, value)
        guessed = ReadingKind.ESTIMATED in (kind, kind_before) or verdict.rolled_over
        if verdict.usage is not None:
            periods.append((verdict.usage, (at.date() - earlier.date()).days, not guessed))
    return average_daily(periods)


def judge(
    register: RegisterFacts,
    previous: Decimal,
    current: Decimal,
    *,
    expected: Decimal | None = None,
    reverse_flow: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Usage:
    """Compare two readings of one register, both in register units.

    A smaller reading is a rollover only if the earlier one was near the register's end and the usage is plausible;
    otherwise it is a misread, kept and never billed. Finding codes: DIGITS, NEGATIVE, NEGATIVE_REVERSE, ROLLOVER, HIGH,
    LOW, ZERO.
    """
    if not 0 <= current < register.capacity:
        digits = reject("DIGITS", None, f"{current} does not fit {register.dials} dials")
        return Usage(None, False, None, None, (digits,))
    high = low = None
    if expected is not None:
        high = max(expected * limits.high_factor, limits.high_floor)
        low = min(expected * limits.low_factor, limits.low_ceiling)
    raw = current - previous
    if raw >= 0:
        return Usage(raw, False, high, low, _unusual(raw, high, low))
    usage = raw + register.capacity
    if reverse_flow:
        negative = reject("NEGATIVE_REVERSE", None, f"{current} is below {previous}, and water ran backward")
        return Usage(None, False, high, low, (negative,))
    if not _rolls_over(register, previous, usage, expected, limits):
        negative = reject("NEGATIVE", None, f"{current} is below the last reading {previous}")
        return Usage(None, False, high, low, (negative,))
    rolled = warn("ROLLOVER", None, f"the register went past its end: {previous} to {current} is {usage}")
    return Usage(usage, True, high, low, (rolled, *_unusual(usage, high, low)))


def _rolls_over(
    register: RegisterFacts, previous: Decimal, usage: Decimal, expected: Decimal | None, limits: Limits
) -> bool:
    if previous < limits.rollover_from * register.capacity:
        return False
    if expected is None:
        # Without a history: what would be left of the capacity above the threshold is still plausible.
        return usage <= (1 - limits.rollover_from) * register.capacity
    high = max(expected * limits.high_factor, limits.high_floor)
    return usage <= max(high, expected * limits.rollover_factor)


def _unusual(usage: Decimal, high: Decimal | None, low: Decimal | None) -> tuple[Finding, ...]:
    if usage == 0:
        return (warn("ZERO", None, "no water was used"),)
    if high is not None and usage > high:
        return (warn("HIGH", None, f"{usage} is above {high:f}"),)
    if low is not None and usage < low:
        return (warn("LOW", None, f"{usage} is below {low:f}"),)
    return ()


def total_usage(parts: Sequence[tuple[Decimal | None, Decimal]]) -> Decimal | None:
    """The sum of usage times multiplier over all registers of one visit; None if one of them may not be billed."""
    if any(usage is None for usage, _ in parts):
        return None
    return sum((usage * multiplier for usage, multiplier in parts if usage is not None), Decimal(0))
