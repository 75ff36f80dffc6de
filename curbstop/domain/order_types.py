"""Order types are data: what a kind of order asks for, how it may end, who handles it and what posting it does."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any

from curbstop.domain import follow_ups
from curbstop.domain.effects import EFFECTS
from curbstop.domain.outcomes import CatalogueError, OutcomeCategory, load_code_tables, read_toml
from curbstop.domain.permissions import Role
from curbstop.domain.problems import Problem


class CaptureKind(StrEnum):
    """What a capture's value looks like in JSON; `captures.py` checks each."""

    TEXT = "text"
    SERIAL = "serial"
    READING = "reading"
    READINGS = "readings"
    CHOICE = "choice"
    YES_NO = "yes_no"
    NUMBER = "number"
    PHOTO = "photo"
    DATETIME = "datetime"
    POSITION = "position"


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a choice; the label is what the tablet shows."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Capture:
    """One thing that a technician records. `when`: the outcomes that require it; empty means every completing one."""

    name: str
    kind: CaptureKind
    label: str
    unit: str | None = None
    choices: tuple[Choice, ...] = ()
    required: bool = True
    when: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    count: int = 1  # photos: how many at least
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class EffectCall:
    """One thing that posting does: a word of EFFECTS with its arguments."""

    effect: str
    args: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"effect": self.effect, **self.args}


@dataclass(frozen=True, slots=True)
class OrderType:
    """A whole order type; stored in the database as versioned data by `to_json`, read back by `from_json`."""

    code: str
    name: str
    priority: int  # 1 is the most urgent, 5 the least
    captures: tuple[Capture, ...]
    outcomes: tuple[str, ...]
    create_roles: frozenset[Role]
    approve_roles: frozenset[Role] = frozenset()
    post_roles: frozenset[Role] = frozenset()
    effects: tuple[EffectCall, ...] = ()
    system_creates: bool = False
    auto_post: bool = False
    requires_dig: bool = False
    is_cut_off: bool = False
    needs_account: bool = False
    skills: tuple[str, ...] = ()
    service_minutes: int = 15
    built: bool = False

    @property
    def changes_the_ground(self) -> bool:
        """Whether a completion is a physical fact, to be accepted even with captures missing."""
        return any(EFFECTS[call.effect].in_the_ground for call in self.effects)

    def changed_the_ground(self, captures: Mapping[str, Any]) -> bool:
        """The same of one visit, by what it found: a leak that was not shut off changed nothing."""
        return any(
            EFFECTS[call.effect].in_the_ground and follow_ups.wanted(call.args.get("only_if"), captures, ())
            for call in self.effects
        )

    def capture(self, name: str) -> Capture | None:
        return next((capture for capture in self.captures if capture.name == name), None)

    def needs_approval(self, roles: frozenset[Role]) -> bool:
        """Whether an order made by these roles stays a draft until somebody of `approve_roles` releases it."""
        return bool(self.approve_roles) and not roles & self.approve_roles

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, stable in order: equal order types give equal text."""
        plain = asdict(self)
        for key in ("create_roles", "approve_roles", "post_roles"):
            plain[key] = [role.value for role in Role if role in plain[key]]
        plain["captures"] = [{**asdict(c), "choices": [asdict(x) for x in c.choices]} for c in self.captures]
        for capture in plain["captures"]:
            capture["kind"], capture["when"] = str(capture["kind"]), list(capture["when"])
        plain["outcomes"], plain["skills"] = list(self.outcomes), list(self.skills)
        plain["effects"] = [call.to_json() for call in self.effects]
        return plain

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "OrderType":
        """The order type from `to_json`'s shape; raises CatalogueError naming the entry that is wrong."""
        code = str(data.get("code", "?"))
        try:
            plain = dict(data)
            for key in ("create_roles", "approve_roles", "post_roles"):
                plain[key] = frozenset(Role(role) for role in plain.get(key, ()))
            plain["captures"] = tuple(_capture(code, row) for row in plain["captures"])
            plain["effects"] = tuple(_effect(row) for row in plain.get("effects", ()))
            plain["outcomes"] = tuple(plain["outcomes"])
            plain["skills"] = tuple(plain.get("skills", ()))
            made = cls(**plain)
        except (KeyError, TypeError, ValueError) as error:
            raise CatalogueError(f"{code}: {error}") from error
        _check(made)
        return made


def _capture(code: str, row: Mapping[str, Any]) -> Capture:
    choices = tuple(Choice(**choice) for choice in row.get("choices", ()))
    try:
        kind = CaptureKind(row["kind"])
    except ValueError as error:
        raise CatalogueError(f"{code}: capture {row.get('name')}: unknown kind {row['kind']!r}") from error
    return Capture(**{**row, "kind": kind, "choices": choices, "when": tuple(row.get("when", ()))})


def _effect(row: Mapping[str, Any]) -> EffectCall:
    return EffectCall(row["effect"], {key: value for key, value in row.items() if key != "effect"})


