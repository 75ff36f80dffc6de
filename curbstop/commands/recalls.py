"""The recalled cut-off: what is known when its completion arrives all the same, and the free restoral that follows."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from curbstop.commands import journal, service_orders, supervisor_tasks, voice_codes
from curbstop.commands.service_orders import NewOrder
from curbstop.commands.work import Work, get
from curbstop.domain.actors import SYSTEM
from curbstop.domain.clocks import as_moment
from curbstop.domain.moments import as_text
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OrderEvent, OrderState
from curbstop.models.op_ledger import OpLedger
from curbstop.models.service_order import OrderHistory, ServiceOrder

TYPE = "CUT_ON_RSTR"
PRIORITY = 1
# Where nothing is known of a tablet's clock.
UNSURE_S = 60.0


def was_recalled(order: ServiceOrder) -> bool:
    """Whether the office had taken the order back when its completion arrived, heard of or not."""
    return order.state in (OrderState.RECALL_PENDING, OrderState.CANCELLED)


def is_stale(work: Work, order: ServiceOrder) -> bool:
    """Whether a cut-off's beginning was not heard of before its lease ran out.

    By the server's clock alone: the tablet's may say anything. What was begun offline in time is flagged too, and the
    history has all the times for whoever looks at it.
    """
    if order.authorized_until is None or work.at <= order.authorized_until:
        return False
    begun = select(func.min(OrderHistory.recorded_at)).where(
        OrderHistory.order_id == order.id,
        OrderHistory.event.in_((OrderEvent.TRAVEL.value, OrderEvent.ARRIVE.value)),
        OrderHistory.technician_id == work.actor.staff_id,
        OrderHistory.recorded_at >= order.dispatched_at,
    )
    first = work.session.scalar(begun)
    return first is None or first > order.authorized_until


def voice_record(work: Work, order: ServiceOrder, code: str | None) -> dict[str, Any]:
    """What the history says of a voice code: the day that it was right for, or that it was wrong."""
    if code is None:
        return {}
    day = voice_codes.day_of(work, order, code)
    return {"voice_code_day": day.isoformat() if day is not None else None}


def times(work: Work, order: ServiceOrder, noted: datetime | None) -> dict[str, Any]:
    """Both times of a recall that met a completion, and what is known of the tablet's clock; nothing is decided on it.

    `noted_at` is what the tablet's clock said, `noted_at_corrected` the server's estimate of the same moment.
    """
    row = work.session.get(OpLedger, work.op_id) if work.op_id is not None else None
    said = row.noted_at if row is not None else noted
    found = {
        "recalled_at": order.recalled_at or order.updated_at,
        "noted_at": said,
        "noted_at_corrected": noted,
        "received_at": work.at,
    }
    known = {"clock_skew_s": row.clock_skew_s if row else None, "uncertainty_s": row.uncertainty_s if row else None}
    return {name: as_text(at) if at else None for name, at in found.items()} | known


def restore(work: Work, cut: ServiceOrder, facts: Mapping[str, Any]) -> ServiceOrder | None:
    """Orders the water back on, free and first of all, and tells a supervisor; in the completion's own transaction.

    An open restoral of the place is taken for it. Where none can be made, the task says why and the completion stands:
    None is returned. `facts` are both times and what is known of the tablet's clock.
    """
    system = replace(work, actor=SYSTEM, authority=None)
    try:
        with work.session.begin_nested():
            order = _order(system, cut)
        detail = f"{_told(work, cut, facts)} {order.number} restores it without a fee."
        facts = {**facts, "restoral_id": str(order.id)}
    except Problem as problem:
        order = None
        detail = f"{_told(work, cut, facts)} No restoral could be made: {problem.detail}"
    supervisor_tasks.open_task(system, "completed_after_recall", detail=detail, order_id=cut.id, facts=facts)
    return order


def _told(work: Work, cut: ServiceOrder, facts: Mapping[str, Any]) -> str:
    """What a supervisor or a CSR may say of the two: also that nobody can tell which came first."""
    recalled, done = as_moment(facts.get("recalled_at")), as_moment(facts.get("noted_at_corrected"))
    if recalled is None or done is None:
        return f"{cut.number} was recalled, and reported as cut off."
    unsure = timedelta(seconds=facts.get("uncertainty_s") or UNSURE_S)
    first = "nobody can tell which came first"
    if abs(done - recalled) > unsure:
        first = "before the recall" if done < recalled else "after the recall"
    at = (f"{moment.astimezone(work.settings.zone):%Y-%m-%d %H:%M:%S}" for moment in (recalled, done))
    return "{} was recalled at {} and cut off at {} by the corrected clock: {}.".format(cut.number, *at, first)


def _order(system: Work, cut: ServiceOrder) -> ServiceOrder:
    new = NewOrder(
        type_code=TYPE,
        service_point_id=cut.service_point_id,
        account_id=cut.account_id,
        priority=PRIORITY,
        instructions=f"Cut off by {cut.number}, which the office had recalled. Restore without a fee.",
        follows_id=cut.id,
        source="system",
        fees_waived=True,
    )
    try:
        return service_orders.create(system, new)
    except Problem as problem:
        if problem.code != "duplicate_open_order":
            raise
        there = get(system, ServiceOrder, UUID(problem.extra["order_id"]))
    there.priority, there.fees_waived, there.follows_id = PRIORITY, True, cut.id
    journal.changed(system, there, "waive_fees")
    return there
