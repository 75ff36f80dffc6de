"""A utility's policy: what its ordinance says of cut-offs, notices, fees and restorals, as data in versions.

What is one town's rule is a setting here, never a constant in code. A profile is where a utility starts from.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import time
from functools import cache
from importlib.resources import files
from typing import Any, get_args, get_origin, get_type_hints

from curbstop.domain import appointments, service_levels
from curbstop.domain.appointments import AppointmentPolicy
from curbstop.domain.closures import WEEKDAYS
from curbstop.domain.dispatch import FIRMNESS, DispatchPolicy
from curbstop.domain.permissions import Role
from curbstop.domain.problems import Problem
from curbstop.domain.service_levels import ServiceLevelPolicy

PROFILES = ("generic", "nc", "ca")


@dataclass(frozen=True, slots=True)
class CalendarPolicy:
    country: str
    subdivision: str
    weekend: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CutOffPolicy:
    least_past_due_cents: int
    least_periods: int
    delinquent_days: int  # cut only when it is more
    weekdays: tuple[str, ...]
    opens: str
    closes: str
    day_before_closure: str  # "none": no cut; "noon": until noon; "any": as on any day
    day_after_closure: bool
    most_per_technician: int  # in a day
    payments_within_minutes: int
    health_department_told: bool
    other_class_debt: bool


@dataclass(frozen=True, slots=True)
class NoticePolicy:
    days: int
    counted_in: str  # "calendar" or "business"
    mail_days: int
    contact_proof: bool


@dataclass(frozen=True, slots=True)
class WeatherPolicy:
    alert_blocks: bool
    coldest_f: int
    hottest_f: int


@dataclass(frozen=True, slots=True)
class MedicalPolicy:
    days: int
    renewals: int


@dataclass(frozen=True, slots=True)
class CriticalPolicy:
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReturnedPaymentPolicy:
    grace_business_days: int
    at_once_for: tuple[str, ...]
    at_once_after_restoral: bool
    voids_plan: bool
    cash_only_after: int


@dataclass(frozen=True, slots=True)
class RestoralPolicy:
    same_day_until: str
    after_hours_until: str
    after_hours_fee: bool


@dataclass(frozen=True, slots=True)
class ContactPolicy:
    promise_grace_days: int


@dataclass(frozen=True, slots=True)
class FeePolicy:
    attached_at: str  # "listed", "dispatched" or "completed"
    refused: tuple[str, ...]
    amounts_cents: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Policy:
    """One version's content. `overrides` names, for each gate that can be overridden, the roles that may."""

    calendar: CalendarPolicy
    cut_off: CutOffPolicy
    notice: NoticePolicy
    weather: WeatherPolicy
    medical: MedicalPolicy
    critical: CriticalPolicy
    returned_payment: ReturnedPaymentPolicy
    restoral: RestoralPolicy
    contact: ContactPolicy
    fees: FeePolicy
    service_levels: ServiceLevelPolicy
    appointments: AppointmentPolicy
    dispatch: DispatchPolicy
    overrides: Mapping[str, tuple[str, ...]]

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = _plain(asdict(self))
        return found

    def fee_cents(self, kind: str) -> int:
        """What a fee of this kind costs, or Problem(`fee_refused`): the law here knows no such fee."""
        if kind in self.fees.refused:
            raise Problem("fee_refused", f"This utility may not charge a {kind.replace('_', ' ')}.", kind=kind)
        if kind not in self.fees.amounts_cents:
            raise Problem("fee_refused", f"The policy knows no fee {kind!r}.", kind=kind)
        return self.fees.amounts_cents[kind]


@cache
def profile(name: str) -> Policy:
    """A shipped profile; Problem(`policy_invalid`) when there is none of that name."""
    if name not in PROFILES:
        raise Problem("policy_invalid", f"There is no profile {name!r}; there are {', '.join(PROFILES)}.")
    return from_json(_profile(name))


def from_json(data: Mapping[str, Any]) -> Policy:
    """A policy from what was stored or typed in, or Problem(`policy_invalid`) that names the setting."""
    policy: Policy = _read(Policy, data, "")
    _check(policy)
    return policy


def stored(name: str, data: Mapping[str, Any]) -> Policy:
    """A version as it was stored, by whichever release.

    A setting that came later reads as its profile has it, one that went is left out, and no rule that came later makes
    it wrong: the utility goes by it until somebody edits it.
    """
    found: Policy = _read(Policy, _merged(_profile(name), _known(Policy, data)), "")
    return found


def edited(policy: Policy, changes: Mapping[str, Any]) -> Policy:
    """The policy with some settings changed, section by section; Problem(`policy_invalid`)."""
    return from_json(_merged(policy.to_json(), changes))


