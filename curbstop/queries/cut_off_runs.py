"""Reads cut-off runs: the lists, their lines, and why an account was or was not cut off."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, case, func, select
from sqlalchemy.orm import Session, aliased

from curbstop.domain import cut_off_explanations as words
from curbstop.domain.actors import Actor
from curbstop.domain.cut_off_explanations import Sentence, Told
from curbstop.domain.cut_off_runs import LineState, RunStage
from curbstop.domain.money import dollars
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import ON_TABLET_STATES
from curbstop.models.account import Account, Customer
from curbstop.models.cut_off_run import CutOffLine, CutOffNotice, CutOffRun
from curbstop.models.gate_check import GateCheck, GateOverride
from curbstop.models.service_order import OrderHistory, ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.staff import Staff
from curbstop.models.standing import Payment
from curbstop.queries.page import Page, PageRequest, fetch
from curbstop.settings import Settings

RUN_SORTS = {"created_at": CutOffRun.created_at, "cut_on": CutOffRun.cut_on}
LINE_SORTS = {"due_cents": CutOffLine.due_cents, "account_number": Account.number}
# Where a run is once somebody has an order of it on a tablet, or has done one.
IN_FIELD = "in_field"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The sentence that the caller wants, what happened in order, and every rule with what it said last."""

    line_id: UUID
    account_number: str
    answer: str
    story: list[Sentence]
    gates: list[dict[str, Any]]
    policy_number: int | None


def runs(
    session: Session, actor: Actor, page: PageRequest, *, stage: str | None = None, cause: str | None = None
) -> Page[CutOffRun]:
    """A page of runs."""
    require(actor, Action.VIEW_CUT_OFF_RUNS)
    statement = select(CutOffRun)
    if stage is not None:
        statement = statement.where(CutOffRun.stage == stage)
    if cause is not None:
        statement = statement.where(CutOffRun.cause == cause)
    return fetch(session, statement, page, RUN_SORTS, CutOffRun.id)


def run(session: Session, actor: Actor, run_id: UUID) -> dict[str, Any]:
    """One run with its sums as they stand; Problem(`not_found`)."""
    require(actor, Action.VIEW_CUT_OFF_RUNS)
    found = session.get(CutOffRun, run_id)
    if found is None:
        raise Problem("not_found", f"There is no cut-off run with id {run_id}.")
    known = {column.key: getattr(found, column.key) for column in CutOffRun.__table__.columns}
    known["stage"] = _stage(session, found)
    known["sums"] = found.sums or _sums(session, run_id)
    return known


def lines(
    session: Session,
    actor: Actor,
    page: PageRequest,
    run_id: UUID,
    *,
    state: str | None = None,
    awaits: bool | None = None,
) -> Page[Row[Any]]:
    """A page of a run's lines; `awaits`: only those that need somebody's word, or only the others."""
    run(session, actor, run_id)
    statement = _lines().where(CutOffLine.run_id == run_id)
    if state is not None:
        statement = statement.where(CutOffLine.state == state)
    if awaits is not None:
        count = func.jsonb_array_length if session.get_bind().dialect.name == "postgresql" else func.json_array_length
        waiting = count(CutOffLine.awaits) > 0
        statement = statement.where(waiting if awaits else ~waiting)
    return fetch(session, statement, page, LINE_SORTS, CutOffLine.id)


