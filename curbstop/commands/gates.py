"""Asks the gates of cut-offs: keeps what they answered and by what they were judged, and takes people's overrides."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from curbstop.commands import cut_off_facts, policies
from curbstop.commands.many import insert_many
from curbstop.commands.work import Work, get
from curbstop.domain import gates as rules
from curbstop.domain.cut_offs import CAUSE_OF, Cause, Facts, Moment, Stage, is_gated
from curbstop.domain.gates import Answer, Asked, Ruling
from curbstop.domain.permissions import Action, require
from curbstop.models.access_issue import AccessIssue
from curbstop.models.account import Account
from curbstop.models.among import among
from curbstop.models.gate_check import GateCheck, GateOverride
from curbstop.models.ids import new_id
from curbstop.models.service_order import ServiceOrder

HAZARD = "hazard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One cut-off that is asked about, and what only the asker knows of it."""

    cause: Cause
    cut_on: date
    account_id: UUID | None
    line_id: UUID | None = None
    order_id: UUID | None = None
    planned_that_day: int = 0
    letter_expired: bool = False
    hazard: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """A question with its facts, every gate's answer, and what they come to with the overrides that were given."""

    question: Question
    facts: Facts
    answers: list[Answer]
    overrides: Mapping[str, Sequence[str]]
    asked: Asked


def ask(
    work: Work, questions: Sequence[Question], stage: Stage, *, keep: bool = True, whole: bool = False
) -> list[Checked]:
    """The gates' answers in the order of the questions, in a fixed number of statements for each day and cause."""
    if not questions:
        return []
    policy = policies.in_force(work.session)
    calendar = policies.closures(work.session, policy.policy)
    lifted = _overrides(work, questions)
    found = []
    for question, facts in zip(questions, _facts(work, questions), strict=True):
        moment = Moment(stage, work.at.astimezone(work.settings.zone), question.cut_on, calendar)
        answers = rules.evaluate(policy.policy, facts, moment, brief=not whole)
        overrides = _that_lift(answers, lifted[question.account_id, question.cause], question.cut_on)
        found.append(Checked(question, facts, answers, overrides, rules.asked(answers, overrides)))
    if keep:
        _keep(work, policy.number, stage, found)
    return found


def ask_for_orders(
    work: Work,
    orders: Sequence[ServiceOrder],
    stage: Stage,
    *,
    cut_on: date | None = None,
    technician: UUID | None = None,
    keep: bool = True,
) -> dict[UUID, Checked]:
    """The same for those of the orders that are gated, by their ids; others need no answer.

    `cut_on` is the day that they are planned for; without one it is each order's own day, or the next on which the
    utility cuts. With a technician, what that person has on the day already counts against the capacity.
    """
    gated = [order for order in orders if is_gated(order.type_code)]
    if not gated:
        return {}
    planned = _planned(work, gated, cut_on, technician)
    issues = _letters(work, gated)
    someday = cut_on or next_cut_day(work)
    questions = [
        Question(
            cause=CAUSE_OF[order.type_code],
            cut_on=cut_on or order.scheduled_on or someday,
            account_id=order.account_id,
            order_id=order.id,
            planned_that_day=planned + number,
            letter_expired=issues.get(order.access_issue_id) == "escalated",
            hazard=HAZARD in order.flags,
        )
        for number, order in enumerate(gated)
    ]
    return {order.id: checked for order, checked in zip(gated, ask(work, questions, stage, keep=keep), strict=True)}


def lock_accounts(work: Work, order_ids: Collection[UUID]) -> None:
    """Locks the accounts of the gated orders before the orders: a payment or a hold comes before or after, not between.

    Whoever takes money or places a hold locks the account first and its orders then, too.
    """
    wanted = select(ServiceOrder.account_id).where(
        among(work.session, ServiceOrder.id, order_ids), ServiceOrder.type_code.in_(CAUSE_OF)
    )
    account_ids = [one for one in work.session.scalars(wanted) if one is not None]
    if account_ids:
        locked = select(Account.id).where(among(work.session, Account.id, account_ids)).order_by(Account.id)
        work.session.execute(locked.with_for_update(read=True)).all()


def ask_about(work: Work, account_id: UUID, cause: Cause, cut_on: date) -> dict[str, Any]:
    """What every gate says of an account on a day, for whoever has its customer on the telephone; kept like any asking.

    Problems: forbidden, not_found.
    """
    require(work.actor, Action.VIEW_CUT_OFF_RUNS)
    get(work, Account, account_id, lock=False)
    question = Question(cause=cause, cut_on=cut_on, account_id=account_id)
    [checked] = ask(work, [question], Stage.APPROVE, whole=True)
    return {
        "ruling": checked.asked.ruling.value,
        "cut_on": cut_on,
        "policy_number": policies.in_force(work.session).number,
        "asked_at": work.at,
        "gates": [answer.to_json() for answer in checked.answers],
    }


