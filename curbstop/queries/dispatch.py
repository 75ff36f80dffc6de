"""Reads the dispatch board: everybody's day, place by place, in one statement."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.service_orders import OrderState
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from curbstop.models.staff import Staff
from curbstop.queries.visible_orders import visible

# More than a hundred technicians' days.
MOST = 5_000


@dataclass(frozen=True, slots=True)
class Board:
    """A day's orders by technician and place; `complete` is false when there were more than fit."""

    on: date
    complete: bool
    rows: list[dict[str, Any]]


def board(session: Session, actor: Actor, on: date) -> Board:
    """The orders that are scheduled on a day, as far as the actor may see them."""
    statement = (
        select(
            ServiceOrder.id,
            ServiceOrder.version,
            ServiceOrder.number,
            ServiceOrder.type_code,
            ServiceOrder.state,
            ServiceOrder.priority,
            ServiceOrder.technician_id,
            Staff.name.label("technician_name"),
            ServiceOrder.scheduled_on,
            ServiceOrder.place,
            ServiceOrder.window_start,
            ServiceOrder.window_end,
            ServiceOrder.flags,
            ServiceOrder.service_point_id,
            ServicePoint.address,
            ServicePoint.city,
            ServicePoint.location,
        )
        .join(ServicePoint, ServicePoint.id == ServiceOrder.service_point_id)
        .join(Staff, Staff.id == ServiceOrder.technician_id)
        .where(ServiceOrder.scheduled_on == on, ServiceOrder.state != OrderState.CANCELLED, *visible(actor))
        .order_by(Staff.name, Staff.id, ServiceOrder.place, ServiceOrder.number)
        .limit(MOST + 1)
    )
    rows = [_with_position(dict(row)) for row in session.execute(statement).mappings()]
    return Board(on, len(rows) <= MOST, rows[:MOST])


def _with_position(row: dict[str, Any]) -> dict[str, Any]:
    location = row.pop("location")
    longitude, latitude = point_of(bytes(location.data)) if location is not None else (None, None)
    return {**row, "longitude": longitude, "latitude": latitude}
