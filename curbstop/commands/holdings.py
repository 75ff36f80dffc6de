"""Whose an order is to work on, now or at some time: work on what somebody held is never refused."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy import exists, select

from curbstop.commands.order_steps import Event, add_history, reaches_other_technicians
from curbstop.commands.work import Work
from curbstop.domain.service_orders import OrderEvent, OrderState
from curbstop.models.service_order import OrderHistory, ServiceOrder

# Where an order comes from that a technician made on the tablet.
FIELD = "field"


def has_it(work: Work, order: ServiceOrder) -> bool:
    """Whether the order is the actor's to work on as it stands."""
    mine = order.technician_id == work.actor.staff_id
    return (mine and order.state != OrderState.ASSIGNED) or reaches_other_technicians(work, order)


def held_once(work: Work, order: ServiceOrder) -> bool:
    """Whether the actor had the order on a tablet at some time, given by a pull or made there."""
    if order.source == FIELD and order.created_by_id == work.actor.staff_id:
        return True
    pulled = exists().where(
        OrderHistory.order_id == order.id,
        OrderHistory.event == OrderEvent.PULL.value,
        OrderHistory.technician_id == work.actor.staff_id,
    )
    return bool(work.session.scalar(select(pulled)))


def note_overtaken(work: Work, order_id: UUID, event: Event) -> None:
    """A line in the order's history for progress that the office overtook; the order stays as it is.

    When somebody was on site is asked for years later. Nothing is noted for whoever never had the order.
    """
    order = work.session.get(ServiceOrder, order_id)
    if order is None or not (has_it(work, order) or held_once(work, order)):
        return
    add_history(work, order, replace(event, record={**event.record, "overtaken": True}), order.state)


def was_on_site(work: Work, order: ServiceOrder) -> bool:
    """Whether the actor's arrival is known, though the order was somebody else's by then."""
    arrived = exists().where(
        OrderHistory.order_id == order.id,
        OrderHistory.event == OrderEvent.ARRIVE.value,
        OrderHistory.staff_id == work.actor.staff_id,
    )
    return bool(work.session.scalar(select(arrived)))
