"""Adds up what was used at a place: over readings, exchanges, registers and estimates, in gallons.

A register's readings make a line that rises from one to the next. What was used between two moments is the difference
of the lines' heights, so the parts of a period always add up to the whole; fractions keep that exact.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Final

from curbstop.domain.readings import ReadingKind, RegisterFacts, judge

# Gallons in one unit; the base unit of consumption across an exchange. A US gallon is 231 cubic inches.
GALLONS: Final = {
    "GAL": Fraction(1),
    "KGAL": Fraction(1000),
    "CF": Fraction(1728, 231),
    "CCF": Fraction(172800, 231),
    "M3": Fraction(1_000_000_000_000, 3_785_411_784),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A reading that counts: when, what the register showed in its own units, and whether somebody guessed it."""

    at: datetime
    value: Decimal
    kind: ReadingKind = ReadingKind.REGULAR


@dataclass(frozen=True, slots=True)
class Stretch:
    """One register's time at the place: its readings from the one at its installation to the one at its removal."""

    register: RegisterFacts
    unit: str
    marks: tuple[Mark, ...]
    meter: str = ""
    position: int = 1

    @property
    def gallons(self) -> Fraction:
        """What one unit of the register stands for: its multiplier, times the gallons in its unit."""
        return Fraction(self.register.multiplier) * GALLONS[self.unit]


@dataclass(frozen=True, slots=True)
class Leg:
    """What one register counted within a period; `used` is in gallons, None where two readings contradict."""

    meter: str
    position: int
    unit: str
    first: Mark
    last: Mark
    used: Fraction | None
    rolled_over: bool
    estimated: bool


@dataclass(frozen=True, slots=True)
class Period:
    """What was used from `start` to `end` by all registers together; None when one of them cannot be told."""

    start: datetime
    end: datetime
    used: Fraction | None
    legs: tuple[Leg, ...]


def stretch(
    register: RegisterFacts, unit: str, marks: Iterable[Mark], *, meter: str = "", position: int = 1
) -> Stretch:
    """A stretch with its readings in their order."""
    return Stretch(register, unit, tuple(sorted(marks, key=lambda mark: mark.at)), meter, position)


def period(stretches: Sequence[Stretch], start: datetime, end: datetime) -> Period:
    """What was used at the place between two moments: `(out - before) * m * k` of the old, and so on for each after it.

    A moment between two readings takes its share of what was used between them. Before a register's first reading and
    after its last one nothing was counted.
    """
    legs = [leg for one in stretches if (leg := _leg(one, start, end)) is not None]
    known = [leg.used for leg in legs if leg.used is not None]
    return Period(start, end, sum(known, Fraction(0)) if len(known) == len(legs) else None, tuple(legs))


def periods(stretches: Sequence[Stretch], bounds: Sequence[datetime]) -> list[Period]:
    """The periods between the moments, which are put in their order first."""
    return [period(stretches, start, end) for start, end in pairwise(sorted(set(bounds)))]


def rounded(gallons: Fraction, places: int = 3) -> Decimal:
    """Gallons as a decimal, for people; sums are made before this."""
    exact = Decimal(gallons.numerator) / Decimal(gallons.denominator)
    return exact.quantize(Decimal(1).scaleb(-places))


def _leg(one: Stretch, start: datetime, end: datetime) -> Leg | None:
    within = [pair for pair in pairwise(one.marks) if pair[0].at < end and pair[1].at > start]
    if not within:
        return None
    used, rolled = Fraction(0), False
    known = True
    for before, after in within:
        verdict = judge(one.register, before.value, after.value)
        rolled = rolled or verdict.rolled_over
        if verdict.usage is None:
            known = False
            continue
        used += Fraction(verdict.usage) * _share(before.at, after.at, start, end)
    marks = [mark for pair in within for mark in pair]
    return Leg(
        meter=one.meter,
        position=one.position,
        unit=one.unit,
        first=marks[0],
        last=marks[-1],
        used=used * one.gallons if known else None,
        rolled_over=rolled,
        estimated=any(mark.kind is ReadingKind.ESTIMATED for mark in marks),
    )


def _share(first: datetime, last: datetime, start: datetime, end: datetime) -> Fraction:
    """How much of the time between two readings lies within the period."""
    overlap = min(last, end) - max(first, start)
    return Fraction(_microseconds(overlap), _microseconds(last - first))


def _microseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
