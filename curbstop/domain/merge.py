"""Three-way merge of what the office and a tablet changed at the same time, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Policy(StrEnum):
    """Who wins a field that both sides changed to different values."""

    OFFICE_WINS = "office_wins"
    FIELD_WINS = "field_wins"
    APPEND = "append"
    PARK = "park"


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
}
SERVICE_POINT_POLICY: Final[dict[str, Policy]] = {
    "access_notes": Policy.APPEND,
    "hazards": Policy.APPEND,
    "read_instructions": Policy.APPEND,
    "location": Policy.PARK,
    "physical_state": Policy.FIELD_WINS,
    "address": Policy.OFFICE_WINS,
}

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
    """
    fields, clashes = dict(theirs), []
    for name, value in mine.items():
        was, now = base.get(name, _ABSENT), theirs.get(name, _ABSENT)
        if value in (was, now):
            continue
        if now == was:
            fields[name] = value
            continue
        rule = policy.get(name, default)
        taken = _take(rule, was, now, value)
        if taken is not _ABSENT:
            fields[name] = taken
        shown = None if rule is Policy.PARK else _plain(taken)
        clashes.append(Clash(name, _plain(was), _plain(now), value, rule, shown))
    return Merged(fields, tuple(clashes))


def _take(rule: Policy, was: Any, now: Any, value: Any) -> Any:
    if rule is Policy.FIELD_WINS:
        return value
    if rule is Policy.APPEND:
        return _append(was, now, value)
    return now


def _append(was: Any, now: Any, value: Any) -> Any:
    """Lists keep the office's entries and gain the tablet's new ones; prose gains the tablet's new part as a line."""
    if isinstance(now, list) and isinstance(value, list):
        old = was if isinstance(was, list) else []
        return now + [entry for entry in value if entry not in now and entry not in old]
    if not isinstance(now, str) or not now:
        return value
    if not isinstance(value, str) or not value:
        return now
    added = value.removeprefix(was).strip() if isinstance(was, str) else value
    return now if not added or added in now.splitlines() else f"{now}\n{added}"


def _plain(value: Any) -> Any:
    return None if value is _ABSENT else value
