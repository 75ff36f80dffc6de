"""How orders stand to their promises, as SQL: late, and at risk of becoming so."""

from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, not_, or_

from curbstop.domain.service_orders import OrderState
from curbstop.models.service_order import ServiceOrder
from curbstop.queries.service_orders import DONE, WAITING, is_late

# What nobody has to do any more.
OVER = tuple(state for state in OrderState if state not in WAITING)
_BEGUN = (OrderState.EN_ROUTE, OrderState.ON_SITE)


def at_risk(today: date, now: datetime, risk: timedelta) -> ColumnElement[bool]:
    """Not late yet: but planned for a day after the one it is due on, or due soon and nobody on the way."""
    planned_late = and_(ServiceOrder.scheduled_on.is_not(None), ServiceOrder.scheduled_on > ServiceOrder.due_on)
    soon = and_(ServiceOrder.due_at <= now + risk, ServiceOrder.state.not_in(_BEGUN))
    return and_(
        ServiceOrder.due_at.is_not(None), ServiceOrder.state.in_(WAITING), not_(is_late(today, now)),
        or_(planned_late, soon),
    )  # fmt: skip


__all__ = ["DONE", "OVER", "WAITING", "at_risk", "is_late"]
