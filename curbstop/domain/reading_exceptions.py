"""The exceptions of the edit list: what is out of the ordinary about a place's readings before they are billed.

Here are the codes, what each does to its line and what is usually done about it, and the measures that a utility sets;
`edit_lines` finds them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from curbstop.domain.readings import Limits


class ExceptionCode(StrEnum):
    """What may be wrong with a line of the edit list."""

    MISSING = "MISSING"
    NEGATIVE = "NEGATIVE"
    NEGATIVE_REVERSE = "NEGATIVE_REVERSE"
    ROLLOVER = "ROLLOVER"
    ZERO = "ZERO"
    ZERO_VACANT = "ZERO_VACANT"
    SAME_USE = "SAME_USE"
    LOW = "LOW"
    LOWER = "LOWER"
    LOWEST = "LOWEST"
    HIGH = "HIGH"
    HIGHER = "HIGHER"
    HIGHEST = "HIGHEST"
    NEW_NO_HIST = "NEW_NO_HIST"
    INACTIVE_USE = "INACTIVE_USE"
    OFF_USE = "OFF_USE"
    ESTIMATED = "ESTIMATED"
    TOO_SOON = "TOO_SOON"
    TOO_LATE = "TOO_LATE"
    DATE_ORDER = "DATE_ORDER"
    DIGITS = "DIGITS"
    SERIAL_MISMATCH = "SERIAL_MISMATCH"
    DUP_READ = "DUP_READ"
    AMI_FIELD_DIFF = "AMI_FIELD_DIFF"
    MULT_MISMATCH = "MULT_MISMATCH"
    ALARM = "ALARM"
    SKIP = "SKIP"
    CHANGED = "CHANGED"


class Weight(StrEnum):
    """What an exception does to its line: BLOCKS until somebody decides, REVIEW is to be looked at, NOTE only says."""

    BLOCKS = "blocks"
    REVIEW = "review"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Treatment:
    """The usual answer to an exception: its weight, the order type that goes out for it, and what to do in words."""

    weight: Weight
    order_type: str | None
    advice: str


_B, _R, _N = Weight.BLOCKS, Weight.REVIEW, Weight.NOTE
_C = ExceptionCode
TREATMENTS: Final[Mapping[ExceptionCode, Treatment]] = {
    _C.MISSING: Treatment(_B, "READ_SPEC", "Have it read, or estimate it."),
    _C.NEGATIVE: Treatment(_B, "READ_RE", "Have it read again: a misread is never billed."),
    _C.NEGATIVE_REVERSE: Treatment(_B, "AMI_INV", "Water ran backward: have it looked at."),
    _C.ROLLOVER: Treatment(_R, None, "Confirm that the register went past its end."),
    _C.ZERO: Treatment(_N, "STOP_CHK", "Nothing was used where somebody lives: the meter may have stopped."),
    _C.ZERO_VACANT: Treatment(_N, None, "Nothing was used, as is to be expected."),
    _C.SAME_USE: Treatment(_N, None, "The same use as before, to the unit: look whether it was read."),
    _C.LOW: Treatment(_N, None, "Less than usual."),
    _C.LOWER: Treatment(_N, None, "Much less than usual."),
    _C.LOWEST: Treatment(_N, "READ_RE", "Hardly anything of what is usual: have it read again."),
    _C.HIGH: Treatment(_N, None, "More than usual."),
    _C.HIGHER: Treatment(_N, "HIGH_CHK", "Much more than usual: tell the customer."),
    _C.HIGHEST: Treatment(_B, "HIGH_CHK", "Far more than usual: tell the customer before it is billed."),
    _C.NEW_NO_HIST: Treatment(_N, None, "There is no history to compare with."),
    _C.INACTIVE_USE: Treatment(_B, "LOCK_CHK", "Used without an account: whose is it?"),
    _C.OFF_USE: Treatment(_B, "TAMPER_INV", "Used while it was locked off."),
    _C.ESTIMATED: Treatment(_N, None, "One of the two readings is an estimate."),
    _C.TOO_SOON: Treatment(_N, None, "A short period: prorate it."),
    _C.TOO_LATE: Treatment(_N, None, "A long period: prorate it."),
    _C.DATE_ORDER: Treatment(_B, None, "It is dated on or before the reading before it: mend the date."),
    _C.DIGITS: Treatment(_B, "READ_RE", "It is no reading of this register."),
    _C.SERIAL_MISMATCH: Treatment(_B, None, "The file names another meter than the one that is there."),
    _C.DUP_READ: Treatment(_B, None, "Two values at one moment: choose."),
    _C.AMI_FIELD_DIFF: Treatment(_R, "AMI_INV", "The radio and the dials disagree."),
    _C.MULT_MISMATCH: Treatment(_B, None, "The file and the record have different multipliers."),
    _C.ALARM: Treatment(_N, None, "An alarm is open on the meter."),
    _C.SKIP: Treatment(_B, None, "It was skipped."),
    _C.CHANGED: Treatment(_R, None, "The meter was exchanged: look at both halves."),
}


@dataclass(frozen=True, slots=True)
class ReadingPolicy:
    """What a utility finds out of the ordinary; percents of the expected use, units of the register."""

    high_percent: int
    higher_percent: int
    highest_percent: int
    high_floor_units: int  # what is below it is never high, however little is usual
    low_percent: int
    lower_percent: int
    lowest_percent: int
    low_ceiling_units: int  # what is above it is never low
    rollover_from_percent: int
    rollover_percent: int
    zero_periods: int  # in a row, with which a stopped meter is looked for
    same_use_periods: int
    least_days: int
    most_days: int
    inactive_units: int  # more use than this without an account is somebody's
    new_factor: int  # without a history: so many times its class's use is high
    class_daily_gallons: Mapping[str, int]  # by the meter's size

    @property
    def limits(self) -> Limits:
        """As the rules of a single pair of readings want it."""
        return Limits(
            high_factor=_percent(self.high_percent),
            high_floor=Decimal(self.high_floor_units),
            low_factor=_percent(self.low_percent),
            low_ceiling=Decimal(self.low_ceiling_units),
            rollover_from=_percent(self.rollover_from_percent),
            rollover_factor=_percent(self.rollover_percent),
        )


def _percent(number: int) -> Decimal:
    return Decimal(number) / 100
