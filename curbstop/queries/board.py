"""Reads the dispatch board: the orders of some days and the pile, counted by technician and day, and a page of them.

A fixed number of statements, whatever the number of orders: they are counted by the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.service_orders import OPEN_STATES, OrderState
from curbstop.models.calendar import in_force
from curbstop.models.route import Route, RouteVersion, Stop
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from curbstop.models.staff import Staff
from curbstop.queries import board_days, spatial
from curbstop.queries.page import Page, PageRequest, fetch
from curbstop.queries.service_orders import SORTS as ORDER_SORTS
from curbstop.queries.service_orders import check_types, is_late
from curbstop.queries.timeliness import at_risk
from curbstop.queries.visible_orders import visible

MOST_DAYS = 31
LATE, AT_RISK = "late", "at_risk"
SORTS = {"due_at": ORDER_SORTS["due_at"], **ORDER_SORTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the board is narrowed to; None or an empty sequence narrows nothing."""

    first: date
    days: int = 1
    technician_id: Sequence[UUID] = ()
    type_code: Sequence[str] = ()
    state: Sequence[str] = ()
    standing: str | None = None
    pile: bool = True
    bbox: str | None = None
    polygon: str | None = None
    route_id: UUID | None = None
    cycle_id: UUID | None = None

    @property
    def last(self) -> date:
        return self.first + timedelta(days=self.days - 1)


def find(
    session: Session, actor: Actor, page: PageRequest, wanted: Filters, *, now: datetime, zone: ZoneInfo
) -> Page[dict[str, Any]]:
    """A page of the board's orders; with the first one, `board`: totals, the pile, and each technician's days.

    On it are the orders of these days but cancelled ones, and with `pile` the open ones that have no day, or an earlier
    one. Problems: forbidden, invalid (an area that cannot be read, an order type that there is not).
    """
    require(actor, Action.VIEW_ALL_ORDERS)
    check_types(session, wanted.type_code)
    today = now.astimezone(zone).date()
    policy = in_force(session).policy
    risk = timedelta(minutes=policy.service_levels.risk_minutes)
    late, risky = is_late(today, now), at_risk(today, now, risk)
    conditions = [*visible(actor), *_conditions(session, wanted), *_standing(wanted, late, risky)]
    # First which orders, then what is told of them: nothing is looked up for those of other pages.
    found = fetch(session, select(ServiceOrder.id).where(*conditions), page, SORTS, ServiceOrder.id)
    rows = {row.id: row for row in session.execute(_rows(found.items, late, risky))}
    items = [_line(rows[order_id]) for order_id in found.items]
    if page.after is not None:
        return Page(items, found.after, {"board": None})
    moment = board_days.Moment(policy, now, zone, wanted.first, wanted.last, late, risky)
    board = board_days.read(session, actor, conditions, moment, technicians=wanted.technician_id)
    return Page(items, found.after, {"board": board})


def _rows(ids: Sequence[UUID], late: ColumnElement[bool], risky: ColumnElement[bool]) -> Select[Any]:
    columns: list[Any] = [
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
        ServiceOrder.adult_present_required,
        ServiceOrder.due_at,
        ServiceOrder.flags,
        ServiceOrder.service_point_id,
        ServicePoint.address,
        ServicePoint.city,
        ServicePoint.location,
        late.label("late"),
        risky.label("at_risk"),
    ]
    return (
        select(*columns)
        .join(ServicePoint, ServicePoint.id == ServiceOrder.service_point_id)
        .outerjoin(Staff, Staff.id == ServiceOrder.technician_id)
        .where(ServiceOrder.id.in_(ids))
    )


def _line(row: Row[Any]) -> dict[str, Any]:
    line = row._asdict()
    location = line.pop("location")
    longitude, latitude = point_of(bytes(location.data)) if location is not None else (None, None)
    return {**line, "longitude": longitude, "latitude": latitude}


def _conditions(session: Session, wanted: Filters) -> list[ColumnElement[bool]]:
    on_days = and_(
        ServiceOrder.scheduled_on.between(wanted.first, wanted.last), ServiceOrder.state != OrderState.CANCELLED
    )
    left = or_(ServiceOrder.scheduled_on.is_(None), ServiceOrder.scheduled_on < wanted.first)
    found: list[ColumnElement[bool]] = [
        or_(on_days, and_(ServiceOrder.state.in_(OPEN_STATES), left)) if wanted.pile else on_days
    ]
    if wanted.technician_id:
        found.append(ServiceOrder.technician_id.in_(wanted.technician_id))
    if wanted.type_code:
        found.append(ServiceOrder.type_code.in_(wanted.type_code))
    if wanted.state:
        found.append(ServiceOrder.state.in_(wanted.state))
    return found + _area(session, wanted)


def _area(session: Session, wanted: Filters) -> list[ColumnElement[bool]]:
    """By the place, through the spatial index or the published stops."""
    places: list[ColumnElement[bool]] = []
    if wanted.bbox is not None:
        places.append(spatial.within(session, spatial.read_bounds(wanted.bbox)))
    if wanted.polygon is not None:
        places.append(spatial.inside(session, spatial.read_polygon(wanted.polygon)))
    found: list[ColumnElement[bool]] = []
    if places:
        # Asked of the places of the orders that are left, not of all places: a drawn area is dear to compare with.
        place = select(ServicePoint.id).where(ServicePoint.id == ServiceOrder.service_point_id, *places)
        found.append(place.correlate(ServiceOrder).exists())
    if wanted.route_id is not None or wanted.cycle_id is not None:
        here = (
            exists()
            .where(Stop.service_point_id == ServiceOrder.service_point_id)
            .where(RouteVersion.id == Stop.route_version_id, RouteVersion.state == "published")
            .where(Route.id == RouteVersion.route_id)
        )
        if wanted.route_id is not None:
            here = here.where(Route.id == wanted.route_id)
        if wanted.cycle_id is not None:
            here = here.where(Route.cycle_id == wanted.cycle_id)
        found.append(here)
    return found


def _standing(wanted: Filters, late: ColumnElement[bool], risky: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    return [] if wanted.standing is None else [late if wanted.standing == LATE else risky]
