"""Orders get onto tablets, and cut-offs get their leases; the gates are asked each time, for the crew is near."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import select

from curbstop.commands import fees, gates, journal
from curbstop.commands.gates import Checked
from curbstop.commands.order_steps import Event, add_history, advance, enter_bucket_many
from curbstop.commands.work import Work
from curbstop.domain.actors import SYSTEM
from curbstop.domain.cut_offs import Stage
from curbstop.domain.gates import Ruling
from curbstop.domain.permissions import Action, require
from curbstop.domain.service_orders import OrderEvent, OrderState
from curbstop.models.leases import LEAST_RENEWAL, closing, leases_due
from curbstop.models.service_order import ServiceOrder

# Not yet, today: the order may go along, and the lease comes when the hour does.
TOO_EARLY = "too_early"


def mark_pulled(work: Work) -> int:
    """Marks the acting technician's assigned orders as being on the tablet and starts their leases; returns how many.

    Called just before a pull is answered: from then on the office must take the tablet into account, even if the answer
    is lost on its way. A cut-off that a gate blocks by now is held until tomorrow instead, and says why.
    """
    require(work.actor, Action.SYNC_TABLET)
    mine = ServiceOrder.technician_id == work.actor.staff_id, ServiceOrder.state == OrderState.ASSIGNED
    gates.lock_accounts(work, list(work.session.scalars(select(ServiceOrder.id).where(*mine))))
    waiting = select(ServiceOrder).where(*mine).order_by(ServiceOrder.id).with_for_update()
    orders = list(work.session.scalars(waiting))
    checked = gates.ask_for_orders(work, orders, Stage.LEASE)
    going = [order for order in orders if order.id not in checked or _may_go(checked[order.id])]
    for order in orders:
        if order not in going:
            _hold(work, order, checked[order.id])
    if not going:
        return 0
    record = {"tablet_id": str(work.actor.tablet_id)} if work.actor.tablet_id else {}
    for order in going:
        order.dispatched_at = work.at
        if order.id in checked:
            order.authorized_until = lease_of(work, order, checked[order.id])
        order.state = OrderState.DISPATCHED.value
        add_history(work, order, Event(OrderEvent.PULL, record=record), OrderState.ASSIGNED.value)
    # Hundreds of orders may be moved in a morning: some statements for all of them, not some for each.
    journal.changed_many(work, going, OrderEvent.PULL.value)
    fees.attach_early(work, going, "dispatched")
    assert work.actor.staff_id is not None
    enter_bucket_many(work, going, work.actor.staff_id)
    return len(going)


def renew_leases(work: Work) -> int:
    """Gives the acting technician's cut-offs a fresh lease once half of it is used; returns how many leases changed.

    Called when a tablet pulls: what it carries from then on was looked at by the server just now. A recalled order gets
    none, no lease goes beyond its day's work window, and one that a gate blocks ends at once.
    """
    require(work.actor, Action.SYNC_TABLET)
    due = leases_due(work.actor.staff_id, work.at, work.settings)
    gates.lock_accounts(work, list(work.session.scalars(due.with_only_columns(ServiceOrder.id))))
    orders = list(work.session.scalars(due.with_for_update()))
    checked = gates.ask_for_orders(work, orders, Stage.LEASE, keep=False)
    changed = [checked[order.id] for order in orders if _renew(work, order, checked[order.id])]
    gates.keep_checks(work, Stage.LEASE, changed)
    return len(changed)


def _renew(work: Work, order: ServiceOrder, checked: Checked) -> bool:
    before, end = order.authorized_until, lease_of(work, order, checked)
    if end > work.at:
        if before is not None and end - before < LEAST_RENEWAL:
            return False
        order.authorized_until = end
        journal.changed(work, order, "renew_lease")
        return True
    if before is None or before <= work.at:
        # Told already that it may not begin.
        return False
    order.authorized_until = work.at
    journal.changed(work, order, "end_lease")
    return True


def lease_of(work: Work, order: ServiceOrder, checked: Checked) -> datetime:
    """Until when the cut may be started: over already where a gate is against it."""
    return lease_end(work, order.scheduled_on) if checked.asked.ruling is Ruling.ALLOW else work.at


def lease_end(work: Work, scheduled_on: date | None) -> datetime:
    """Until when a cut may be started: some hours after this sync, never past the end of its day's work window."""
    end = work.at + timedelta(hours=work.settings.cut_lease_hours)
    if scheduled_on is None:
        return end
    return min(end, closing(work.settings, scheduled_on))


def _may_go(checked: Checked) -> bool:
    return all(answer.code == TOO_EARLY for answer in checked.asked.objections)


def _hold(work: Work, order: ServiceOrder, checked: Checked) -> None:
    tomorrow = work.at.astimezone(work.settings.zone).date() + timedelta(days=1)
    reason = " ".join(answer.detail for answer in checked.asked.objections)
    order.held_until = tomorrow
    system = replace(work, actor=SYSTEM, authority=None)
    advance(system, order, Event(OrderEvent.HOLD, reason=reason, given=frozenset({"held_until"})))
