"""What a customer is told of an order: when somebody is expected, and whether what was promised is kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from curbstop.domain.service_levels import Timeliness, timeliness
from curbstop.domain.service_orders import OrderState

_BEGUN = (OrderState.EN_ROUTE, OrderState.ON_SITE)
_OVER = (OrderState.CANCELLED,)
_ROUND = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one order; `planned_at` is when the technician's plan of the day has somebody there."""

    state: str
    due_at: datetime | None
    done_at: datetime | None = None
    technician: str | None = None
    planned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """How the order stands, by when somebody is expected, and both in a sentence to say on the telephone."""

    standing: Timeliness | None
    expected_at: datetime | None
    says: str


def expectation(known: Known, *, now: datetime, risk: timedelta, zone: ZoneInfo) -> Expectation:
    """The sentence's times are local, in quarters of an hour where they are a plan's: nobody promises minutes."""
    if known.state in _OVER or known.due_at is None:
        return Expectation(None, None, "It was called off." if known.state in _OVER else "No day was promised.")
    done = known.done_at if known.state in (OrderState.COMPLETED, OrderState.POSTED) else None
    begun = known.state in _BEGUN
    expected = None if done or begun or known.planned_at is None else _quarter(known.planned_at)
    standing = timeliness(known.due_at, now=now, risk=risk, done_at=done, begun=begun, expected_at=expected)
    return Expectation(standing, expected, _says(standing, known, expected, zone))


def _says(standing: Timeliness, known: Known, expected: datetime | None, zone: ZoneInfo) -> str:
    assert known.due_at is not None
    due, who = _at(known.due_at, zone), known.technician or "Somebody"
    if known.done_at is not None and standing in (Timeliness.KEPT, Timeliness.MISSED):
        kept = "as promised" if standing is Timeliness.KEPT else "later than promised"
        return f"It was done on {_at(known.done_at, zone)}, {kept}: by {due}."
    if known.state in _BEGUN:
        late = ", which is past" if standing is Timeliness.LATE else ""
        return f"{who} is on the way or there; it was to be done by {due}{late}."
    if known.state == OrderState.RETURNED:
        return f"Somebody was there and could not do it; the office plans another visit. It was to be done by {due}."
    plan = f"{who} is expected about {_at(expected, zone)}" if expected else "Nobody has it in the plan yet"
    return {
        Timeliness.LATE: f"It is late: it was to be done by {due}. {plan}.",
        Timeliness.WILL_BE_LATE: f"{plan}, which is after {due}, when it was to be done.",
        Timeliness.AT_RISK: f"It is to be done by {due}, and nobody is on the way. {plan}.",
    }.get(standing, f"It is to be done by {due}. {plan}.")


def _quarter(at: datetime) -> datetime:
    """The next quarter of an hour."""
    over = timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
    return at if not over else at - over + _ROUND


def _at(moment: datetime, zone: ZoneInfo) -> str:
    """ "Tuesday, November 24, 10:30 AM", the utility's time."""
    local = moment.astimezone(zone)
    return f"{local:%A, %B} {local.day}, {local.hour % 12 or 12}:{local:%M %p}"
