"""Takes cut-offs back at the moment when the money, or a reason to wait for it, comes in."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy import select, update

from curbstop.commands.order_steps import Event, store_many
from curbstop.commands.work import Work
from curbstop.domain.actors import SYSTEM
from curbstop.domain.cut_offs import TYPE_OF, Cause
from curbstop.domain.service_orders import RECALLABLE, Facts, OrderEvent, OrderState, Step, recall_event, step
from curbstop.models.among import among
from curbstop.models.cut_off_run import CutOffNotice
from curbstop.models.service_order import ServiceOrder


def withdraw(
    work: Work,
    account_ids: Collection[UUID],
    *,
    causes: Collection[Cause],
    reason: str,
    on: Callable[[UUID | None, date], bool] | None = None,
) -> list[UUID]:
    """Recalls, cancels or closes every cut-off for these causes of these accounts that is not done; returns the orders.

    In the caller's transaction, not in a batch: the crew may be at the curb. The caller has locked the accounts. It is
    a consequence, so that nobody's permission to recall is asked. Restorals are untouched. `on` says of an account and
    an order's day (today, where none is planned) whether the order is concerned.
    """
    if not account_ids or not causes:
        return []
    open_ones = (
        select(ServiceOrder)
        .where(
            among(work.session, ServiceOrder.account_id, account_ids),
            ServiceOrder.type_code.in_([TYPE_OF[cause] for cause in causes]),
            # What came back undone would go out again.
            ServiceOrder.state.in_((*RECALLABLE, OrderState.RETURNED)),
        )
        .order_by(ServiceOrder.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    today = work.at.astimezone(work.settings.zone).date()
    found = list(work.session.scalars(open_ones))
    orders = [order for order in found if on is None or on(order.account_id, max(order.scheduled_on or today, today))]
    take_back(work, orders, reason=reason)
    return [order.id for order in orders]


def take_back(work: Work, orders: Sequence[ServiceOrder], *, reason: str) -> None:
    """Recalls, cancels or closes orders that are locked and not done, by the system's hand: many in some statements."""
    steps: dict[OrderEvent, list[tuple[ServiceOrder, Event, Step]]] = defaultdict(list)
    for order in orders:
        event = _event(OrderState(order.state))
        known = Facts(given=frozenset({"reason"}), attempt_no=order.attempt_no, own_type=True)
        taken = step(OrderState(order.state), event, system=True, facts=known)
        # Also of one that is cancelled at once: a tablet that had it before may still bring it back done.
        order.recalled_at = work.at
        steps[event].append((order, Event(event, reason=reason), taken))
    system = replace(work, actor=SYSTEM, authority=None)
    for together in steps.values():
        store_many(system, together)


def use_up_notices(work: Work, account_ids: Collection[UUID]) -> None:
    """Whoever has paid everything is told anew before a cut-off for a later debt, also if the payment comes back."""
    if not account_ids:
        return
    open_ones = (
        among(work.session, CutOffNotice.account_id, account_ids),
        # No payment puts an end to a violation.
        CutOffNotice.cause == Cause.NONPAYMENT.value,
        CutOffNotice.used_up_at.is_(None),
    )
    work.session.execute(update(CutOffNotice).where(*open_ones).values(used_up_at=work.at))


def _event(state: OrderState) -> OrderEvent:
    return OrderEvent.CLOSE if state is OrderState.RETURNED else recall_event(state)
