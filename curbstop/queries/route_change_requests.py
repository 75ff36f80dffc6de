"""Reads what the field proposes to change about routes and places."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.models.route import Route
from curbstop.models.route_change_request import RouteChangeRequest
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from curbstop.models.staff import Staff
from curbstop.queries.page import Page, PageRequest, fetch
from geo.distance import length_m

SORTS = {"created_at": RouteChangeRequest.created_at}


def find(
    session: Session,
    actor: Actor,
    page: PageRequest,
    *,
    state: str | None = None,
    route_id: UUID | None = None,
    service_point_id: UUID | None = None,
) -> Page[dict[str, Any]]:
    """A page of proposals, each with where its place is now and how far from there the better position is."""
    require(actor, Action.PROPOSE_ROUTE)
    statement = _requests()
    for column, wanted in (
        (RouteChangeRequest.state, state),
        (RouteChangeRequest.route_id, route_id),
        (RouteChangeRequest.service_point_id, service_point_id),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    found = fetch(session, statement, page, SORTS, RouteChangeRequest.id)
    return replace(found, items=[_side_by_side(row) for row in found.items])


def get(session: Session, request_id: UUID) -> dict[str, Any]:
    """One that was just written."""
    return _side_by_side(session.execute(_requests().where(RouteChangeRequest.id == request_id)).one())


def _side_by_side(row: Row[Any]) -> dict[str, Any]:
    now = point_of(bytes(row.location.data)) if row.location is not None else None
    better = (row.longitude, row.latitude) if row.longitude is not None and row.latitude is not None else None
    return {
        **row._asdict(),
        "now_longitude": now[0] if now is not None else None,
        "now_latitude": now[1] if now is not None else None,
        "moved_m": round(length_m([now, better]), 1) if now is not None and better is not None else None,
    }


def _requests() -> Select[Any]:
    return (
        select(
            *(getattr(RouteChangeRequest, column.key) for column in RouteChangeRequest.__table__.columns),
            ServicePoint.number.label("service_point_number"),
            ServicePoint.address.label("address"),
            ServicePoint.location.label("location"),
            Route.code.label("route_code"),
            ServiceOrder.number.label("order_number"),
            Staff.name.label("proposed_by_name"),
        )
        .join(ServicePoint, ServicePoint.id == RouteChangeRequest.service_point_id)
        .outerjoin(Route, Route.id == RouteChangeRequest.route_id)
        .outerjoin(ServiceOrder, ServiceOrder.id == RouteChangeRequest.order_id)
        .outerjoin(Staff, Staff.id == RouteChangeRequest.proposed_by_id)
    )
