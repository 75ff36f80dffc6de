"""Judges a line of the edit list: what was used at a place, and what is out of the ordinary about it.

Pure: the same facts and policy give the same verdict. No reading is thrown away here, and no negative use is billed: a
line that blocks stays unbilled until a person has decided.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from curbstop.domain.consumption import GALLONS, Mark
from curbstop.domain.reading_exceptions import TREATMENTS, ExceptionCode, ReadingPolicy, Weight
from curbstop.domain.readings import ReadingKind, RegisterFacts, Usage, judge

_CODE = ExceptionCode


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterSeen:
    """One register's two readings, and what else was said of it at the same time; values in register units."""

    position: int
    face: RegisterFacts
    unit: str
    before: Mark | None  # the last bill ended with it
    now: Mark | None
    unreadable: str | None = None  # what came instead of a reading
    others: tuple[Decimal, ...] = ()  # further values of the same moment
    radio: Decimal | None = None  # what the radio said when somebody read the dials
    multiplier_said: Decimal | None = None  # by the file

    @property
    def gallons(self) -> Fraction:
        """What one unit of the register stands for."""
        return Fraction(self.face.multiplier) * GALLONS[self.unit]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSeen:
    """A place at the end of a period; uses in gallons.

    `used` is what came of an exchange in the period (`consumption.period`); without one it is reckoned from the
    registers. `usual_daily` is None without a history, `class_daily` without a class. `uses_before` has the newest
    period first.
    """

    registers: tuple[RegisterSeen, ...]
    days: int
    used: Fraction | None = None
    exchanged: bool = False
    usual_daily: Fraction | None = None
    class_daily: Fraction | None = None
    uses_before: tuple[Fraction, ...] = ()
    active: bool = True
    occupied: bool = True
    locked_off: bool = False
    skip_code: str | None = None
    alarms: tuple[str, ...] = ()
    reverse_flow: bool = False
    serial: str | None = None
    serial_said: str | None = None


@dataclass(frozen=True, slots=True)
class LineException:
    """One thing about a line; `position` is the register's, None where it concerns the whole place."""

    code: ExceptionCode
    position: int | None
    detail: str

    @property
    def weight(self) -> Weight:
        return TREATMENTS[self.code].weight


@dataclass(frozen=True, slots=True)
class LineVerdict:
    """What was used (gallons; None: nobody can tell yet), what was expected, and what is to be looked at."""

    used: Fraction | None
    expected: Fraction | None
    exceptions: tuple[LineException, ...]

    @property
    def blocks(self) -> bool:
        """Whether a person must decide before it is billed."""
        return self.used is None or any(one.weight is Weight.BLOCKS for one in self.exceptions)

    @property
    def is_plain(self) -> bool:
        """Whether nothing is to be looked at: it may be accepted with the others like it."""
        return not self.blocks and all(one.weight is Weight.NOTE for one in self.exceptions)


def examine(seen: LineSeen, policy: ReadingPolicy) -> LineVerdict:
    """The verdict on one line; the codes are those of the reference's catalogue, in its order within each register."""
    expected = None if seen.usual_daily is None else seen.usual_daily * max(1, seen.days)
    found: list[LineException] = []
    used: Fraction | None = Fraction(0)
    for register in seen.registers:
        usage = _usage(register, seen, expected, policy)
        found += _of_register(register, usage)
        counted = None if usage is None or usage.usage is None else usage.usage
        used = None if used is None or counted is None else used + Fraction(counted) * register.gallons
    if seen.exchanged:
        used = None if used is None else seen.used
    if not seen.registers or any(one.now is None and one.unreadable is None for one in seen.registers):
        found.append(LineException(_CODE.MISSING, None, "There is no reading in the period."))
        used = None
    found += _of_place(seen)
    if used is not None:
        found += _of_use(seen, used, expected, policy)
    return LineVerdict(used, expected, tuple(found))


def _usage(register: RegisterSeen, seen: LineSeen, expected: Fraction | None, policy: ReadingPolicy) -> Usage | None:
    """What two readings of one register say; None where there are not two that follow each other."""
    before, now = register.before, register.now
    if before is None or now is None or register.unreadable is not None or now.at <= before.at:
        return None
    units = None if expected is None else _decimal(expected / register.gallons)
    return judge(
        register.face,
        before.value,
        now.value,
        expected=units,
        reverse_flow=seen.reverse_flow,
        limits=policy.limits,
    )


def _of_register(register: RegisterSeen, usage: Usage | None) -> Iterator[LineException]:
    at, before, now = register.position, register.before, register.now
    if register.unreadable is not None:
        yield LineException(_CODE.DIGITS, at, f"{register.unreadable!r} is no reading of {register.face.dials} dials.")
    if before is not None and now is not None and now.at <= before.at:
        yield LineException(_CODE.DATE_ORDER, at, "It is not later than the reading before it.")
    if now is not None and any(other != now.value for other in register.others):
        values = ", ".join(str(value) for value in sorted({now.value, *register.others}))
        yield LineException(_CODE.DUP_READ, at, f"At one moment it was read as {values}.")
    if register.multiplier_said not in (None, register.face.multiplier):
        said, known = register.multiplier_said, register.face.multiplier
        yield LineException(_CODE.MULT_MISMATCH, at, f"The file has the multiplier {said}, the record {known}.")
    if now is not None and register.radio is not None and _resolution(register) < abs(register.radio - now.value):
        yield LineException(_CODE.AMI_FIELD_DIFF, at, f"The dials show {now.value}, the radio said {register.radio}.")
    if usage is not None:
        for finding in usage.findings:
            # Of high and low it is the place that counts, with all its registers.
            if finding.code in ("DIGITS", "NEGATIVE", "NEGATIVE_REVERSE", "ROLLOVER"):
                yield LineException(_CODE(finding.code), at, finding.detail)
    if any(mark is not None and mark.kind is ReadingKind.ESTIMATED for mark in (before, now)):
        yield LineException(_CODE.ESTIMATED, at, "One of the two readings is an estimate.")


