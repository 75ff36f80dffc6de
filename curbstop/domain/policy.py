"""A utility's policy: what its ordinance says of cut-offs, notices, fees and restorals, as data in versions.

What is one town's rule is a setting here, never a constant in code. A profile is where a utility starts from.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from functools import cache
from importlib.resources import files
from typing import Any, get_args, get_origin, get_type_hints

from curbstop.domain.access_issues import AccessPolicy
from curbstop.domain.appointments import AppointmentPolicy
from curbstop.domain.dispatch import DispatchPolicy
from curbstop.domain.locate_tickets import LocatePolicy
from curbstop.domain.policy_checks import check, wrong
from curbstop.domain.problems import Problem
from curbstop.domain.reading_exceptions import ReadingPolicy
from curbstop.domain.removal_timers import RemovalPolicy
from curbstop.domain.sequences import RoutePolicy
from curbstop.domain.service_levels import ServiceLevelPolicy
from curbstop.domain.taps import TapPolicy
from curbstop.domain.temp_services import TemporaryPolicy
from curbstop.domain.visit_checks import VisitPolicy

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
class LetterPolicy:
    """Who writes, as every letter's head and foot have it."""

    utility_name: str
    return_address: tuple[str, ...]
    telephone: str
    hours: str
    citation: str


@dataclass(frozen=True, slots=True)
class CostPolicy:
    """What work at an owner's cost is billed by."""

    hour_cents: int
    least_cents: int
    material_markup_percent: int


@dataclass(frozen=True, slots=True)
class FeePolicy:
    attached_at: str  # "listed", "dispatched" or "completed"
    refused: tuple[str, ...]
    amounts_cents: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class MeterTestPolicy:
    """Accuracy at each flow in tenths of a percent, and how much each flow counts in the average."""

    low_least_tenths: int
    low_most_tenths: int
    low_weight: int
    mid_least_tenths: int
    mid_most_tenths: int
    mid_weight: int
    high_least_tenths: int
    high_most_tenths: int
    high_weight: int


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
    letter: LetterPolicy
    access: AccessPolicy
    fees: FeePolicy
    service_levels: ServiceLevelPolicy
    appointments: AppointmentPolicy
    dispatch: DispatchPolicy
    removal: RemovalPolicy
    locate: LocatePolicy
    taps: TapPolicy
    meter_test: MeterTestPolicy
    routes: RoutePolicy
    temporary: TemporaryPolicy
    visits: VisitPolicy
    readings: ReadingPolicy
    costs: CostPolicy
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
    check(policy)
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
            raise wrong(where, "a list of words")
        return tuple(value)
    if get_origin(kind) is not None:
        if not isinstance(value, Mapping):
            raise wrong(where, "a table")
        return {str(key): _read(get_args(kind)[1], item, f"{where}.{key}") for key, item in value.items()}
    if type(value) is not kind:
        raise wrong(where, {int: "a whole number", bool: "true or false"}.get(kind, "text"))
    return value


def _section(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise wrong(where or "policy", "a table")
    hints, known = get_type_hints(kind), {field.name for field in fields(kind)}
    for name in sorted(set(value) - known):
        raise Problem("policy_invalid", f"There is no setting {_path(where, name)}.", setting=_path(where, name))
    for name in sorted(known - set(value)):
        raise Problem("policy_invalid", f"The setting {_path(where, name)} is missing.", setting=_path(where, name))
    return kind(**{name: _read(hints[name], item, _path(where, name)) for name, item in value.items()})


def _path(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
