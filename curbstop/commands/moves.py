"""Moves many orders at once: a technician is ill, a truck breaks down, a storm comes. All of them or none."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal
from curbstop.commands.dispatch import check_day, check_person, last_place
from curbstop.commands.order_steps import Event, add_history, is_of_crew, leave_bucket_many, load_type, notify_many
from curbstop.commands.work import Work
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import Facts, OrderEvent, OrderState, step
from curbstop.models.service_order import ServiceOrder

MOST = 500


def move(work: Work, order_ids: Sequence[UUID], *, technician_id: UUID, scheduled_on: date) -> list[ServiceOrder]:
    """Gives orders to a technician on a day, at its end, in the order given: some statements for any number of them.

    What somebody did with one meanwhile is kept when it arrives, as with a single move. Problems: forbidden, not_found,
    assigned_technician_invalid, invalid; impossible_transition with `refused`, the ids of those that cannot move.
    """
    granted = require(work.actor, Action.DISPATCH)
    wanted = list(dict.fromkeys(order_ids))
    orders = _locked(work, wanted)
    if Grant.YES not in granted and not all(is_of_crew(work, one) for one in {o.technician_id for o in orders}):
        raise Problem("forbidden", "A crew lead dispatches the own crew's orders only.", action=Action.DISPATCH.value)
    types = [load_type(work, *key) for key in {(order.type_code, order.type_version) for order in orders}]
    technician = check_person(work, technician_id, [skill for kind in types for skill in kind.skills])
    check_day(work, technician, scheduled_on, wanted)
    _check_steps(work, orders)
    before = {order.id: order.technician_id for order in orders}
    place = last_place(work, technician_id, scheduled_on, without=wanted)
    for number, order in enumerate(orders, place + 1):
        _take(work, order, technician_id, scheduled_on, number)
    journal.changed_many(work, orders, "move")
    for former in sorted({one for one in before.values() if one is not None}):
        leave_bucket_many(work, [order for order in orders if before[order.id] == former], former)
    notify_many(work, orders)
    return orders


def _locked(work: Work, wanted: Sequence[UUID]) -> list[ServiceOrder]:
    """The orders, locked in one order as every locker takes them, and given back in the caller's."""
    if len(wanted) > MOST:
        raise Problem("invalid", f"At most {MOST} orders move at once.", field="order_ids")
    found = work.session.scalars(
        select(ServiceOrder)
        .where(ServiceOrder.id.in_(wanted))
        .order_by(ServiceOrder.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    by_id = {order.id: order for order in found}
    missing = [str(order_id) for order_id in wanted if order_id not in by_id]
    if missing:
        raise Problem("not_found", f"{len(missing)} of these orders are not there.", missing=missing)
    return [by_id[order_id] for order_id in wanted]


def _check_steps(work: Work, orders: Sequence[ServiceOrder]) -> None:
    refused: dict[str, Problem] = {}
    for order in orders:
        try:
            _step(work, order)
        except Problem as problem:
            refused[str(order.id)] = problem
    if refused:
        first = next(iter(refused.values()))
        raise Problem(first.code, f"{len(refused)} of {len(orders)} cannot move: {first.detail}", refused=list(refused))


def _event(order: ServiceOrder) -> OrderEvent:
    return OrderEvent.ASSIGN if order.state == OrderState.READY else OrderEvent.REASSIGN


def _step(work: Work, order: ServiceOrder) -> OrderState:
    facts = Facts(given=frozenset({"technician_id", "scheduled_on"}), attempt_no=order.attempt_no)
    event = _event(order)
    return step(OrderState(order.state), event, roles=work.actor.roles, system=work.actor.is_system, facts=facts).state


def _take(work: Work, order: ServiceOrder, technician_id: UUID, scheduled_on: date, place: int) -> None:
    event, from_state = _event(order), order.state
    order.state = _step(work, order).value
    order.technician_id, order.scheduled_on, order.place = technician_id, scheduled_on, place
    order.dispatched_at = order.authorized_until = None
    record = {"technician_id": str(technician_id), "scheduled_on": scheduled_on.isoformat(), "place": place}
    add_history(work, order, Event(event, record=record), from_state)
