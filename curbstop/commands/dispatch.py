"""Dispatch: who does which order on which day in which place, and taking orders back."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from curbstop.commands import gates
from curbstop.commands.assign_guards import Day
from curbstop.commands.order_steps import (
    Event,
    advance,
    is_of_crew,
    leave_bucket,
    load,
    notify_technician,
    type_of,
)
from curbstop.commands.work import Work
from curbstop.domain.cut_offs import Stage
from curbstop.domain.permissions import Action, Grant, Role, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import Facts, OrderEvent, OrderState, recall_event
from curbstop.models.service_order import ServiceOrder
from curbstop.models.staff import Staff

_FIELD_ROLES = {Role.TECH.value, Role.LEAD.value}


def assign(
    work: Work,
    order_id: UUID,
    *,
    technician_id: UUID,
    scheduled_on: date,
    place: int | None = None,
    override_reason: str | None = None,
    if_version: int | None = None,
) -> ServiceOrder:
    """Gives an order to a technician on a day at a place of that day's route: one operation.

    An order that somebody has already, on a tablet or not, moves in the same step; what they did with it meanwhile is
    kept when it arrives. Without `place` it goes to the end of the day. A cut-off passes the gates of that day first:
    gate_blocked and override_needed say in `objections` what stands against it. `override_reason` lets a dispatcher go
    on where the policy only warns of a full day, a day off, or an appointment that the day cannot keep. No bucket holds
    it until the technician's tablet pulls: the tablet is only told to come.
    """
    gates.lock_accounts(work, [order_id])
    order = load(work, order_id, OrderEvent.ASSIGN, if_version)
    technician = check_person(work, technician_id, type_of(work, order).skills)
    day = Day(work, technician, scheduled_on, [order.id], override_reason)
    day.take(order)
    facts = gated(work, [order], scheduled_on, technician_id)[order.id]
    before = order.technician_id
    event = OrderEvent.ASSIGN if order.state == OrderState.READY else OrderEvent.REASSIGN
    order.technician_id, order.scheduled_on, order.dispatched_at = technician_id, scheduled_on, None
    order.place = place if place is not None else last_place(work, technician_id, scheduled_on) + 1
    said = {"technician_id": str(technician_id), "scheduled_on": scheduled_on.isoformat(), "place": order.place}
    record = {**said, **day.audit()}
    advance(work, order, Event(event, record=record, given=frozenset({"technician_id", "scheduled_on"})), facts)
    if before is not None:
        leave_bucket(work, order, before)
    notify_technician(work, order)
    return order


def unassign(work: Work, order_id: UUID, *, if_version: int | None = None) -> ServiceOrder:
    """Takes an order back that no tablet has pulled yet."""
    order = load(work, order_id, OrderEvent.UNASSIGN, if_version)
    advance(work, order, Event(OrderEvent.UNASSIGN), Facts(pulled=order.dispatched_at is not None))
    return order


def release_back(work: Work, order_id: UUID, *, if_version: int | None = None) -> ServiceOrder:
    """Takes a suspended order back; what was captured stays with it."""
    order = load(work, order_id, OrderEvent.RELEASE_BACK, if_version)
    advance(work, order, Event(OrderEvent.RELEASE_BACK))
    return order


def recall(work: Work, order_id: UUID, *, reason: str, if_version: int | None = None) -> ServiceOrder:
    """Calls an order back: at once when no tablet has it, else first in the tablet's next pull."""
    order = load(work, order_id, OrderEvent.RECALL, if_version)
    event = recall_event(OrderState(order.state))
    # Also of one that is cancelled at once: a tablet that had it before may still bring it back done.
    order.recalled_at = work.at
    advance(work, order, Event(event, reason=reason), Facts(own_type=True))
    return order


def gated(work: Work, orders: Sequence[ServiceOrder], scheduled_on: date, technician_id: UUID) -> dict[UUID, Facts]:
    """What the gates come to for each order that goes to a technician on a day; an answer only where one is needed."""
    found = gates.ask_for_orders(work, orders, Stage.DISPATCH, cut_on=scheduled_on, technician=technician_id)
    return {
        order.id: Facts(is_cut_off=True, gates=found[order.id].asked) if order.id in found else Facts()
        for order in orders
    }


def check_person(work: Work, technician_id: UUID, skills: Sequence[str]) -> Staff:
    """The technician, locked; Problem(forbidden | assigned_technician_invalid) for whoever cannot be given the work."""
    granted = require(work.actor, Action.DISPATCH)
    # Two dispatchers fill one day one after the other.
    technician = work.session.get(Staff, technician_id, with_for_update=True)
    if technician is None or not technician.active or not _FIELD_ROLES & set(technician.roles):
        raise Problem("assigned_technician_invalid", "That is not an active technician.")
    if Grant.YES not in granted and not work.actor.is_system and not is_of_crew(work, technician_id):
        raise Problem("forbidden", "A crew lead assigns to the own crew only.", action=Action.DISPATCH.value)
    check_skills(technician, skills)
    return technician


def check_skills(technician: Staff, skills: Sequence[str]) -> None:
    """Problem(`assigned_technician_invalid`) with what is `missing`."""
    missing = sorted({skill for skill in skills if skill not in technician.skills})
    if missing:
        raise Problem("assigned_technician_invalid", f"{technician.name} lacks: {', '.join(missing)}.", missing=missing)


def last_place(work: Work, technician_id: UUID, scheduled_on: date, *, without: Sequence[UUID] = ()) -> int:
    """The last place that is taken in the technician's day."""
    last = select(func.max(ServiceOrder.place)).where(
        ServiceOrder.technician_id == technician_id,
        ServiceOrder.scheduled_on == scheduled_on,
        ServiceOrder.id.not_in(without),
    )
    return work.session.scalar(last) or 0