def _profile(name: str) -> dict[str, Any]:
    text = files("curbstop.domain").joinpath("policies", f"{name}.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    return data if name == "generic" else _merged(_profile("generic"), data)


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    both = {key: value for key, value in base.items() if key not in over}
    for key, value in over.items():
        known = base.get(key)
        both[key] = _merged(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
    return both


def _known(kind: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """The members that a section has by now, and those of its own sections."""
    hints = get_type_hints(kind)
    return {
        name: _known(hints[name], value) if is_dataclass(hints[name]) and isinstance(value, Mapping) else value
        for name, value in data.items()
        if name in hints
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _read(kind: Any, value: Any, where: str) -> Any:
    """`value` as the annotation `kind` has it: a section, a list of text, a table, or a plain value."""
    if is_dataclass(kind):
        return _section(kind, value, where)
    if get_origin(kind) is tuple:
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise _wrong(where, "a list of words")
        return tuple(value)
    if get_origin(kind) is not None:
        if not isinstance(value, Mapping):
            raise _wrong(where, "a table")
        return {str(key): _read(get_args(kind)[1], item, f"{where}.{key}") for key, item in value.items()}
    if type(value) is not kind:
        raise _wrong(where, {int: "a whole number", bool: "true or false"}.get(kind, "text"))
    return value


def _section(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise _wrong(where or "policy", "a table")
    hints, known = get_type_hints(kind), {field.name for field in fields(kind)}
    for name in sorted(set(value) - known):
        raise Problem("policy_invalid", f"There is no setting {_path(where, name)}.", setting=_path(where, name))
    for name in sorted(known - set(value)):
        raise Problem("policy_invalid", f"The setting {_path(where, name)} is missing.", setting=_path(where, name))
    return kind(**{name: _read(hints[name], item, _path(where, name)) for name, item in value.items()})


def _path(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _wrong(where: str, wanted: str) -> Problem:
    return Problem("policy_invalid", f"{where} must be {wanted}.", setting=where)


def _check(policy: Policy) -> None:
    """What no annotation says: known words, times in order, nothing below nought."""
    choices = {
        "cut_off.day_before_closure": (policy.cut_off.day_before_closure, ("none", "noon", "any")),
        "notice.counted_in": (policy.notice.counted_in, ("calendar", "business")),
        "dispatch.capacity": (policy.dispatch.capacity, FIRMNESS),
        "dispatch.calendar": (policy.dispatch.calendar, FIRMNESS),
        "fees.attached_at": (policy.fees.attached_at, ("listed", "dispatched", "completed")),
    }
    for where, (value, allowed) in choices.items():
        if value not in allowed:
            raise _wrong(where, f"one of {', '.join(allowed)}")
    for where, days in (("calendar.weekend", policy.calendar.weekend), ("cut_off.weekdays", policy.cut_off.weekdays)):
        if not set(days) <= set(WEEKDAYS):
            raise _wrong(where, f"of {', '.join(WEEKDAYS)}")
    if len(set(policy.calendar.weekend)) == len(WEEKDAYS):
        raise _wrong("calendar.weekend", "shorter than the week")
    _check_times("cut_off.opens", policy.cut_off.opens, "cut_off.closes", policy.cut_off.closes)
    restoral = policy.restoral
    _check_times(
        "restoral.same_day_until", restoral.same_day_until, "restoral.after_hours_until", restoral.after_hours_until
    )
    for gate, roles in policy.overrides.items():
        if not set(roles) <= {role.value for role in Role}:
            raise _wrong(f"overrides.{gate}", "roles")
    _check_service(policy)
    _check_numbers(policy)


def _check_service(policy: Policy) -> None:
    levels, offered = policy.service_levels, policy.appointments
    for section, targets in (("by_type", levels.by_type), ("by_priority", levels.by_priority)):
        for name, target in targets.items():
            if not service_levels.is_target(target):
                raise _wrong(f"service_levels.{section}.{name}", service_levels.FORMS)
    # A priority's is what is left where no day was asked for and no payment began it.
    if set(levels.by_priority) != set("12345"):
        raise _wrong("service_levels.by_priority", "a target for each of 1, 2, 3, 4 and 5")
    for name, target in levels.by_priority.items():
        if target in (service_levels.REQUESTED, service_levels.RESTORAL):
            raise _wrong(f"service_levels.by_priority.{name}", "a span of time")
    for name, span in offered.windows.items():
        try:
            appointments.clocks(span)
        except ValueError:
            raise _wrong(f"appointments.windows.{name}", "two times such as 08:00-12:00") from None
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
            raise _wrong(name, "a time such as 08:30")
        found.append(clock)
    if found[0] >= found[1]:
        raise _wrong(last_name, f"later than {first_name}")


def _check_numbers(policy: Policy) -> None:
    for section in fields(policy):
        content = getattr(policy, section.name)
        named = content if isinstance(content, Mapping) else asdict(content)
        for name, value in named.items():
            numbers = value.items() if isinstance(value, Mapping) else [("", value)]
            least, most = _bounds(name)
            for part, number in numbers:
                if type(number) is int and not least <= number <= most:
                    where = ".".join(filter(None, (section.name, name, part)))
                    raise _wrong(where, f"from {least} to {most}")


def _bounds(name: str) -> tuple[int, int]:
    """What a number can be; more than that is a slip of the hand, or cannot be reckoned with."""
    if name.endswith("_f"):
        return -100, 200
    if "cents" in name:
        return 0, 1_000_000_00
    return 0, 3_660 if "days" in name else 100_000