def _check(kind: OrderType) -> None:
    """Raise CatalogueError for whatever the vocabulary does not know."""
    tables = load_code_tables()
    names = [capture.name for capture in kind.captures]
    wrong = [f"unknown outcome {code!r}" for code in kind.outcomes if code not in tables.outcomes]
    wrong += [f"capture {name!r} is there twice" for name in sorted(set(names)) if names.count(name) > 1]
    for capture in kind.captures:
        if (capture.kind is CaptureKind.CHOICE) != bool(capture.choices):
            wrong.append(f"capture {capture.name!r}: choices belong to a choice, and it needs some")
        wrong += [f"capture {capture.name!r}: unknown outcome {o!r}" for o in capture.when if o not in kind.outcomes]
    for call in kind.effects:
        wrong += _effect_errors(call, names, kind.built)
    if not wrong and not any(tables.outcomes[code].completes for code in kind.outcomes):
        wrong.append("no outcome completes it")
    if not 1 <= kind.priority <= 5:
        wrong.append("priority is 1 to 5")
    if wrong:
        raise CatalogueError(f"{kind.code}: {'; '.join(wrong)}")


def _effect_errors(call: EffectCall, captures: list[str], built: bool) -> list[str]:
    effect = EFFECTS.get(call.effect)
    if effect is None:
        return [f"unknown effect {call.effect!r}"]
    wrong = [f"effect {call.effect} {said}" for said in effect.wrong_with(call.args)]
    wrong += [f"effect {call.effect}: {said}" for said in follow_ups.wrong_with(call.args.get("only_if"), captures)]
    if call.args.get("capture", captures[0] if captures else None) not in [*captures, None]:
        wrong.append(f"effect {call.effect}: unknown capture {call.args['capture']!r}")
    if built and not effect.built:
        wrong.append(f"effect {call.effect} is not built, so the type cannot be")
    return wrong


def parse_catalogue(data: Mapping[str, Any]) -> dict[str, OrderType]:
    """Order types from the catalogue file's shape, where captures are shared by name and outcome groups by `@NAME`."""
    shared, groups = data.get("captures", {}), data.get("groups", {})
    made = {}
    for code, row in data["order_types"].items():
        captures = [_resolve(code, entry, shared) for entry in row["captures"]]
        outcomes: list[str] = []
        for entry in row["outcomes"]:
            outcomes += _group(code, entry, groups)
        effects = [{"effect": e} if isinstance(e, str) else e for e in row.get("effects", ())]
        plain = {"post_roles": ["CSR", "BIL", "SUP"], "service_minutes": 15, **row}
        plain |= {"code": code, "captures": captures, "outcomes": outcomes, "effects": effects}
        made[code] = OrderType.from_json(plain)
    return made


def _resolve(code: str, entry: str | dict[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """A capture written as a shared name, as `{use = name, ...}` with changes, or in full."""
    own = {"use": entry} if isinstance(entry, str) else dict(entry)
    use = own.pop("use", None)
    if use is None:
        return own
    if use not in shared:
        raise CatalogueError(f"{code}: unknown shared capture {use!r}")
    return {"name": use, **shared[use], **own}


def _group(code: str, entry: str, groups: Mapping[str, list[str]]) -> list[str]:
    if not entry.startswith("@"):
        return [entry]
    if entry[1:] not in groups:
        raise CatalogueError(f"{code}: unknown outcome group {entry!r}")
    return groups[entry[1:]]


@cache
def load_catalogue() -> dict[str, OrderType]:
    """The shipped order types by code; raises CatalogueError naming the entry that is wrong."""
    return parse_catalogue({**read_toml("captures.toml"), **read_toml("order_types.toml")})


def require_creatable(
    kind: OrderType, roles: frozenset[Role], *, system: bool = False, found_work: bool = False
) -> None:
    """Raise Problem(`order_type_inactive` | `order_type_not_yours`) unless such an order may be made.

    `found_work`: a technician made it in the field, which the type must name TECH (or LEAD) for.
    """
    if not kind.built:
        raise Problem("order_type_inactive", f"{kind.code} ({kind.name}) is not in use yet", order_type=kind.code)
    if (system and kind.system_creates) or roles & kind.create_roles:
        return
    if found_work and roles & {Role.TECH, Role.LEAD} and Role.TECH in kind.create_roles:
        return
    allowed = [role.value for role in Role if role in kind.create_roles]
    raise Problem("order_type_not_yours", f"{kind.code} is for {', '.join(allowed)}", allowed_roles=allowed)


def outcome_completes(kind: OrderType, outcome: str) -> bool:
    """Whether the outcome completes the order; raises Problem(`outcome_unknown`) if the type does not know it."""
    if outcome not in kind.outcomes:
        raise Problem("outcome_unknown", f"{kind.code} has no outcome {outcome}", outcomes=list(kind.outcomes))
    return load_code_tables().outcomes[outcome].completes


def is_no_access(outcome: str) -> bool:
    """Whether the outcome says that the technician could not get to the meter."""
    found = load_code_tables().outcomes.get(outcome)
    return found is not None and found.category is OutcomeCategory.NO_ACCESS
