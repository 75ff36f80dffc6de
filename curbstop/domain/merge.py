"""Three-way merge of what the office and a tablet changed at the same time, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import cos, hypot, radians
from typing import Any, Final


class Policy(StrEnum):
    """Who wins a field that both sides changed to different values."""

    OFFICE_WINS = "office_wins"
    FIELD_WINS = "field_wins"
    MAX = "max"  # the greater of the two: a moment, a count
    APPEND = "append"  # lines or entries: what either side added stays, what either took out is gone
    PARK = "park"  # a person decides


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that both sides changed; `taken` is what was kept, None with PARK until a person decides."""

    field: str
    base: Any
    theirs: Any
    mine: Any
    policy: Policy
    taken: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged fields, and every clash, to be logged whoever won."""

    fields: dict[str, Any]
    clashes: tuple[Clash, ...]

    @property
    def parked(self) -> tuple[Clash, ...]:
        return tuple(clash for clash in self.clashes if clash.policy is Policy.PARK)


# The office owns an order's header, the field what it saw; what both write as prose is kept from both.
SERVICE_ORDER_POLICY: Final[dict[str, Policy]] = {
    "instructions": Policy.OFFICE_WINS,
    "priority": Policy.OFFICE_WINS,
    "requested_on": Policy.OFFICE_WINS,
    "window_start": Policy.OFFICE_WINS,
    "window_end": Policy.OFFICE_WINS,
    "scheduled_on": Policy.OFFICE_WINS,
    "place": Policy.OFFICE_WINS,
    "account_id": Policy.OFFICE_WINS,
    "outcome": Policy.FIELD_WINS,
    "captures": Policy.FIELD_WINS,
    "notes": Policy.APPEND,
    "attempt_no": Policy.MAX,
}
SERVICE_POINT_POLICY: Final[dict[str, Policy]] = {
    "access_notes": Policy.APPEND,
    "hazards": Policy.APPEND,
    "read_instructions": Policy.APPEND,
    "location": Policy.PARK,
    "physical_state": Policy.FIELD_WINS,
    "address": Policy.OFFICE_WINS,
}
ACCESS_ISSUE_POLICY: Final[dict[str, Policy]] = {
    "category": Policy.PARK,
    "note": Policy.APPEND,
    "occurrences": Policy.MAX,
    "last_seen_at": Policy.MAX,
    "state": Policy.OFFICE_WINS,
}
# THE policy table, by entity type.
POLICIES: Final[dict[str, dict[str, Policy]]] = {
    "service_order": SERVICE_ORDER_POLICY,
    "service_point": SERVICE_POINT_POLICY,
    "access_issue": ACCESS_ISSUE_POLICY,
}
# Two positions closer than this are one: a survey and a good fix of a tablet differ by as much.
SAME_PLACE_M: Final = 3.0
_METERS_A_DEGREE = 111_320.0

_ABSENT = object()


def merge_fields(
    base: Mapping[str, Any],
    theirs: Mapping[str, Any],
    mine: Mapping[str, Any],
    policy: Mapping[str, Policy],
    default: Policy = Policy.OFFICE_WINS,
) -> Merged:
    """Merge `mine` (the tablet's fields) into `theirs` (the office's present ones), both made from `base`.

    A field absent from `mine` was not changed by the tablet. Equal edits converge silently, edits of different fields
    both stand, and one field edited on both sides follows its policy and is reported. A parked field keeps `theirs`.
    Positions, {longitude, latitude} in degrees, are equal when they are within SAME_PLACE_M.
    """
    fields, clashes = dict(theirs), []
    for name, value in mine.items():
        was, now = base.get(name, _ABSENT), theirs.get(name, _ABSENT)
        if _same(value, was) or _same(value, now):
            continue
        if _same(now, was):
            fields[name] = value
            continue
        rule = policy.get(name, default)
        taken = _take(rule, was, now, value)
        if taken is not _ABSENT:
            fields[name] = taken
        shown = None if rule is Policy.PARK else _plain(taken)
        clashes.append(Clash(name, _plain(was), _plain(now), value, rule, shown))
    return Merged(fields, tuple(clashes))


def _same(one: Any, other: Any) -> bool:
    if _is_place(one) and _is_place(other):
        return apart_m(one, other) <= SAME_PLACE_M
    return bool(one == other)


def _is_place(value: Any) -> bool:
    return isinstance(value, Mapping) and {"longitude", "latitude"} <= set(value)


def apart_m(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """Meters between two positions that lie near each other; at a few meters a plane is as good as the globe."""
    north = (float(one["latitude"]) - float(other["latitude"])) * _METERS_A_DEGREE
    middle = radians((float(one["latitude"]) + float(other["latitude"])) / 2)
    # The short way round, also across the date line.
    degrees = (float(one["longitude"]) - float(other["longitude"]) + 180) % 360 - 180
    return hypot(north, degrees * _METERS_A_DEGREE * cos(middle))


def _take(rule: Policy, was: Any, now: Any, value: Any) -> Any:
    if rule is Policy.FIELD_WINS:
        return value
    if rule is Policy.APPEND:
        return _append(was, now, value)
    if rule is Policy.MAX:
        return value if now is _ABSENT or now is None or (value is not None and value > now) else now
    return now


def _append(was: Any, now: Any, value: Any) -> Any:
    """Lists by their entries, prose by its lines: what the tablet took out goes, what it added comes at the end."""
    if isinstance(now, list) or isinstance(value, list):
        return _entries(_list(was), _list(now), _list(value))
    lines = _entries(_lines(was), _lines(now), _lines(value))
    # Where nothing is left, as the tablet says it: merged again, it is what is there.
    return "\n".join(lines) if lines else value


def _entries(was: list[Any], now: list[Any], value: list[Any]) -> list[Any]:
    stays = [entry for entry in now if entry in value or entry not in was]
    return stays + [entry for entry in value if entry not in was and entry not in stays]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _lines(value: Any) -> list[str]:
    return value.splitlines() if isinstance(value, str) else []


def _plain(value: Any) -> Any:
    return None if value is _ABSENT else value
