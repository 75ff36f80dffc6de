"""The utility's calendar: which days it is closed, and what counting in business days comes to."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# No run of closed days is longer; a calendar that closes for ever is a mistake, not a holiday.
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Closures:
    """Closed on these `weekdays` (0 is Monday) and on these `days`."""

    weekdays: frozenset[int]
    days: frozenset[date] = frozenset()

    @classmethod
    def of(cls, weekend: Collection[str], days: Collection[date] = ()) -> "Closures":
        """From the names of the weekend's days, and the holidays and closures that are known by date."""
        return cls(frozenset(WEEKDAYS.index(name) for name in weekend), frozenset(days))

    def is_closed(self, day: date) -> bool:
        return day.weekday() in self.weekdays or day in self.days

    def add_business_days(self, day: date, count: int) -> date:
        """The day on which `count` business days after `day` have passed; `day` itself does not count.

        ValueError when the calendar is closed for longer than any holiday.
        """
        closed = 0
        while count > 0:
            day += timedelta(days=1)
            if self.is_closed(day):
                closed += 1
                if closed > LONGEST:
                    raise ValueError("The calendar is closed for more than 60 days on end.")
            else:
                count, closed = count - 1, 0
        return day

    def business_days_between(self, first: date, last: date) -> int:
        """Open days after `first` up to and with `last`; 0 when `last` is not later."""
        span = (last - first).days
        return sum(not self.is_closed(first + timedelta(days=number)) for number in range(1, span + 1))
