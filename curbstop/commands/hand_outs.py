"""Hands an order out without a tablet: on paper or by telephone, for a day when the tablet is broken."""

from uuid import UUID

from curbstop.commands.dispatch import lease_end
from curbstop.commands.order_steps import Event, enter_bucket, is_of_crew, load, store, type_of
from curbstop.commands.work import Work
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OrderEvent, OrderState, step
from curbstop.models.service_order import ServiceOrder


def hand_out(work: Work, order_id: UUID, *, if_version: int | None = None) -> ServiceOrder:
    """The assigned technician has the order from now on, as if a tablet had pulled it; its events are typed in.

    Problems: forbidden, version_mismatch, impossible_transition.
    """
    granted = require(work.actor, Action.DISPATCH)
    order = load(work, order_id, None, if_version)
    if Grant.YES not in granted and not is_of_crew(work, order.technician_id):
        raise Problem("forbidden", "A crew lead dispatches the own crew's orders only.", action=Action.DISPATCH.value)
    # The table knows one way to a technician, the pull; the office makes it here in the tablet's place.
    taken = step(OrderState(order.state), OrderEvent.PULL, system=True)
    order.dispatched_at = work.at
    if type_of(work, order).is_cut_off:
        order.authorized_until = lease_end(work, order.scheduled_on)
    store(work, order, Event(OrderEvent.PULL, record={"by": "hand"}), taken)
    if order.technician_id is not None:
        enter_bucket(work, order, order.technician_id)
    return order
