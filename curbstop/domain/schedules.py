"""Schedules: on which days orders that come again and again are made, and for which places."""

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any
from uuid import UUID

from curbstop.domain.closures import Closures
from curbstop.domain.meters import AccountStatus, PhysicalState
from curbstop.domain.problems import Problem

MOST_EVERY = 400
MOST_PLACES = 500


class Unit(StrEnum):
    """What a schedule counts in."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Rule:
    """Every so many days, weeks or months from `starts_on`.

    Of months, `business_day` says on which open day: 1 is the first, -1 the last; None is the day of `starts_on`. Any
    other day that is closed means the next open one.
    """

    every: int
    unit: Unit
    starts_on: date
    business_day: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.every <= MOST_EVERY:
            raise Problem("invalid", f"A schedule comes every 1 to {MOST_EVERY} units.", field="every")
        number = self.business_day
        if number is not None and (self.unit is not Unit.MONTH or number == 0 or abs(number) > 15):
            detail = "business_day is for months: 1 to 15 from the first, or -1 to -15 from the last."
            raise Problem("invalid", detail, field="business_day")

    def day(self, number: int, closures: Closures) -> date:
        """The day of the period `number`, counted from nought."""
        if self.unit is not Unit.MONTH:
            days = number * self.every * (7 if self.unit is Unit.WEEK else 1)
            return _open(self.starts_on + timedelta(days=days), closures)
        months = self.starts_on.month - 1 + number * self.every
        first = date(self.starts_on.year + months // 12, months % 12 + 1, 1)
        length = calendar.monthrange(first.year, first.month)[1]
        if self.business_day is None:
            return _open(first.replace(day=min(self.starts_on.day, length)), closures)
        days_open = [day for n in range(length) if not closures.is_closed(day := first + timedelta(days=n))]
        wanted = self.business_day - 1 if self.business_day > 0 else self.business_day
        # A month that is closed for most of its days has its last open one, or is begun with the next month's.
        inside = days_open[max(-len(days_open), min(wanted, len(days_open) - 1))] if days_open else None
        return inside or _open(first + timedelta(days=length), closures)

    def days(self, number: int, closures: Closures) -> Iterator[date]:
        """The days from the period `number` on."""
        while True:
            yield self.day(number, closures)
            number += 1

    def coming(self, number: int, closures: Closures, count: int) -> list[date]:
        """The next `count` days from the period `number` on."""
        return list(islice(self.days(number, closures), count))


@dataclass(frozen=True, slots=True)
class Places:
    """Which service points are meant: all that fit everything that is named; at least one thing is."""

    physical_states: tuple[str, ...] = ()
    account_statuses: tuple[str, ...] = ()
    route_id: str | None = None
    cycle_id: str | None = None
    service_point_ids: tuple[str, ...] = ()
    temp_service: bool = False  # a meter is lent there at present

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "Places":
        """From JSON, or Problem(`invalid`) that names what is wrong."""
        known = {**asdict(cls()), **said}
        if set(known) != set(asdict(cls())):
            raise _wrong(f"knows {', '.join(asdict(cls()))}")
        lists = {name: known[name] for name in ("physical_states", "account_statuses", "service_point_ids")}
        if not all(isinstance(one, list | tuple) and all(isinstance(x, str) for x in one) for one in lists.values()):
            raise _wrong("has lists of words")
        if not set(known["physical_states"]) <= {one.value for one in PhysicalState}:
            raise _wrong(f"physical_states are of {', '.join(PhysicalState)}")
        if not set(known["account_statuses"]) <= {one.value for one in AccountStatus}:
            raise _wrong(f"account_statuses are of {', '.join(AccountStatus)}")
        if len(known["service_point_ids"]) > MOST_PLACES:
            raise _wrong(f"names at most {MOST_PLACES} service points")
        if not isinstance(known["temp_service"], bool):
            raise _wrong("says temp_service by true or false")
        for one in (*known["service_point_ids"], known["route_id"], known["cycle_id"]):
            _check_id(one)
        if not any(known.values()):
            raise _wrong("must name something: every order of the town is nobody's plan")
        whole: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in known.items()}
        return cls(**whole)

    def to_json(self) -> dict[str, Any]:
        return {name: list(one) if isinstance(one, tuple) else one for name, one in asdict(self).items()}


def _open(day: date, closures: Closures) -> date:
    return closures.add_business_days(day, 1) if closures.is_closed(day) else day


def _check_id(text: object) -> None:
    try:
        if text is not None:
            UUID(str(text))
    except ValueError:
        raise _wrong(f"has ids, and {str(text)[:40]!r} is none") from None


def _wrong(what: str) -> Problem:
    return Problem("invalid", f"`places` {what}.", field="places")
