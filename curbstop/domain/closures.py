"""The utility's calendar: which days it is closed, and what counting in business days comes to."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# No run of closed days is longer; a calendar that closes for ever is a mistake, not a holiday.
LONGEST = 60


def no_holidays(_year: int) -> frozenset[date]:
    """Of a utility that keeps no public holidays."""
    return frozenset()


@dataclass(frozen=True, slots=True)
class Closures:
    """Closed on these `weekdays` (0 is Monday), on these `days` of its own, and on the public holidays of each year.

    It knows every day, so that nobody has to say beforehand how far a question will reach.
    """

    weekdays: frozenset[int]
    days: frozenset[date] = frozenset()
    holidays_of: Callable[[int], frozenset[date]] = no_holidays

    @classmethod
    def of(
        cls,
        weekend: Collection[str],
        days: Collection[date] = (),
        holidays_of: Callable[[int], frozenset[date]] = no_holidays,
    ) -> "Closures":
        """From the names of the weekend's days, the closures that are known by date, and the holidays by year."""
        return cls(frozenset(WEEKDAYS.index(name) for name in weekend), frozenset(days), holidays_of)

    def is_closed(self, day: date) -> bool:
        return day.weekday() in self.weekdays or self.is_holiday(day)

    def is_holiday(self, day: date) -> bool:
        """Whether it is closed for more than being a weekend's."""
        return day in self.days or day in self.holidays_of(day.year)

    def ended_holiday(self, day: date) -> bool:
        """Whether `day` is the first open one after days of which one at least was a holiday: no mere weekend."""
        found = False
        for back in range(1, LONGEST + 1):
            before = day - timedelta(days=back)
            if not self.is_closed(before):
                break
            found = found or self.is_holiday(before)
        return found

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
