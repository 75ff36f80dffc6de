"""The gates of a cut-off: each rule of the policy as a question with an answer, and what the answers come to.

A gate is asked when a list is built, when it is approved, when an order is dispatched and when a tablet's lease is
renewed. It allows, blocks with a code, or needs somebody's override. Every answer carries what it was judged by, so
that it can be told to a customer years later.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final

from curbstop.domain import gate_questions as asks
from curbstop.domain.closures import Closures
from curbstop.domain.cut_offs import Cause, Facts, Moment, ReturnedPayment, Stage
from curbstop.domain.gate_questions import Objection
from curbstop.domain.policy import Policy
from curbstop.domain.problems import Problem


class Ruling(StrEnum):
    ALLOW = "allow"
    NEEDS_OVERRIDE = "needs_override"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Answer:
    """One gate's ruling: a public `code` and plain words where it is not `allow`, and what was looked at."""

    gate: str
    ruling: Ruling
    code: str | None = None
    detail: str = ""
    overridden_by: tuple[str, ...] = ()  # the roles that may
    inputs: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "gate": self.gate,
            "ruling": self.ruling.value,
            "code": self.code,
            "detail": self.detail,
            "overridden_by": list(self.overridden_by),
            "inputs": {name: plain(value) for name, value in self.inputs.items()},
        }


@dataclass(frozen=True, slots=True)
class Gate:
    """One question; `looks_at` names the facts and settings that the answer is recorded with."""

    name: str
    asks: Callable[[Policy, Facts, Moment], Objection]
    looks_at: tuple[str, ...]
    causes: frozenset[Cause] = frozenset(Cause)
    stages: frozenset[Stage] = frozenset(Stage)


def evaluate(policy: Policy, facts: Facts, moment: Moment, *, brief: bool = False) -> list[Answer]:
    """Every gate that applies to the cause and the stage, in the order of the list.

    `brief`: what a gate that allows has looked at is left out, where the facts are kept beside the answers.
    """
    applying = [gate for gate in GATES if facts.cause in gate.causes and moment.stage in gate.stages]
    return [_answer(gate, policy, facts, moment, brief=brief) for gate in applying]


def ruling_of(answers: Iterable[Answer], overrides: Mapping[str, Sequence[str]] | None = None) -> Ruling:
    """What the answers come to; `overrides` are the roles of whoever overrode a gate, by its name."""
    given = overrides or {}
    found = Ruling.ALLOW
    for answer in answers:
        if answer.ruling is Ruling.BLOCK:
            return Ruling.BLOCK
        lifted = set(given.get(answer.gate, ())) & set(answer.overridden_by)
        if answer.ruling is Ruling.NEEDS_OVERRIDE and not lifted:
            found = Ruling.NEEDS_OVERRIDE
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """What the gates came to for one cut-off, with what stands against it."""

    ruling: Ruling
    objections: tuple[Answer, ...] = ()

    def require(self) -> None:
        """Problem(`gate_blocked` | `override_needed`) with `objections`, unless it may go ahead."""
        if self.ruling is Ruling.ALLOW:
            return
        blocking = [answer for answer in self.objections if answer.ruling is Ruling.BLOCK] or list(self.objections)
        detail = " ".join(answer.detail for answer in blocking)
        code = "gate_blocked" if self.ruling is Ruling.BLOCK else "override_needed"
        raise Problem(code, detail or None, objections=[answer.to_json() for answer in self.objections])


def asked(answers: Sequence[Answer], overrides: Mapping[str, Sequence[str]] | None = None) -> Asked:
    """The answers in short: their ruling, and the objections that no override lifted."""
    given = overrides or {}
    standing = tuple(
        answer
        for answer in answers
        if answer.ruling is not Ruling.ALLOW and not set(given.get(answer.gate, ())) & set(answer.overridden_by)
    )
    return Asked(ruling_of(answers, given), standing)


