"""Reads what the field proposes to change about routes and places."""

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
from curbstop.models.staff import Staff
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"created_at": RouteChangeRequest.created_at}


def find(
    session: Session,
    actor: Actor,
    page: PageRequest,
    *,
    state: str | None = None,
    route_id: UUID | None = None,
    service_point_id: UUID | None = None,
) -> Page[Row[Any]]:
    """A page of proposals."""
    require(actor, Action.PROPOSE_ROUTE)
    statement = _requests()
    for column, wanted in (
        (RouteChangeRequest.state, state),
        (RouteChangeRequest.route_id, route_id),
        (RouteChangeRequest.service_point_id, service_point_id),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    return fetch(session, statement, page, SORTS, RouteChangeRequest.id)


def get(session: Session, request_id: UUID) -> Row[Any]:
    """One that was just written."""
    return session.execute(_requests().where(RouteChangeRequest.id == request_id)).one()


def _requests() -> Select[Any]:
    return (
        select(
            *(getattr(RouteChangeRequest, column.key) for column in RouteChangeRequest.__table__.columns),
            ServicePoint.number.label("service_point_number"),
            ServicePoint.address.label("address"),
            Route.code.label("route_code"),
            ServiceOrder.number.label("order_number"),
            Staff.name.label("proposed_by_name"),
        )
        .join(ServicePoint, ServicePoint.id == RouteChangeRequest.service_point_id)
        .outerjoin(Route, Route.id == RouteChangeRequest.route_id)
        .outerjoin(ServiceOrder, ServiceOrder.id == RouteChangeRequest.order_id)
        .outerjoin(Staff, Staff.id == RouteChangeRequest.proposed_by_id)
    )
