"""What a policy's settings must be beside their types: known words, times in order, numbers within reason."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import time
from itertools import pairwise
from typing import TYPE_CHECKING

from curbstop.domain import appointments, service_levels
from curbstop.domain.closures import WEEKDAYS
from curbstop.domain.dispatch import FIRMNESS
from curbstop.domain.permissions import Role
from curbstop.domain.problems import Problem
from curbstop.domain.taps import PERMITS

if TYPE_CHECKING:
    from curbstop.domain.policy import Policy


# The widest number that its column holds.
MOST_DIGITS = 9


def wrong(where: str, wanted: str) -> Problem:
    """A setting that must be something else."""
    return Problem("policy_invalid", f"{where} must be {wanted}.", setting=where)


def check(policy: "Policy") -> None:
    """Problem(`policy_invalid`) that names the setting."""
    choices = {
        "cut_off.day_before_closure": (policy.cut_off.day_before_closure, ("none", "noon", "any")),
        "notice.counted_in": (policy.notice.counted_in, ("calendar", "business")),
        "dispatch.capacity": (policy.dispatch.capacity, FIRMNESS),
        "dispatch.calendar": (policy.dispatch.calendar, FIRMNESS),
        "fees.attached_at": (policy.fees.attached_at, ("listed", "dispatched", "completed")),
    }
    for where, (value, allowed) in choices.items():
        if value not in allowed:
            raise wrong(where, f"one of {', '.join(allowed)}")
    for where, days in (("calendar.weekend", policy.calendar.weekend), ("cut_off.weekdays", policy.cut_off.weekdays)):
        if not set(days) <= set(WEEKDAYS):
            raise wrong(where, f"of {', '.join(WEEKDAYS)}")
    if len(set(policy.calendar.weekend)) == len(WEEKDAYS):
        raise wrong("calendar.weekend", "shorter than the week")
    _check_times("cut_off.opens", policy.cut_off.opens, "cut_off.closes", policy.cut_off.closes)
    restoral = policy.restoral
    _check_times(
        "restoral.same_day_until", restoral.same_day_until, "restoral.after_hours_until", restoral.after_hours_until
    )
    for gate, roles in policy.overrides.items():
        if not set(roles) <= {role.value for role in Role}:
            raise wrong(f"overrides.{gate}", "roles")
    for kind in policy.fees.refused:
        if policy.fees.amounts_cents.get(kind):
            raise wrong(f"fees.amounts_cents.{kind}", "0: this utility may not charge it")
    _check_service(policy)
    _check_taps(policy)
    _check_meter_test(policy)
    _check_access(policy)
    _check_readings(policy)
    _check_numbers(policy)


def _check_access(policy: "Policy") -> None:
    for name, number in (("skips", policy.access.skips), ("estimates", policy.access.estimates)):
        if number < 1:
            raise wrong(f"access.{name}", "1 or more")


def _check_readings(policy: "Policy") -> None:
    limits = asdict(policy.readings)
    rising = ("lowest", "lower", "low", "high", "higher", "highest")
    for less, more in pairwise(f"{tier}_percent" for tier in rising):
        if limits[less] >= limits[more]:
            raise wrong(f"readings.{more}", f"more than readings.{less}")
    if policy.readings.least_days > policy.readings.most_days:
        raise wrong("readings.most_days", "no less than readings.least_days")
    if policy.readings.zero_periods < 1:
        raise wrong("readings.zero_periods", "1 or more")


def _check_taps(policy: "Policy") -> None:
    if not set(policy.taps.permits) <= set(PERMITS):
        raise wrong("taps.permits", f"of {', '.join(PERMITS)}")
    if policy.locate.least_working_days >= policy.locate.most_working_days:
        raise wrong("locate.most_working_days", "more than locate.least_working_days")
    if not 1 <= policy.routes.sequence_digits <= MOST_DIGITS:
        raise wrong("routes.sequence_digits", f"from 1 to {MOST_DIGITS}")
    if policy.routes.gap < 1:
        raise wrong("routes.gap", "1 or more")


def _check_meter_test(policy: "Policy") -> None:
    limits = asdict(policy.meter_test)
    for flow in ("low", "mid", "high"):
        if limits[f"{flow}_least_tenths"] > limits[f"{flow}_most_tenths"]:
            raise wrong(f"meter_test.{flow}_most_tenths", f"no less than {flow}_least_tenths")


def _check_service(policy: "Policy") -> None:
    levels, offered = policy.service_levels, policy.appointments
    for section, targets in (("by_type", levels.by_type), ("by_priority", levels.by_priority)):
        for name, target in targets.items():
            if not service_levels.is_target(target):
                raise wrong(f"service_levels.{section}.{name}", service_levels.FORMS)
    # A priority's is what is left where no day was asked for and no payment began it.
    if set(levels.by_priority) != set("12345"):
        raise wrong("service_levels.by_priority", "a target for each of 1, 2, 3, 4 and 5")
    for name, target in levels.by_priority.items():
        if target in (service_levels.REQUESTED, service_levels.RESTORAL):
            raise wrong(f"service_levels.by_priority.{name}", "a span of time")
    for name, span in offered.windows.items():
        try:
            appointments.clocks(span)
        except ValueError:
            raise wrong(f"appointments.windows.{name}", "two times such as 08:00-12:00") from None
    _check_times("appointments.opens", offered.opens, "appointments.closes", offered.closes)
    _check_times("appointments.opens", offered.opens, "service_levels.closes", levels.closes)
    shift = policy.dispatch
    _check_times("dispatch.shift_starts", shift.shift_starts, "dispatch.shift_ends", shift.shift_ends)


def _check_times(first_name: str, first: str, last_name: str, last: str) -> None:
    found = []
    for name, text in ((first_name, first), (last_name, last)):
        try:
            clock = time.fromisoformat(text)
        except ValueError:
            clock = None
        # An offset is no time of the utility's day, and cannot be compared with one.
        if clock is None or clock.tzinfo is not None:
            raise wrong(name, "a time such as 08:30")
        found.append(clock)
    if found[0] >= found[1]:
        raise wrong(last_name, f"later than {first_name}")


def _check_numbers(policy: "Policy") -> None:
    for section in fields(policy):
        content = getattr(policy, section.name)
        named = content if isinstance(content, Mapping) else asdict(content)
        for name, value in named.items():
            numbers = value.items() if isinstance(value, Mapping) else [("", value)]
            least, most = _bounds(name)
            for part, number in numbers:
                if type(number) is int and not least <= number <= most:
                    where = ".".join(filter(None, (section.name, name, part)))
                    raise wrong(where, f"from {least} to {most}")


def _bounds(name: str) -> tuple[int, int]:
    """What a number can be; more than that is a slip of the hand, or cannot be reckoned with."""
    if name.endswith("_f"):
        return -100, 200
    if "cents" in name:
        return 0, 1_000_000_00
    return 0, 3_660 if "days" in name else 100_000