def next_cut_day(policy: Policy, closures: Closures, first: date) -> date:
    """The first day, `first` with it, that the day's gates allow; `first` itself when none of two months does."""
    days_gates = [gate for gate in GATES if gate.name in ("weekday", "closure")]
    for ahead in range(60):
        day = first + timedelta(days=ahead)
        moment = Moment(Stage.BUILD, datetime.combine(first, time(), tzinfo=UTC), day, closures)
        if not any(gate.asks(policy, Facts(), moment) for gate in days_gates):
            return day
    return first


def _answer(gate: Gate, policy: Policy, facts: Facts, moment: Moment, *, brief: bool) -> Answer:
    objection = gate.asks(policy, facts, moment)
    if objection is None and brief:
        return Answer(gate.name, Ruling.ALLOW)
    inputs = {name: getattr(facts, name) for name in gate.looks_at}
    inputs["cut_on"] = moment.cut_on
    if objection is None:
        return Answer(gate.name, Ruling.ALLOW, inputs=inputs)
    code, detail = objection
    roles = tuple(policy.overrides.get(gate.name, ()))
    ruling = Ruling.NEEDS_OVERRIDE if roles else Ruling.BLOCK
    return Answer(gate.name, ruling, code, detail, roles, inputs)


def plain(value: Any) -> Any:
    """A fact in JSON's words."""
    if isinstance(value, ReturnedPayment):
        return {name: plain(getattr(value, name)) for name in ("returned_on", "reason", "paid_a_restoral")}
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


_MONEY = frozenset({Cause.NONPAYMENT, Cause.RETURNED_PAYMENT})
_NONPAYMENT = frozenset({Cause.NONPAYMENT})
_NOT_AT_BUILD = frozenset({Stage.APPROVE, Stage.DISPATCH, Stage.LEASE})
_AT_THE_DOOR = frozenset({Stage.DISPATCH, Stage.LEASE})
# In the order in which a person would ask.
GATES: Final[tuple[Gate, ...]] = (
    Gate("minimum", asks.minimum, ("past_due_cents", "periods_past_due"), _NONPAYMENT),
    Gate("delinquency", asks.delinquency, ("delinquent_since",), _NONPAYMENT),
    Gate("returned_payment", asks.returned_payment, ("returned",), frozenset({Cause.RETURNED_PAYMENT})),
    Gate("violation", asks.violation, ("letter_expired", "hazard"), frozenset({Cause.VIOLATION})),
    Gate("former_occupant", asks.former_occupant, ("owed_by_former_occupant",), _MONEY),
    Gate("class_crossover", asks.class_crossover, ("debt_class", "service_class"), _MONEY),
    # A list that is being built is not handed over yet.
    Gate("freshness", asks.freshness, ("payments_as_of",), _MONEY, frozenset({Stage.APPROVE, Stage.DISPATCH})),
    # When it is built, the notices of a list are still to be sent.
    Gate("notice", asks.notice, ("notice_mailed_on", "notice_returned"),
         frozenset({Cause.NONPAYMENT, Cause.VIOLATION}), _NOT_AT_BUILD),
    Gate("contact", asks.contact, ("reached_on",), _NONPAYMENT, _NOT_AT_BUILD),
    Gate("dispute", asks.dispute, ("dispute_open",)),
    Gate("hold", asks.hold, ("on_hold",)),
    Gate("medical", asks.medical, ("medical_until",)),
    Gate("critical", asks.critical, ("critical",)),
    Gate("plan", asks.plan, ("plan_active",), _NONPAYMENT),
    Gate("promise", asks.promise, ("promised_until",), _MONEY),
    Gate("moratorium", asks.moratorium, ("moratoria",)),
    Gate("weekday", asks.weekday, ()),
    Gate("closure", asks.closure, ()),
    Gate("hours", asks.hours, (), stages=_AT_THE_DOOR),
    Gate("weather", asks.weather, ("weather_alert", "forecast_low_f", "forecast_high_f"), stages=_AT_THE_DOOR),
    Gate("capacity", asks.capacity, ("planned_that_day",), stages=frozenset({Stage.APPROVE, Stage.DISPATCH})),
)  # fmt: skip
