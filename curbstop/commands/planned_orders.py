"""Orders that are made now and become ready on a day: the clock takes them up, as it does what is held."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

from curbstop.commands import service_orders
from curbstop.commands.service_orders import NewOrder
from curbstop.commands.work import Work
from curbstop.domain.actors import SYSTEM
from curbstop.domain.service_orders import OrderState
from curbstop.models.service_order import ServiceOrder


def create(work: Work, new: NewOrder, *, ready_on: date | None) -> ServiceOrder:
    """Makes an order that rests until `ready_on`, from when its service level counts; at once without it.

    A draft waits for whoever completes it, and becomes ready when it is released. Problems: as with
    service_orders.create, and invalid for a day that is not to come.
    """
    if ready_on is None:
        return service_orders.create(work, new)
    begins = datetime.combine(ready_on, time(), work.settings.zone).astimezone(UTC)
    order = service_orders.create(work, replace(new, due_from=new.due_from or begins))
    if order.state != OrderState.READY:
        return order
    # Whoever may make it may make it for later: nobody's right to hold is asked.
    system = replace(work, actor=SYSTEM, authority=None)
    return service_orders.hold(system, order.id, until=ready_on, reason=f"Planned for {ready_on}.")
