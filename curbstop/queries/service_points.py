"""Reads service points: the list, those in a box or near a place, and one whole in a fixed number of statements."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from curbstop.domain.access_issues import OPEN_STATES as OPEN_ISSUES
from curbstop.domain.actors import Actor
from curbstop.domain.meters import AccountStatus
from curbstop.domain.permissions import Action, may, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OPEN_STATES
from curbstop.models.access_issue import AccessIssue
from curbstop.models.account import Account, Customer
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from curbstop.models.staff import Staff
from curbstop.queries import customers, meters
from curbstop.queries.page import Page, PageRequest, fetch
from curbstop.queries.spatial import Bounds, nearest, within
from curbstop.queries.visible_orders import visible

SORTS = {"number": ServicePoint.number, "address": ServicePoint.address, "updated_at": ServicePoint.updated_at}
# The sealed gate code stays where it is; that there is one is all that is said.
_COLUMNS = tuple(
    getattr(ServicePoint, column.key) for column in ServicePoint.__table__.columns if column.key != "gate_code_sealed"
)
# What one place may show at most; the lists of orders and access issues have all.
_MOST = 100


def find(
    session: Session,
    actor: Actor,
    page: PageRequest,
    *,
    bounds: Bounds | None = None,
    number: str | None = None,
    address: str | None = None,
    city: str | None = None,
    physical_state: str | None = None,
) -> Page[dict[str, Any]]:
    """A page of service points without their customers; `number` and `address` are beginnings."""
    require(actor, Action.VIEW_NETWORK)
    statement = _lines()
    if bounds is not None:
        statement = statement.where(within(session, bounds))
    if number:
        statement = statement.where(ServicePoint.number.startswith(number.strip().upper(), autoescape=True))
    if address:
        statement = statement.where(ServicePoint.address.istartswith(address, autoescape=True))
    if city is not None:
        statement = statement.where(ServicePoint.city == city)
    if physical_state is not None:
        statement = statement.where(ServicePoint.physical_state == physical_state)
    found = fetch(session, statement, page, SORTS, ServicePoint.id)
    return replace(found, items=[_line(row) for row in found.items])


def near(
    session: Session, actor: Actor, *, longitude: float, latitude: float, radius_m: float, limit: int
) -> list[dict[str, Any]]:
    """The nearest service points, at most `limit`, with `distance_m`. Problems: forbidden, invalid."""
    require(actor, Action.VIEW_NETWORK)
    distances = dict(nearest(session, longitude, latitude, radius_m=radius_m, limit=limit))
    rows = {row.id: row for row in session.execute(_lines().where(ServicePoint.id.in_(distances)))}
    return [{**_line(rows[row_id]), "distance_m": round(distance, 1)} for row_id, distance in distances.items()]


def get(session: Session, actor: Actor, service_point_id: UUID) -> dict[str, Any]:
    """A service point with its account, meters, open orders and open access issues, as far as the actor sees them.

    Problem(`not_found`).
    """
    require(actor, Action.VIEW_NETWORK)
    row = session.execute(_lines().where(ServicePoint.id == service_point_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no service point with id {service_point_id}.")
    return {
        **_line(row),
        "account": _account(session, actor, service_point_id),
        "meters": meters.installed(session, [service_point_id]).get(service_point_id, []),
        "open_orders": _open_orders(session, actor, service_point_id),
        "open_access_issues": _open_issues(session, actor, service_point_id),
    }


def _lines() -> Select[Any]:
    return select(*_COLUMNS, ServicePoint.gate_code_sealed.is_not(None).label("has_gate_code"))


def _line(row: Row[Any]) -> dict[str, Any]:
    place = row.location
    longitude, latitude = point_of(bytes(place.data)) if place is not None else (None, None)
    return {**row._asdict(), "longitude": longitude, "latitude": latitude}


def _account(session: Session, actor: Actor, service_point_id: UUID) -> dict[str, Any] | None:
    """The open account and whose it is; nothing for those who see no customers."""
    if not may(actor, Action.VIEW_CUSTOMERS):
        return None
    row = session.execute(
        select(
            Account.id,
            Account.number,
            Account.status,
            Account.service_class,
            Customer.id.label("customer_id"),
            Customer.number.label("customer_number"),
            Customer.name.label("customer_name"),
            Customer.phone,
            Customer.email,
            Customer.language,
            Customer.name_withheld,
        )
        .join(Customer, Customer.id == Account.customer_id)
        .where(
            Account.service_point_id == service_point_id,
            Account.status != AccountStatus.FINALED.value,
            *customers.visible(actor),
        )
        .order_by(Account.id.desc())
        .limit(1)
    ).one_or_none()
    return row._asdict() if row is not None else None


def _open_orders(session: Session, actor: Actor, service_point_id: UUID) -> list[Row[Any]]:
    if not may(actor, Action.VIEW_ALL_ORDERS) and not may(actor, Action.VIEW_OWN_ORDERS):
        return []
    columns: tuple[Any, ...] = (
        ServiceOrder.id,
        ServiceOrder.number,
        ServiceOrder.type_code,
        ServiceOrder.state,
        ServiceOrder.priority,
        ServiceOrder.scheduled_on,
        Staff.name.label("technician_name"),
    )
    statement = (
        select(*columns)
        .outerjoin(Staff, Staff.id == ServiceOrder.technician_id)
        .where(
            ServiceOrder.service_point_id == service_point_id,
            ServiceOrder.state.in_(OPEN_STATES),
            *visible(actor),
        )
    )
    return list(session.execute(statement.order_by(ServiceOrder.number.desc()).limit(_MOST)).all())


def _open_issues(session: Session, actor: Actor, service_point_id: UUID) -> list[AccessIssue]:
    if not may(actor, Action.VIEW_ACCESS_ISSUES):
        return []
    statement = select(AccessIssue).where(
        AccessIssue.service_point_id == service_point_id, AccessIssue.state.in_(OPEN_ISSUES)
    )
    return list(session.scalars(statement.order_by(AccessIssue.last_seen_at.desc()).limit(_MOST)).all())
