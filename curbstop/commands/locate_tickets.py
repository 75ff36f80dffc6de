"""Locate tickets of orders that dig: recorded by the office, asked for before anybody begins."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from curbstop.commands import journal, policies, supervisor_tasks, tap_steps
from curbstop.commands.order_steps import load_type
from curbstop.commands.work import Work, check_version, get
from curbstop.domain import locate_tickets as rules
from curbstop.domain.locate_tickets import FLAG, Ticket
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OrderState, is_terminal
from curbstop.models.service_order import ServiceOrder
from curbstop.models.tap_request import LocateTicket


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTicket:
    """What the call to 811 came to; without moments they are counted by the policy from the day of the call."""

    number: str
    called_at: datetime
    legal_start_at: datetime | None = None
    expires_at: datetime | None = None
    emergency: bool = False
    justification: str | None = None


def record(work: Work, order_id: UUID, new: NewTicket, *, if_version: int | None = None) -> LocateTicket:
    """Keeps the ticket with its order, in place of an earlier one; tablets that hold the order get it.

    Problems: forbidden, not_found, version_mismatch, invalid (nothing is dug), locate_ticket_invalid.
    """
    require(work.actor, Action.RECORD_LOCATE_TICKET)
    order = get(work, ServiceOrder, order_id)
    check_version(order, if_version)
    if not _digs(work, order):
        raise Problem("invalid", f"{order.type_code} does not dig; it needs no locate ticket.")
    if is_terminal(OrderState(order.state)):
        raise Problem("impossible_transition", f"{order.number} is {order.state} already.", state=order.state)
    if new.called_at > work.at:
        raise Problem("locate_ticket_invalid", "The call has not been made yet.", field="called_at")
    start, end = _lawful(work, new)
    ticket = Ticket(
        new.number, new.legal_start_at or start, new.expires_at or end, new.emergency, new.justification
    )  # fmt: skip
    rules.check(ticket, (start, end))
    row = work.session.get(LocateTicket, order.id)
    before = journal.plain_row({"number": row.number, "expires_at": row.expires_at}) if row is not None else None
    row = row or LocateTicket(order_id=order.id)
    row.number, row.called_at, row.emergency = ticket.number, new.called_at, ticket.emergency
    row.legal_start_at, row.expires_at, row.justification = ticket.legal_start_at, ticket.expires_at, new.justification
    row.recorded_by_id, row.recorded_at = work.actor.staff_id, work.at
    work.session.add(row)
    after = {"number": row.number, "from": row.legal_start_at, "until": row.expires_at, "why": row.justification}
    journal.audit(work, "record", "locate_ticket", order.id, before=before, after=journal.plain_row(after))
    journal.changed(work, order, "locate_ticket")
    tap_steps.order_moved(work, order)
    return row


def check_day(work: Work, order: ServiceOrder, on: date) -> None:
    """Problem(`dig_not_legal`) for a day on which nobody may dig for the order."""
    if not _digs(work, order):
        return
    zone, row = work.settings.zone, work.session.get(LocateTicket, order.id)
    if row is not None and row.as_ticket().covers(on, zone):
        return
    noon = datetime.combine(on, datetime.min.time(), zone) + timedelta(hours=12)
    why = rules.why_not(row.as_ticket() if row is not None else None, noon, zone)
    raise Problem("dig_not_legal", f"{order.number} cannot be done on {on}. {why}")


def check_start(work: Work, order: ServiceOrder, noted_at: datetime | None) -> None:
    """Problem(`dig_not_legal`) where an order that digs would begin although nobody may dig."""
    why = _why_not(work, order, noted_at)
    if why is not None:
        raise Problem("dig_not_legal", f"{order.number} cannot begin. {why}")


def note_dig(work: Work, order: ServiceOrder, noted_at: datetime | None) -> None:
    """What was dug is dug: without a legal ticket the order is flagged, and a supervisor looks into it."""
    why = _why_not(work, order, noted_at)
    if why is None:
        return
    order.flags = sorted({*order.flags, FLAG})
    detail = f"{order.number} was dug without a legal locate ticket. {why}"
    supervisor_tasks.open_task(work, FLAG, detail=detail, order_id=order.id)


def _why_not(work: Work, order: ServiceOrder, noted_at: datetime | None) -> str | None:
    if not _digs(work, order):
        return None
    row = work.session.get(LocateTicket, order.id)
    at = min(noted_at or work.at, work.at)
    return rules.why_not(row.as_ticket() if row is not None else None, at, work.settings.zone)


def _digs(work: Work, order: ServiceOrder) -> bool:
    return load_type(work, order.type_code, order.type_version).requires_dig


def _lawful(work: Work, new: NewTicket) -> tuple[datetime, datetime]:
    """What the law allows after that call; an emergency may begin at once."""
    policy, zone = policies.in_force(work.session).policy, work.settings.zone
    called_on = new.called_at.astimezone(zone).date()
    closed = policies.closures(work.session, policy)
    start, end = rules.span(policy.locate, closed, called_on, zone)
    return (new.called_at if new.emergency else start), end
