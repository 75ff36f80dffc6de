"""A technician's day as a whole: its sequence, two days that change hands, and orders that go back to the pile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import gates, journal
from curbstop.commands.assign_guards import Day
from curbstop.commands.dispatch import check_person, check_skills, gated
from curbstop.commands.moves import Moved, locked, told
from curbstop.commands.moves import take as take_order
from curbstop.commands.order_steps import (
    Event,
    add_history,
    is_of_crew,
    leave_bucket_many,
    load_type,
    notify_many,
)
from curbstop.commands.work import Work
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import Facts, OrderEvent, OrderState, step
from curbstop.models.service_order import ServiceOrder

# What may change hands; who is on site stays there, and what is done is done.
_MOVABLE = (OrderState.ASSIGNED, OrderState.DISPATCHED, OrderState.EN_ROUTE, OrderState.SUSPENDED)
_DONE = (
    OrderState.COMPLETED, OrderState.POSTED, OrderState.RETURNED, OrderState.CANCELLED, OrderState.RECALL_PENDING,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Swapped:
    """What each of the two has now of the other's."""

    first: list[ServiceOrder]
    second: list[ServiceOrder]


def sequence(work: Work, technician_id: UUID, on: date, order_ids: Sequence[UUID]) -> list[ServiceOrder]:
    """Puts a day's open orders into this order, in one step; those not named follow, as they were among themselves.

    What lies on the tablet is told its new place. Problems: forbidden, not_found (an order that is not of that day),
    invalid (one that is named twice).
    """
    _check_reach(work, technician_id)
    day = _of_day(work, technician_id, on)
    by_id = {order.id: order for order in day}
    if len(set(order_ids)) != len(order_ids):
        raise Problem("invalid", "An order is named twice.", field="order_ids")
    missing = [str(one) for one in order_ids if one not in by_id]
    if missing:
        raise Problem("not_found", f"{len(missing)} of these orders are not of that day.", missing=missing)
    named = set(order_ids)
    wanted = [by_id[one] for one in order_ids] + [order for order in day if order.id not in named]
    moved = []
    for place, order in enumerate(wanted, 1):
        if order.place != place:
            order.place = place
            moved.append(order)
    if moved:
        journal.changed_many(work, moved, "sequence")
    return wanted


def swap(work: Work, first_id: UUID, second_id: UUID, on: date, *, override_reason: str | None = None) -> Swapped:
    """Two technicians change their orders of a day, each in its place: all of them or none.

    What is done, or called back, stays with whoever has it. Problems: forbidden, technician_off, day_full,
    assigned_technician_invalid, window_unavailable, gate_blocked and override_needed; impossible_transition with
    `refused` where somebody is on site.
    """
    for one in (first_id, second_id):
        _check_reach(work, one)
    if first_id == second_id:
        raise Problem("invalid", "Name two different technicians.", field="second_id")
    # In one order, as every locker takes them.
    people = {one: check_person(work, one, []) for one in sorted((first_id, second_id))}
    gates.lock_accounts(work, _ids_of(work, (first_id, second_id), on))
    orders = _of_day(work, first_id, on) + _of_day(work, second_id, on)
    busy = [order for order in orders if order.state not in _MOVABLE]
    if busy:
        detail = f"{busy[0].number} is {busy[0].state}; let it be finished, or take it back first."
        refused = [told(order, Problem("impossible_transition", f"It is {order.state}.")) for order in busy]
        raise Problem("impossible_transition", detail, state=busy[0].state, refused=refused)
    mine = [order for order in orders if order.technician_id == first_id]
    theirs = [order for order in orders if order.technician_id == second_id]
    ids = [order.id for order in orders]
    _hand(work, mine, Day(work, people[second_id], on, ids, override_reason))
    _hand(work, theirs, Day(work, people[first_id], on, ids, override_reason))
    if orders:
        journal.changed_many(work, orders, "swap")
        leave_bucket_many(work, mine, first_id)
        leave_bucket_many(work, theirs, second_id)
        notify_many(work, orders)
    return Swapped(theirs, mine)


def unassign(work: Work, order_ids: Sequence[UUID], *, each: bool = False) -> Moved:
    """Takes orders back that no tablet has pulled: all of them or none, unless `each` is judged for itself.

    One that nobody has already is left as it is. Problems: forbidden, not_found, invalid; already_pulled and
    impossible_transition with `refused`.
    """
    granted = require(work.actor, Action.DISPATCH)
    asked = locked(work, order_ids)
    if Grant.YES not in granted and not all(is_of_crew(work, one) for one in {o.technician_id for o in asked}):
        raise Problem("forbidden", "A crew lead dispatches the own crew's orders only.", action=Action.DISPATCH.value)
    going, refused = [], []
    for order in asked:
        if order.state == OrderState.READY:
            continue
        try:
            _check_unassign(work, order)
            going.append(order)
        except Problem as problem:
            refused.append((order, problem))
    if refused and not each:
        first, why = refused[0]
        detail = f"{len(refused)} of {len(asked)} cannot be taken back; {first.number}: {why.detail}"
        raise Problem(why.code, detail, **why.extra, refused=[told(*one) for one in refused])
    for order in going:
        technician_id, order.technician_id, order.scheduled_on, order.place = order.technician_id, None, None, None
        order.state = OrderState.READY.value
        add_history(work, order, Event(OrderEvent.UNASSIGN), OrderState.ASSIGNED.value, technician_id=technician_id)
    if going:
        journal.changed_many(work, going, "unassign")
    stays = {order.id for order, _ in refused}
    return Moved([order for order in asked if order.id not in stays], [told(*one) for one in refused])


def _check_reach(work: Work, technician_id: UUID) -> None:
    granted = require(work.actor, Action.DISPATCH)
    if Grant.YES not in granted and not is_of_crew(work, technician_id):
        raise Problem("forbidden", "A crew lead dispatches the own crew only.", action=Action.DISPATCH.value)


def _of_day(work: Work, technician_id: UUID, on: date) -> list[ServiceOrder]:
    """The day's orders that are not done, locked, by place."""
    rows = work.session.scalars(
        select(ServiceOrder)
        .where(
            ServiceOrder.technician_id == technician_id,
            ServiceOrder.scheduled_on == on,
            ServiceOrder.state.not_in(_DONE),
        )
        .order_by(ServiceOrder.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return sorted(rows, key=lambda order: (order.place or 0, order.number))


def _ids_of(work: Work, people: Sequence[UUID], on: date) -> list[UUID]:
    here = (ServiceOrder.technician_id.in_(people), ServiceOrder.scheduled_on == on)
    return list(work.session.scalars(select(ServiceOrder.id).where(*here, ServiceOrder.state.not_in(_DONE))))


def _hand(work: Work, orders: Sequence[ServiceOrder], day: Day) -> None:
    for key in {(order.type_code, order.type_version) for order in orders}:
        check_skills(day.technician, load_type(work, *key).skills)
    for order in orders:
        day.take(order)
    record, facts = day.audit(), gated(work, orders, day.on, day.technician.id)
    for order in orders:
        take_order(work, order, facts, (day, order.place, record))


def _check_unassign(work: Work, order: ServiceOrder) -> None:
    roles, system = work.actor.roles, work.actor.is_system
    facts = Facts(pulled=order.dispatched_at is not None, attempt_no=order.attempt_no)
    step(OrderState(order.state), OrderEvent.UNASSIGN, roles=roles, system=system, facts=facts)
