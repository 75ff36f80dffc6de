"""Reads which appointment windows may be offered on the coming days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from curbstop.domain import appointments
from curbstop.domain.actors import Actor
from curbstop.domain.appointments import Window
from curbstop.domain.permissions import Action, require
from curbstop.models import calendar

MOST_DAYS = 60


@dataclass(frozen=True, slots=True)
class OfferedDay:
    """A day's windows; none where the utility is closed or they are over."""

    on: date
    closed: bool
    windows: list[Window]


def offered(
    session: Session, actor: Actor, first: date, days: int, *, now: datetime, zone: ZoneInfo
) -> list[OfferedDay]:
    """The windows of `days` days from `first`, those that are not over yet."""
    require(actor, Action.VIEW_CODE_TABLES)
    policy = calendar.in_force(session).policy
    closures = calendar.closures(session, policy)
    found = []
    for number in range(days):
        day = first + timedelta(days=number)
        closed = closures.is_closed(day)
        windows = (
            [] if closed else [one for one in appointments.offered(policy.appointments, day, zone) if one.end > now]
        )
        found.append(OfferedDay(day, closed, windows))
    return found
