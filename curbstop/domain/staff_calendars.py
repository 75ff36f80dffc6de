"""Working days of people: their shifts, the utility's closures, and the days on which they are away."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from curbstop.domain.closures import Closures
from curbstop.domain.dispatch import DispatchPolicy


class Off(StrEnum):
    """Why somebody does not work on a day."""

    ABSENT = "absent"
    NOT_A_WORKING_DAY = "not_a_working_day"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Away:
    """From the first through the last day."""

    first_on: date
    last_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class WorkDay:
    """A day of somebody: when it begins, how many minutes of work it holds, and why it holds none.

    `kept` is whether a calendar is kept at all: without one the minutes are the policy's, and bind nobody.
    """

    begins: time
    minutes: int
    kept: bool
    off: Off | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class StaffCalendar:
    """Hours by weekday (0 is Monday) and absences."""

    shifts: Mapping[int, tuple[str, str]]
    away: tuple[Away, ...] = ()

    def day(self, day: date, policy: DispatchPolicy, closures: Closures) -> WorkDay:
        """What the day holds. Somebody without shifts works any day, for the hours of the policy."""
        usual = self.shifts.get(day.weekday()) if self.shifts else (policy.shift_starts, policy.shift_ends)
        begins, ends = usual or (policy.shift_starts, policy.shift_starts)
        kept = bool(self.shifts)
        away = next((one for one in self.away if one.first_on <= day <= one.last_on), None)
        starts_at = time.fromisoformat(begins)
        if away is not None:
            return WorkDay(starts_at, 0, kept, Off.ABSENT, away.reason)
        if kept and closures.is_closed(day):
            return WorkDay(starts_at, 0, kept, Off.CLOSED)
        if usual is None:
            return WorkDay(starts_at, 0, kept, Off.NOT_A_WORKING_DAY)
        return WorkDay(starts_at, max(0, _minutes(begins, ends) - policy.break_minutes), kept)


def _minutes(begins: str, ends: str) -> int:
    first, last = time.fromisoformat(begins), time.fromisoformat(ends)
    return (last.hour - first.hour) * 60 + last.minute - first.minute