def _of_place(seen: LineSeen) -> Iterator[LineException]:
    if seen.skip_code is not None:
        yield LineException(_CODE.SKIP, None, f"It was skipped: {seen.skip_code}.")
    if seen.serial_said is not None and seen.serial_said != seen.serial:
        there = seen.serial or "none"
        yield LineException(_CODE.SERIAL_MISMATCH, None, f"The file names meter {seen.serial_said}; {there} is there.")
    if seen.exchanged:
        yield LineException(_CODE.CHANGED, None, "The meter was exchanged in the period.")
    if seen.alarms:
        yield LineException(_CODE.ALARM, None, f"Open: {', '.join(seen.alarms)}.")


def _of_use(
    seen: LineSeen, used: Fraction, expected: Fraction | None, policy: ReadingPolicy
) -> Iterator[LineException]:
    unit = min((one.gallons for one in seen.registers), default=Fraction(1))
    if not policy.least_days <= seen.days <= policy.most_days:
        code = _CODE.TOO_SOON if seen.days < policy.least_days else _CODE.TOO_LATE
        yield LineException(code, None, f"{seen.days} days since the last reading.")
    if used > policy.inactive_units * unit:
        if seen.locked_off:
            yield LineException(_CODE.OFF_USE, None, f"{_told(used)} gallons while it was locked off.")
        elif not seen.active:
            yield LineException(_CODE.INACTIVE_USE, None, f"{_told(used)} gallons without an account.")
    yield from _of_zero(seen, used, policy)
    if expected is None:
        yield from _without_history(seen, used, policy)
    else:
        yield from _tier(used, expected, unit, policy)


def _of_zero(seen: LineSeen, used: Fraction, policy: ReadingPolicy) -> Iterator[LineException]:
    if used > 0:
        again = [use for use in seen.uses_before[: policy.same_use_periods - 1] if use == used]
        if policy.same_use_periods > 1 and len(again) == policy.same_use_periods - 1:
            yield LineException(_CODE.SAME_USE, None, f"{_told(used)} gallons again, to the unit.")
        return
    if not (seen.active and seen.occupied) or seen.locked_off:
        yield LineException(_CODE.ZERO_VACANT, None, "Nothing was used.")
        return
    row = 1 + _leading_zeros(seen.uses_before)
    times = "" if row == 1 else f", for the {row}th period in a row" if row > 3 else f", {row} periods in a row"
    yield LineException(_CODE.ZERO, None, f"Nothing was used{times}.")


def _without_history(seen: LineSeen, used: Fraction, policy: ReadingPolicy) -> Iterator[LineException]:
    yield LineException(_CODE.NEW_NO_HIST, None, "There are no periods before this one.")
    if seen.class_daily is not None:
        most = seen.class_daily * max(1, seen.days) * policy.new_factor
        if used > most:
            detail = f"{_told(used)} gallons; {policy.new_factor} times what is usual for its class is {_told(most)}."
            yield LineException(_CODE.HIGH, None, detail)


def _tier(used: Fraction, expected: Fraction, unit: Fraction, policy: ReadingPolicy) -> Iterator[LineException]:
    """The furthest tier that it reaches, of three above and three below."""
    told = f"{_told(used)} gallons; {_told(expected)} were to be expected."
    floor, ceiling = policy.high_floor_units * unit, policy.low_ceiling_units * unit
    high = (
        (_CODE.HIGHEST, policy.highest_percent),
        (_CODE.HIGHER, policy.higher_percent),
        (_CODE.HIGH, policy.high_percent),
    )
    for code, percent in high:
        if used > max(expected * percent / 100, floor):
            yield LineException(code, None, told)
            return
    if used == 0:
        return
    low = (
        (_CODE.LOWEST, policy.lowest_percent),
        (_CODE.LOWER, policy.lower_percent),
        (_CODE.LOW, policy.low_percent),
    )
    for code, percent in low:
        if used < min(expected * percent / 100, ceiling):
            yield LineException(code, None, told)
            return


def periods_of_zero(used: Fraction | None, uses_before: Sequence[Fraction]) -> int:
    """How many periods in a row nothing was used, this one with them."""
    return 0 if used is None or used > 0 else 1 + _leading_zeros(uses_before)


def _leading_zeros(uses: Sequence[Fraction]) -> int:
    for count, use in enumerate(uses):
        if use > 0:
            return count
    return len(uses)


def _resolution(register: RegisterSeen) -> Decimal:
    """The smallest step that the register shows."""
    return Decimal(1).scaleb(-register.face.decimals)


def _decimal(number: Fraction) -> Decimal:
    return Decimal(number.numerator) / Decimal(number.denominator)


def _told(gallons: Fraction) -> str:
    return f"{round(gallons):,}"
