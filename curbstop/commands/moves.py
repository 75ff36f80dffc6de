"""Moves many orders at once: a technician is ill, a truck breaks down, a storm comes. All of them or none."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import gates, journal
from curbstop.commands.dispatch import check_day, check_person, gated, last_place
from curbstop.commands.order_steps import Event, add_history, is_of_crew, leave_bucket_many, load_type, notify_many
from curbstop.commands.work import Work
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import ON_TABLET_STATES, Facts, OrderEvent, OrderState, step
from curbstop.models.service_order import ServiceOrder

MOST = 500
_HAD = frozenset({OrderState.ASSIGNED, *ON_TABLET_STATES}) - {OrderState.RECALL_PENDING}


def move(work: Work, order_ids: Sequence[UUID], *, technician_id: UUID, scheduled_on: date) -> list[ServiceOrder]:
    """Gives orders to a technician on a day, at its end, in the order given: some statements for any number of them.

    An order that is that technician's on that day already is left as it is, so that the same again changes nothing.
    What somebody did with one meanwhile is kept when it arrives, as with a single move. Problems: forbidden, not_found,
    assigned_technician_invalid, day_full, invalid (also for an order that is named twice); impossible_transition with
    `refused`, which says of each that cannot move why.
    """
    granted = require(work.actor, Action.DISPATCH)
    gates.lock_accounts(work, order_ids)
    asked = _locked(work, order_ids)
    orders = [order for order in asked if not _is_there(order, technician_id, scheduled_on)]
    wanted = [order.id for order in orders]
    if Grant.YES not in granted and not all(is_of_crew(work, one) for one in {o.technician_id for o in asked}):
        raise Problem("forbidden", "A crew lead dispatches the own crew's orders only.", action=Action.DISPATCH.value)
    types = [load_type(work, *key) for key in {(order.type_code, order.type_version) for order in orders}]
    if not orders:
        check_person(work, technician_id, [])
        return asked
    technician = check_person(work, technician_id, [skill for kind in types for skill in kind.skills])
    check_day(work, technician, scheduled_on, wanted)
    facts = gated(work, orders, scheduled_on, technician_id)
    _check_steps(work, orders, facts)
    before = {order.id: order.technician_id for order in orders}
    place = last_place(work, technician_id, scheduled_on, without=wanted)
    for number, order in enumerate(orders, place + 1):
        order.state, from_state = _step(work, order, facts).value, order.state
        _take(work, order, from_state, (technician_id, scheduled_on, number))
    journal.changed_many(work, orders, "move")
    for former in sorted({one for one in before.values() if one is not None}):
        leave_bucket_many(work, [order for order in orders if before[order.id] == former], former)
    notify_many(work, orders)
    return asked


def _is_there(order: ServiceOrder, technician_id: UUID, scheduled_on: date) -> bool:
    """Whether that technician has it on that day, with the work before them or under way."""
    here = (order.technician_id, order.scheduled_on) == (technician_id, scheduled_on)
    return here and order.state in _HAD


def _locked(work: Work, wanted: Sequence[UUID]) -> list[ServiceOrder]:
    """The orders, locked in one order as every locker takes them, and given back in the caller's."""
    if len(wanted) > MOST:
        raise Problem("invalid", f"At most {MOST} orders move at once.", field="order_ids")
    twice = [str(order_id) for order_id, times in Counter(wanted).items() if times > 1]
    if twice:
        raise Problem("invalid", f"{len(twice)} of these orders are named twice.", field="order_ids", twice=twice)
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


def _check_steps(work: Work, orders: Sequence[ServiceOrder], facts: Mapping[UUID, Facts]) -> None:
    refused: list[dict[str, str]] = []
    for order in orders:
        try:
            _step(work, order, facts)
        except Problem as problem:
            refused.append(
                {
                    "id": str(order.id),
                    "number": order.number,
                    "state": order.state,
                    "code": problem.code,
                    "detail": problem.detail,
                }
            )
    if refused:
        first = refused[0]
        detail = f"{len(refused)} of {len(orders)} cannot move; {first['number']}: {first['detail']}"
        raise Problem(first["code"], detail, refused=refused)


def _event(order: ServiceOrder) -> OrderEvent:
    return OrderEvent.ASSIGN if order.state == OrderState.READY else OrderEvent.REASSIGN


def _step(work: Work, order: ServiceOrder, facts: Mapping[UUID, Facts]) -> OrderState:
    given = frozenset({"technician_id", "scheduled_on"})
    known = replace(facts[order.id], given=given, attempt_no=order.attempt_no)
    system, state = work.actor.is_system, OrderState(order.state)
    return step(state, _event(order), roles=work.actor.roles, system=system, facts=known).state


def _take(work: Work, order: ServiceOrder, from_state: str, to: tuple[UUID, date, int]) -> None:
    event = OrderEvent.ASSIGN if from_state == OrderState.READY else OrderEvent.REASSIGN
    technician_id, scheduled_on, place = to
    order.technician_id, order.scheduled_on, order.place = technician_id, scheduled_on, place
    order.dispatched_at = order.authorized_until = None
    record = {"technician_id": str(technician_id), "scheduled_on": scheduled_on.isoformat(), "place": place}
    add_history(work, order, Event(event, record=record), from_state)
