"""Takes back cut-offs for money at the moment when the money, or a reason to wait for it, comes in."""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import dispatch
from curbstop.commands.work import Work
from curbstop.domain.actors import SYSTEM
from curbstop.domain.cut_offs import MONEY_TYPES
from curbstop.domain.service_orders import RECALLABLE
from curbstop.models.service_order import ServiceOrder


def withdraw(work: Work, account_ids: Collection[UUID], *, reason: str) -> list[UUID]:
    """Recalls or cancels every cut-off for money of these accounts that is not done; returns the orders.

    In the caller's transaction, not in a batch: the crew may be at the curb. It is a consequence, so that nobody's
    permission to recall is asked. Restorals are untouched.
    """
    open_ones = (
        select(ServiceOrder.id)
        .where(
            ServiceOrder.account_id.in_(account_ids),
            ServiceOrder.type_code.in_(MONEY_TYPES),
            ServiceOrder.state.in_(RECALLABLE),
        )
        .order_by(ServiceOrder.id)
        .with_for_update()
    )
    found = list(work.session.scalars(open_ones))
    system = replace(work, actor=SYSTEM, authority=None)
    for order_id in found:
        # An account has one or two of these at most; each is a step of its own machine.
        dispatch.recall(system, order_id, reason=reason)
    return found