def of_order(work: Work, order: ServiceOrder, cut_on: date | None = None) -> Question:
    """What is asked about an order when somebody overrides one of its gates."""
    issues = _letters(work, [order])
    return Question(
        cause=CAUSE_OF[order.type_code],
        cut_on=cut_on or order.scheduled_on or next_cut_day(work),
        account_id=order.account_id,
        order_id=order.id,
        letter_expired=issues.get(order.access_issue_id) == "escalated",
        hazard=HAZARD in order.flags,
    )


def _facts(work: Work, questions: Sequence[Question]) -> list[Facts]:
    groups: dict[tuple[date, Cause], set[UUID]] = defaultdict(set)
    for question in questions:
        groups[question.cut_on, question.cause].update({question.account_id} - {None})  # type: ignore[arg-type]
    known = {key: cut_off_facts.gather(work, ids, *key) for key, ids in groups.items()}
    found = []
    for question in questions:
        key = question.cut_on, question.cause
        facts = known[key].get(question.account_id) if question.account_id is not None else None
        facts = facts or cut_off_facts.without_account(work, *key)
        told: dict[str, Any] = {
            "planned_that_day": question.planned_that_day,
            "letter_expired": question.letter_expired,
            "hazard": question.hazard,
        }
        found.append(replace(facts, **told) if any(told.values()) else facts)
    return found


def _that_lift(answers: Sequence[Answer], given: Sequence[GateOverride], cut_on: date) -> dict[str, list[str]]:
    """The roles that overrode each gate, of those given for that day and for just what the gate says."""
    codes = {answer.gate: answer.code for answer in answers}
    found: dict[str, list[str]] = defaultdict(list)
    for one in given:
        if one.through >= cut_on and codes.get(one.gate) == one.code:
            found[one.gate] += one.roles
    return dict(found)


def _overrides(work: Work, questions: Sequence[Question]) -> defaultdict[tuple[UUID | None, Cause], list[GateOverride]]:
    ids = {question.account_id for question in questions if question.account_id is not None}
    first = min(question.cut_on for question in questions)
    found: defaultdict[tuple[UUID | None, Cause], list[GateOverride]] = defaultdict(list)
    for row in work.session.scalars(
        select(GateOverride).where(among(work.session, GateOverride.account_id, ids), GateOverride.through >= first)
    ):
        found[row.account_id, Cause(row.cause)].append(row)
    return found


def keep_checks(work: Work, stage: Stage, found: Sequence[Checked]) -> None:
    """Keeps answers that were asked for without keeping them, where something came of them."""
    if found:
        _keep(work, policies.in_force(work.session).number, stage, found)


def _keep(work: Work, policy_number: int, stage: Stage, found: Sequence[Checked]) -> None:
    insert_many(
        work.session,
        GateCheck,
        [
            {
                "id": new_id(),
                "account_id": one.question.account_id,
                "line_id": one.question.line_id,
                "order_id": one.question.order_id,
                "cause": one.question.cause.value,
                "stage": stage.value,
                "cut_on": one.question.cut_on,
                "policy_number": policy_number,
                "ruling": one.asked.ruling.value,
                "facts": _plain(one.facts),
                "asked": [answer.gate for answer in one.answers],
                "objections": [answer.to_json() for answer in one.answers if answer.ruling is not Ruling.ALLOW],
                "overrides": dict(one.overrides),
                "asked_at": work.at,
                "asked_by_id": work.actor.staff_id,
            }
            for one in found
        ],
    )


_NOTHING_KNOWN = Facts()


def _plain(facts: Facts) -> dict[str, Any]:
    """What was known, in JSON; what is as nobody had said anything is left out. Hold reasons are the office's own."""
    known = {field.name: getattr(facts, field.name) for field in fields(facts)}
    return {name: rules.plain(value) for name, value in known.items() if value != getattr(_NOTHING_KNOWN, name)}


def _planned(work: Work, orders: Sequence[ServiceOrder], cut_on: date | None, technician: UUID | None) -> int:
    """How many cut-offs the technician has on that day already, without these."""
    if technician is None or cut_on is None:
        return 0
    there = select(func.count()).where(
        ServiceOrder.technician_id == technician,
        ServiceOrder.scheduled_on == cut_on,
        ServiceOrder.type_code.in_(CAUSE_OF),
        ServiceOrder.state != "cancelled",
        ServiceOrder.id.not_in([order.id for order in orders]),
    )
    return work.session.scalar(there) or 0


def _letters(work: Work, orders: Sequence[ServiceOrder]) -> dict[UUID | None, str]:
    """The states of the access issues that violations are cut off for."""
    ids = Counter(order.access_issue_id for order in orders if order.access_issue_id is not None)
    if not ids:
        return {}
    rows = work.session.execute(
        select(AccessIssue.id, AccessIssue.state).where(among(work.session, AccessIssue.id, list(ids)))
    )
    found: dict[UUID | None, str] = dict(rows.all())
    return found


def next_cut_day(work: Work) -> date:
    """The next day on which the policy and the calendar let anything be cut off, today with it."""
    policy = policies.in_force(work.session).policy
    today = work.at.astimezone(work.settings.zone).date()
    calendar = policies.closures(work.session, policy)
    return rules.next_cut_day(policy, calendar, today)
