"""Service levels: by when an order is to be done, and whether that promise is kept, in danger or broken."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from curbstop.domain.closures import Closures

if TYPE_CHECKING:
    from curbstop.domain.policy import Policy

REQUESTED, RESTORAL = "requested day", "restoral"
_SPAN = re.compile(r"([1-9][0-9]{0,3}) (minutes|hours|days|business days)")
# What a target may be, in words for whoever typed in another.
FORMS = "a target such as '60 minutes', '24 hours', '14 days', '2 business days', 'requested day' or 'restoral'"
# The last hour of the clock that a day can be due in, where a policy closes after it.
_EVENING = time(23, 59)


@dataclass(frozen=True, slots=True)
class ServiceLevelPolicy:
    by_type: Mapping[str, str]
    by_priority: Mapping[str, str]  # for a type that is not named
    closes: str  # a business day's end: what is due that day is due then
    risk_minutes: int  # so long before it is due, an order that nobody has begun is at risk


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of an order when its due moment is reckoned; `since` is when its time began to run."""

    type_code: str
    priority: int
    since: datetime
    requested_on: date | None = None
    window_end: datetime | None = None
    after_hours: bool = False


class Timeliness(StrEnum):
    """How an order stands to its promise; the last two once it is done."""

    IN_TIME = "in_time"
    AT_RISK = "at_risk"
    WILL_BE_LATE = "will_be_late"
    LATE = "late"
    KEPT = "kept"
    MISSED = "missed"


def is_target(text: str) -> bool:
    """Whether a policy may name such a target."""
    return text in (REQUESTED, RESTORAL) or _SPAN.fullmatch(text) is not None


def due_at(asked: Asked, policy: "Policy", closures: Closures, zone: ZoneInfo) -> datetime:
    """By when the order is to be done, in UTC.

    An appointment is the promise, whatever the target says. Else the type's target counts, or its priority's; where a
    later day was asked for than the target comes to, the end of that day. `closures` must know the days concerned.
    """
    if asked.window_end is not None:
        return asked.window_end
    target = target_of(asked, policy)
    if target == RESTORAL:
        return _restoral(asked, policy, closures, zone)
    local = asked.since.astimezone(zone)
    if target == REQUESTED:
        if asked.requested_on is not None:
            return _end(_open_day(asked.requested_on, closures), policy, zone)
        target = policy.service_levels.by_priority[str(asked.priority)]
    found = _SPAN.fullmatch(target)
    assert found is not None, target
    count, unit = int(found[1]), found[2]
    if unit in ("minutes", "hours"):
        return asked.since + timedelta(**{unit: count})
    plain = unit == "days"
    day = local.date() + timedelta(days=count) if plain else closures.add_business_days(local.date(), count)
    if asked.requested_on is not None and asked.requested_on > day:
        day = _open_day(asked.requested_on, closures)
    return _end(day, policy, zone)


def target_of(asked: Asked, policy: "Policy") -> str:
    """The policy's words for such an order."""
    levels = policy.service_levels
    return levels.by_type.get(asked.type_code) or levels.by_priority[str(asked.priority)]


def timeliness(
    due: datetime,
    *,
    now: datetime,
    risk: timedelta,
    done_at: datetime | None = None,
    begun: bool = False,
    expected_at: datetime | None = None,
) -> Timeliness:
    """How an order stands; `expected_at` is when the plan has somebody there, `begun` that somebody is."""
    if done_at is not None:
        return Timeliness.KEPT if done_at <= due else Timeliness.MISSED
    if now > due:
        return Timeliness.LATE
    if begun:
        return Timeliness.IN_TIME
    if expected_at is not None and expected_at > due:
        return Timeliness.WILL_BE_LATE
    return Timeliness.AT_RISK if due - now <= risk else Timeliness.IN_TIME


def is_after_hours(at: datetime, policy: "Policy", closures: Closures, zone: ZoneInfo) -> bool:
    """Whether somebody had to come out for it: on a closed day, or after the business day's end."""
    local = at.astimezone(zone)
    return closures.is_closed(local.date()) or local.time() > time.fromisoformat(policy.service_levels.closes)


def _restoral(asked: Asked, policy: "Policy", closures: Closures, zone: ZoneInfo) -> datetime:
    """Paid early enough on a business day: that day. Later in the evening, for a fee: still that evening."""
    local, rule = asked.since.astimezone(zone), policy.restoral
    day = local.date()
    if not closures.is_closed(day) and local.time() <= time.fromisoformat(rule.same_day_until):
        return max(_end(day, policy, zone), _moment(day, rule.same_day_until, zone))
    if asked.after_hours and local.time() <= time.fromisoformat(rule.after_hours_until):
        return _moment(day, rule.after_hours_until, zone)
    return _end(closures.add_business_days(day, 1), policy, zone)


def _open_day(day: date, closures: Closures) -> date:
    return closures.add_business_days(day, 1) if closures.is_closed(day) else day


def _end(day: date, policy: "Policy", zone: ZoneInfo) -> datetime:
    return _moment(day, policy.service_levels.closes, zone)


def _moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, min(time.fromisoformat(clock), _EVENING), zone).astimezone(UTC)
