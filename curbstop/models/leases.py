"""Which leases of cut-offs may be renewed: the statement that asking and renewing share."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from curbstop.domain.service_orders import ON_TABLET_STATES, OrderState
from curbstop.models.service_order import ServiceOrder
from curbstop.settings import Settings

# A lease is not worth a row on its way for less.
LEAST_RENEWAL = timedelta(minutes=1)


def leases_due(staff_id: UUID | None, at: datetime, settings: Settings) -> Select[ServiceOrder]:
    """The technician's cut-offs on a tablet whose lease is used up by half or more."""
    return due(staff_id, **bounds(at, settings))


def bounds(at: datetime, settings: Settings) -> dict[str, Any]:
    """What a lease is held against at a moment: half a lease on, the day, and the last end that is worth a renewal."""
    today = at.astimezone(settings.zone).date()
    return {
        "soon": at + timedelta(hours=settings.cut_lease_hours) / 2,
        "today": today,
        "last": closing(settings, today) - LEAST_RENEWAL,
    }


def due(staff_id: Any, *, soon: Any, today: Any, last: Any) -> Select[ServiceOrder]:
    """The same by its `bounds`, or by parameters in their place."""
    # What ends with its day's work window cannot be renewed: it is not looked at again at every pull.
    grows = (
        ServiceOrder.scheduled_on.is_(None)
        | (ServiceOrder.scheduled_on > today)
        | ((ServiceOrder.scheduled_on == today) & (ServiceOrder.authorized_until < last))
    )
    return (
        select(ServiceOrder)
        .where(
            ServiceOrder.technician_id == staff_id,
            ServiceOrder.state.in_(ON_TABLET_STATES),
            ServiceOrder.state != OrderState.RECALL_PENDING,
            ServiceOrder.authorized_until < soon,
            grows,
        )
        .order_by(ServiceOrder.id)
    )


def closing(settings: Settings, day: date) -> datetime:
    """When the work window of a day ends."""
    ends = time.fromisoformat(settings.work_window.split("-")[1])
    return datetime.combine(day, ends, tzinfo=settings.zone)
