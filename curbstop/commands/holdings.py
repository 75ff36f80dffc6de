"""Whose an order is to work on, now or at some time: work on what somebody held is never refused."""

from sqlalchemy import exists, select

from curbstop.commands.order_steps import reaches_other_technicians
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
