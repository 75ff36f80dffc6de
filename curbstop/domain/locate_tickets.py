"""Locate tickets (811): from when until when somebody may dig, counted in full working days."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from curbstop.domain.closures import Closures
from curbstop.domain.problems import Problem

# On an order where somebody dug although the ticket did not allow it: it happened, and it is looked into.
FLAG = "dug_without_ticket"


@dataclass(frozen=True, slots=True)
class LocatePolicy:
    least_working_days: int  # full ones, between the call and the first spade
    most_working_days: int  # after so many the marks are not to be trusted any more


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as it was given: nobody digs before `legal_start_at`, nor after `expires_at`."""

    number: str
    legal_start_at: datetime
    expires_at: datetime
    emergency: bool = False
    justification: str | None = None

    def covers(self, day: date, zone: ZoneInfo) -> bool:
        """Whether somebody may dig on some part of a working day."""
        begins, ends = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
        return self.legal_start_at < ends and self.expires_at > begins


def span(policy: LocatePolicy, closures: Closures, called_on: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when until when a call of that day lets somebody dig."""
    start = closures.add_business_days(called_on, policy.least_working_days)
    end = closures.add_business_days(called_on, policy.most_working_days)
    # Full working days: the day itself does not count, and the last one has to be over.
    return _midnight(start + timedelta(days=1), zone), _midnight(end + timedelta(days=1), zone)


def check(ticket: Ticket, lawful: tuple[datetime, datetime]) -> None:
    """Problem(`locate_ticket_invalid`) for a ticket that lets somebody dig earlier or later than the law does."""
    start, end = lawful
    if ticket.legal_start_at >= ticket.expires_at:
        raise Problem("locate_ticket_invalid", "The ticket expires before digging may begin.", field="expires_at")
    if ticket.emergency:
        if not (ticket.justification or "").strip():
            raise Problem("locate_ticket_invalid", "Say why it is an emergency.", field="justification")
        return
    if ticket.legal_start_at < start:
        detail = f"By that call nobody may dig before {start:%Y-%m-%d %H:%M} UTC."
        raise Problem("locate_ticket_invalid", detail, field="legal_start_at", earliest=start.isoformat())
    if ticket.expires_at > end:
        detail = f"By that call nobody may dig after {end:%Y-%m-%d %H:%M} UTC."
        raise Problem("locate_ticket_invalid", detail, field="expires_at", latest=end.isoformat())


def why_not(ticket: Ticket | None, at: datetime, zone: ZoneInfo) -> str | None:
    """Why nobody may dig at that moment, in words for whoever stands there with a spade; None where they may."""
    if ticket is None:
        return "There is no locate ticket. Call 811 before anybody digs."
    if at < ticket.legal_start_at:
        return f"By ticket {ticket.number} nobody may dig before {_local(ticket.legal_start_at, zone)}."
    if at > ticket.expires_at:
        return f"Ticket {ticket.number} expired {_local(ticket.expires_at, zone)}. Call 811 for another."
    return None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
