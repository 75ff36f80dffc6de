"""Moves many orders at once: a technician is ill, a truck breaks down. All of them or none, or each for itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import gates, journal
from curbstop.commands.assign_guards import Day
from curbstop.commands.dispatch import check_person, check_skills, gated, last_place
from curbstop.commands.order_steps import Event, add_history, is_of_crew, leave_bucket_many, load_type, notify_many
from curbstop.commands.work import Work
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import ON_TABLET_STATES, Facts, OrderEvent, OrderState, step
from curbstop.models.service_order import ServiceOrder

# What the gates said of each cut-off, by order.
Known = Mapping[UUID, Facts]

MOST = 500
_HAD = frozenset({OrderState.ASSIGNED, *ON_TABLET_STATES}) - {OrderState.RECALL_PENDING}


@dataclass(frozen=True, slots=True)
class Moved:
    """The orders that are with the technician now, and of each that is not, why: id, number, state, code, detail."""

    orders: list[ServiceOrder]
    refused: list[dict[str, str]]


def move(
    work: Work,
    order_ids: Sequence[UUID],
    *,
    technician_id: UUID,
    scheduled_on: date,
    each: bool = False,
    override_reason: str | None = None,
) -> Moved:
    """Gives orders to a technician on a day, at its end, in the order given: some statements for any number of them.

    An order that is that technician's on that day already is left as it is, so that the same again changes nothing.
    What somebody did with one meanwhile is kept when it arrives, as with a single move. All of them or none, unless
    `each` is judged for itself. Problems: forbidden, not_found, invalid (also for an order that is named twice),
    assigned_technician_invalid; and where none may be refused for itself impossible_transition, day_full,
    technician_off and window_unavailable with `refused`, which says of each that cannot move why.
    """
    granted = require(work.actor, Action.DISPATCH)
    gates.lock_accounts(work, order_ids)
    asked = locked(work, order_ids)
    orders = [order for order in asked if not _is_there(order, technician_id, scheduled_on)]
    if Grant.YES not in granted and not all(is_of_crew(work, one) for one in {o.technician_id for o in asked}):
        raise Problem("forbidden", "A crew lead dispatches the own crew's orders only.", action=Action.DISPATCH.value)
    technician = check_person(work, technician_id, [])
    if not orders:
        return Moved(asked, [])
    day = Day(work, technician, scheduled_on, [order.id for order in orders], override_reason)
    facts = gated(work, orders, scheduled_on, technician_id)
    going, refused = _judged(work, orders, facts, day)
    if refused and not each:
        first = refused[0]
        detail = f"{len(refused)} of {len(orders)} cannot move; {first[0].number}: {first[1].detail}"
        raise Problem(first[1].code, detail, **first[1].extra, refused=[told(*one) for one in refused])
    _carry_out(work, going, facts, day)
    gone = {order.id for order, _ in refused}
    return Moved([order for order in asked if order.id not in gone], [told(*one) for one in refused])


def _judged(
    work: Work, orders: Sequence[ServiceOrder], facts: Known, day: Day
) -> tuple[list[ServiceOrder], list[tuple[ServiceOrder, Problem]]]:
    """Those that can go, as far as there is room for them, and those that cannot."""
    types = {key: load_type(work, *key) for key in {(order.type_code, order.type_version) for order in orders}}
    going, refused = [], []
    for order in orders:
        try:
            _step(work, order, facts)
            check_skills(day.technician, types[order.type_code, order.type_version].skills)
            day.take(order)
            going.append(order)
        except Problem as problem:
            refused.append((order, problem))
    return going, refused


def _carry_out(work: Work, orders: Sequence[ServiceOrder], facts: Known, day: Day) -> None:
    if not orders:
        return
    before = {order.id: order.technician_id for order in orders}
    place = last_place(work, day.technician.id, day.on, without=[order.id for order in orders])
    record = day.audit()
    for number, order in enumerate(orders, place + 1):
        take(work, order, facts, (day, number, record))
    journal.changed_many(work, orders, "move")
    for former in sorted({one for one in before.values() if one is not None}):
        leave_bucket_many(work, [order for order in orders if before[order.id] == former], former)
    notify_many(work, orders)


def told(order: ServiceOrder, problem: Problem) -> dict[str, str]:
    said = {"id": str(order.id), "number": order.number, "state": order.state}
    return {**said, "code": problem.code, "detail": problem.detail}


def _is_there(order: ServiceOrder, technician_id: UUID, scheduled_on: date) -> bool:
    """Whether that technician has it on that day, with the work before them or under way."""
    here = (order.technician_id, order.scheduled_on) == (technician_id, scheduled_on)
    return here and order.state in _HAD


def locked(work: Work, wanted: Sequence[UUID]) -> list[ServiceOrder]:
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


def _event(order: ServiceOrder) -> OrderEvent:
    return OrderEvent.ASSIGN if order.state == OrderState.READY else OrderEvent.REASSIGN


def _step(work: Work, order: ServiceOrder, facts: Known) -> OrderState:
    given = frozenset({"technician_id", "scheduled_on"})
    known = replace(facts[order.id], given=given, attempt_no=order.attempt_no)
    system, state = work.actor.is_system, OrderState(order.state)
    return step(state, _event(order), roles=work.actor.roles, system=system, facts=known).state


def take(work: Work, order: ServiceOrder, facts: Known, into: tuple[Day, int | None, Mapping[str, Any]]) -> None:
    """Gives the order to a place of a technician's day, with its line of history and what that is to say besides.

    The caller records the change of all of them.
    """
    day, place, more = into
    event, from_state = _event(order), order.state
    order.state = _step(work, order, facts).value
    order.technician_id, order.scheduled_on, order.place = day.technician.id, day.on, place
    order.dispatched_at = order.authorized_until = None
    said = {"technician_id": str(order.technician_id), "scheduled_on": day.on.isoformat(), "place": place}
    add_history(work, order, Event(event, record={**said, **more}), from_state)
