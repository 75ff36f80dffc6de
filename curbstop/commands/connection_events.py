"""Tells other systems of connections: an order's posting asks for it, a job writes it down in one line of events."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from curbstop.commands import change_outs, journal, numbering
from curbstop.commands.work import Work, get
from curbstop.domain.clocks import as_moment
from curbstop.domain.connections import ConnectionReason, status_of
from curbstop.domain.meters import PhysicalState
from curbstop.domain.moments import as_text
from curbstop.models.connection_event import ConnectionEvent
from curbstop.models.ids import new_id
from curbstop.models.service_point import ServicePoint

TOPIC = "connection.changed"
_COUNTER = "connection_event"


def tell(
    work: Work,
    service_point_id: UUID,
    reason: ConnectionReason,
    *,
    at: datetime,
    state: PhysicalState | None = None,
    account_id: UUID | None = None,
    order_id: UUID | None = None,
) -> None:
    """Asks for an event about the place: what it became at `at` (by default its present state), and why.

    The events' counter is taken by the job, so that postings do not wait for one another.
    """
    physical = state or PhysicalState(get(work, ServicePoint, service_point_id).physical_state)
    here = change_outs.installed(work, service_point_id)
    said = {
        "service_point_id": str(service_point_id),
        "account_id": str(account_id) if account_id else None,
        "order_id": str(order_id) if order_id else None,
        "meter_serial": here[1].serial if here is not None else None,
        "status": status_of(physical, reason).value,
        "reason": reason.value,
        "at": as_text(at),
    }
    journal.enqueue(work, TOPIC, said)


def write(work: Work, said: Mapping[str, Any]) -> ConnectionEvent:
    """The event that `tell` asked for. Whoever writes one holds the counter until the commit: no number comes late."""
    at = as_moment(said["at"])
    assert at is not None
    event = ConnectionEvent(
        id=new_id(),
        sequence=numbering.next_serials(work, _COUNTER)[0],
        service_point_id=UUID(said["service_point_id"]),
        account_id=UUID(said["account_id"]) if said["account_id"] else None,
        order_id=UUID(said["order_id"]) if said["order_id"] else None,
        meter_serial=said["meter_serial"],
        status=said["status"],
        reason=said["reason"],
        at=at,
        recorded_at=work.at,
    )
    work.session.add(event)
    work.session.flush()
    return event
