"""Hands an order out without a pull: by telephone when the tablet is broken, and found work to whoever found it."""

from uuid import UUID

from curbstop.commands import gates
from curbstop.commands.dispatch import last_place
from curbstop.commands.leases import lease_of
from curbstop.commands.order_steps import Event, add_history, enter_bucket, is_of_crew, load, store
from curbstop.commands.work import Work
from curbstop.domain.cut_offs import Stage
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import Facts, OrderEvent, OrderState, step
from curbstop.models.service_order import ServiceOrder


def hand_out(work: Work, order_id: UUID, *, if_version: int | None = None) -> ServiceOrder:
    """The assigned technician has the order from now on, as if a tablet had pulled it; its events are typed in.

    Problems: forbidden, version_mismatch, impossible_transition.
    """
    granted = require(work.actor, Action.DISPATCH)
    gates.lock_accounts(work, [order_id])
    order = load(work, order_id, None, if_version)
    if Grant.YES not in granted and not is_of_crew(work, order.technician_id):
        raise Problem("forbidden", "A crew lead dispatches the own crew's orders only.", action=Action.DISPATCH.value)
    # The table knows one way to a technician, the pull; the office makes it here in the tablet's place.
    checked = gates.ask_for_orders(work, [order], Stage.LEASE).get(order.id)
    facts = Facts(is_cut_off=True, gates=checked.asked) if checked is not None else Facts()
    taken = step(OrderState(order.state), OrderEvent.PULL, system=True, facts=facts)
    order.dispatched_at = work.at
    if checked is not None:
        order.authorized_until = lease_of(work, order, checked)
    store(work, order, Event(OrderEvent.PULL, record={"by": "hand"}), taken)
    if order.technician_id is not None:
        enter_bucket(work, order, order.technician_id)
    return order


def to_finder(work: Work, order: ServiceOrder) -> None:
    """Gives found work to the technician who made it on the tablet: it is there, and may be done at once.

    A draft stays with the office, and so does what the office decided to take; found work that is for others is
    declined or moved like any order. It gets no lease: nobody in the office said that anything may be cut off.
    """
    finder = work.actor.staff_id
    if work.authority is not None or finder is None or order.state != OrderState.READY:
        return
    # The office's two steps, made here in its place.
    order.technician_id, order.scheduled_on = finder, work.at.astimezone(work.settings.zone).date()
    order.place = last_place(work, finder, order.scheduled_on, without=[order.id]) + 1
    order.state = OrderState.ASSIGNED.value
    record = {"by": "finder", "scheduled_on": order.scheduled_on.isoformat(), "place": order.place}
    add_history(work, order, Event(OrderEvent.ASSIGN, record=record), OrderState.READY.value)
    order.dispatched_at = work.at
    checked = gates.ask_for_orders(work, [order], Stage.LEASE).get(order.id)
    facts = Facts(is_cut_off=True, gates=checked.asked) if checked is not None else Facts()
    taken = step(OrderState.ASSIGNED, OrderEvent.PULL, system=True, facts=facts)
    store(work, order, Event(OrderEvent.PULL, record={"by": "finder"}), taken)
    enter_bucket(work, order, finder)
