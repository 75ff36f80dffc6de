"""By when each order is to be done: set when it is made or edited, and for all of them when the policy changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from curbstop.commands import journal
from curbstop.commands.many import update_many
from curbstop.commands.work import Work
from curbstop.domain.closures import Closures
from curbstop.domain.policy import Policy
from curbstop.domain.service_levels import Asked, due_at, is_after_hours
from curbstop.domain.service_orders import OPEN_STATES
from curbstop.models import calendar
from curbstop.models.change_log import OFFICE
from curbstop.models.service_order import ServiceOrder
from curbstop.settings import Settings

# Rows that are looked at together.
STEP = 2_000
# The fee of a restoral, and of one that somebody came out for in the evening.
RECONNECT, AFTER_HOURS = "reconnect", "restoral_after_hours"
# The nil id: what is said of all open orders, not of one.
ALL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Rules:
    """The policy with the utility's calendar."""

    policy: Policy
    closures: Closures
    settings: Settings

    def due(self, order: "ServiceOrder | Row[Any]") -> tuple[datetime, date]:
        """The moment, and its day in the utility's zone."""
        asked = Asked(
            type_code=order.type_code,
            priority=order.priority,
            since=order.due_from or order.created_at,
            requested_on=order.requested_on,
            window_end=order.window_end,
            after_hours=order.after_hours,
        )
        at = due_at(asked, self.policy, self.closures, self.settings.zone)
        return at, at.astimezone(self.settings.zone).date()


def rules(session: Session, settings: Settings) -> Rules:
    """The policy in force, with the calendar."""
    policy = calendar.in_force(session).policy
    return Rules(policy, calendar.closures(session, policy), settings)


def set_due(work: Work, order: ServiceOrder) -> None:
    """Sets when the order is due by what is known of it now; the caller records the change."""
    order.due_at, order.due_on = rules(work.session, work.settings).due(order)


def set_due_many(work: Work, orders: Sequence[ServiceOrder]) -> None:
    """The same for several, which know when they were made."""
    found = rules(work.session, work.settings)
    for order in orders:
        order.due_at, order.due_on = found.due(order)


def fee_kind(work: Work, order: ServiceOrder, kind: str) -> str:
    """The kind of an order's fee: that of an evening, where the customer asked for it and somebody came out."""
    found = rules(work.session, work.settings)
    asked = order.after_hours and found.policy.restoral.after_hours_fee and kind == RECONNECT
    came = order.completed_at is not None and is_after_hours(
        order.completed_at, found.policy, found.closures, work.settings.zone
    )
    return AFTER_HOURS if asked and came else kind


def recompute(work: Work) -> int:
    """Sets when every open order is due by the policy of today; how many changed. Some statements a thousand orders.

    The orders' versions stay: nobody edited them, and no tablet holds this. For the job that follows a change of the
    policy, and for the clock, which finds what was loaded in bulk.
    """
    changed, after = 0, None
    while rows := _page(work, after):
        changed += _set(work, rows)
        after = rows[-1].id
    if changed:
        journal.audit(work, "recompute_due", "policy_version", ALL, after={"orders": changed})
        # Whoever looks at the board loads it anew; told one by one it would be all of it.
        journal.record(work, [(OFFICE, "board", ALL, journal.NOTICE, 0)])
    return changed


def _page(work: Work, after: UUID | None) -> Sequence[Any]:
    columns = (
        ServiceOrder.id, ServiceOrder.type_code, ServiceOrder.priority, ServiceOrder.created_at, ServiceOrder.due_from,
        ServiceOrder.requested_on, ServiceOrder.window_end, ServiceOrder.after_hours, ServiceOrder.due_at,
    )  # fmt: skip
    statement = select(*columns).where(ServiceOrder.state.in_(OPEN_STATES)).order_by(ServiceOrder.id).limit(STEP)
    return work.session.execute(statement if after is None else statement.where(ServiceOrder.id > after)).all()


def _set(work: Work, rows: Sequence[Any]) -> int:
    found = rules(work.session, work.settings)
    wanted = []
    for row in rows:
        at, day = found.due(row)
        if row.due_at != at:
            wanted.append({"id": row.id, "due_at": at, "due_on": day})
    update_many(work.session, ServiceOrder, wanted, keys=("id",))
    return len(wanted)