def line(session: Session, actor: Actor, run_id: UUID, line_id: UUID) -> Row[Any]:
    """One line of the run, or Problem(`not_found`)."""
    require(actor, Action.VIEW_CUT_OFF_RUNS)
    row = session.execute(_lines().where(CutOffLine.run_id == run_id, CutOffLine.id == line_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no line with id {line_id} in that run.")
    return row


def explain(session: Session, actor: Actor, settings: Settings, run_id: UUID, line_id: UUID) -> Explanation:
    """Why the account was or was not cut off, in plain words: seven statements, whatever the size of the run."""
    require(actor, Action.VIEW_CUT_OFF_RUNS)
    doer, excluder = aliased(Staff), aliased(Staff)
    row = session.execute(
        select(CutOffLine, CutOffRun, Account.number, ServiceOrder, doer.name, excluder.name)
        .join(CutOffRun, CutOffRun.id == CutOffLine.run_id)
        .join(Account, Account.id == CutOffLine.account_id)
        .outerjoin(ServiceOrder, ServiceOrder.id == CutOffLine.order_id)
        .outerjoin(doer, doer.id == ServiceOrder.completed_by_id)
        .outerjoin(excluder, excluder.id == CutOffLine.excluded_by_id)
        .where(CutOffLine.id == line_id, CutOffLine.run_id == run_id)
    ).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no line with id {line_id} in that run.")
    there, of_run, account_number, done_by, excluded_by = row[0], row[1], row[2], row[4], row[5]
    order: ServiceOrder | None = row[3]
    told = Told(
        account_number=account_number,
        run_number=of_run.number,
        cut_on=of_run.cut_on,
        state=LineState(there.state),
        past_due_cents=there.past_due_cents,
        excluded_code=there.excluded_code,
        excluded_reason=there.excluded_reason,
        excluded_by=excluded_by,
        order_number=order.number if order is not None else None,
        order_state=order.state if order is not None else None,
        completed_at=order.completed_at if order is not None else None,
        completed_by=done_by,
        zone=settings.zone,
    )
    checks = _checks(session, there)
    story = [
        Sentence(of_run.created_at, f"Listed on {of_run.number} with {dollars(there.past_due_cents)} past due."),
        *(Sentence(check.asked_at, words.of_check(_plain(check))) for check in checks),
        *_happened(session, there, of_run, order),
    ]
    last = {gate: check for check in checks for gate in check.asked}
    return Explanation(
        line_id=there.id,
        account_number=account_number,
        answer=words.answer(told),
        story=words.in_order(story),
        gates=[_gate(gate, check) for gate, check in last.items()],
        policy_number=checks[-1].policy_number if checks else None,
    )


def _gate(gate: str, check: GateCheck) -> dict[str, Any]:
    """What one rule said when it was asked last."""
    objection = next((one for one in check.objections if one["gate"] == gate), None)
    return {
        "gate": gate,
        "ruling": objection["ruling"] if objection else "allow",
        "code": objection["code"] if objection else None,
        "detail": objection["detail"] if objection else "Nothing stands against it.",
        "overridden": gate in check.overrides,
        "asked_at": check.asked_at,
    }


def _plain(check: GateCheck) -> dict[str, Any]:
    names = ("stage", "policy_number", "objections", "overrides", "ruling")
    return {name: getattr(check, name) for name in names}


def _checks(session: Session, there: CutOffLine) -> list[GateCheck]:
    of = GateCheck.line_id == there.id
    if there.order_id is not None:
        of |= GateCheck.order_id == there.order_id
    return list(session.scalars(select(GateCheck).where(of).order_by(GateCheck.asked_at, GateCheck.id)))


def _happened(session: Session, there: CutOffLine, of_run: CutOffRun, order: ServiceOrder | None) -> Iterator[Sentence]:
    notices = select(CutOffNotice).where(
        CutOffNotice.account_id == there.account_id, CutOffNotice.cause == of_run.cause
    )
    for notice in session.scalars(notices):
        said = words.of_notice(notice.mailed_on, notice.method, notice.proof, notice.returned_on)
        yield Sentence(notice.recorded_at, said)
    payments = select(Payment).where(Payment.account_id == there.account_id, Payment.recorded_at >= of_run.created_at)
    for payment in session.scalars(payments):
        yield Sentence(payment.recorded_at, words.of_payment(payment.cents, payment.returned_on))
    overrides = select(GateOverride, Staff.name).join(Staff, Staff.id == GateOverride.given_by_id)
    mine = GateOverride.account_id == there.account_id, GateOverride.given_at >= of_run.created_at
    for given, who in session.execute(overrides.where(*mine)):
        yield Sentence(given.given_at, words.of_override(given.gate, who, given.roles, given.reason))
    if there.excluded_by_id is not None and there.ended_at is not None:
        yield Sentence(there.ended_at, f"Taken off the list: {there.excluded_reason}")
    if order is None:
        return
    history = select(OrderHistory, Staff.name).outerjoin(Staff, Staff.id == OrderHistory.technician_id)
    for event, who in session.execute(history.where(OrderHistory.order_id == order.id)):
        says = words.of_order(event.event, order.number, event.reason, who)
        if says is not None:
            yield Sentence(event.recorded_at, says)


def _stage(session: Session, found: CutOffRun) -> str:
    if found.stage != RunStage.RELEASED:
        return found.stage
    out = (
        select(CutOffLine.id)
        .join(ServiceOrder, ServiceOrder.id == CutOffLine.order_id)
        .where(
            CutOffLine.run_id == found.id,
            ServiceOrder.dispatched_at.is_not(None) | ServiceOrder.state.in_(ON_TABLET_STATES),
        )
        .limit(1)
    )
    return IN_FIELD if session.scalar(out) is not None else found.stage


def _sums(session: Session, run_id: UUID) -> dict[str, Any]:
    """Lines and cents by state, as they stand; of lines with orders by what those came to so far."""
    done = ServiceOrder.state.in_(["completed", "posted"])
    back = ServiceOrder.state == "cancelled"
    state = case(
        (CutOffLine.state != LineState.ORDERED.value, CutOffLine.state),
        (done, LineState.CUT.value),
        (back & ServiceOrder.outcome.is_not(None) & ServiceOrder.recalled_at.is_(None), LineState.RETURNED.value),
        (back, LineState.RECALLED.value),
        (ServiceOrder.state == "returned", LineState.RETURNED.value),
        else_=LineState.ORDERED.value,
    )
    rows = session.execute(
        select(state, func.count(), func.sum(CutOffLine.past_due_cents))
        .select_from(CutOffLine)
        .outerjoin(ServiceOrder, ServiceOrder.id == CutOffLine.order_id)
        .where(CutOffLine.run_id == run_id)
        .group_by(state)
    ).all()
    found = {one.value: {"lines": 0, "cents": 0} for one in LineState}
    for name, count, cents in rows:
        found[name] = {"lines": count, "cents": int(cents)}
    total = {key: sum(one[key] for one in found.values()) for key in ("lines", "cents")}
    return {"total": total, **found}


def _lines() -> Select[Any]:
    columns = (getattr(CutOffLine, column.key) for column in CutOffLine.__table__.columns)
    return (
        select(
            *columns,
            Account.number.label("account_number"),
            Customer.name.label("customer_name"),
            ServicePoint.address,
            ServicePoint.city,
            ServiceOrder.number.label("order_number"),
            ServiceOrder.state.label("order_state"),
        )
        .join(Account, Account.id == CutOffLine.account_id)
        .join(Customer, Customer.id == Account.customer_id)
        .join(ServicePoint, ServicePoint.id == CutOffLine.service_point_id)
        .outerjoin(ServiceOrder, ServiceOrder.id == CutOffLine.order_id)
    )
