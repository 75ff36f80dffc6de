"""Reads what a GIS editor is asked to draw."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.feature_request import FeatureRequest
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.queries.page import Page, PageRequest, fetch


def find(session: Session, actor: Actor, page: PageRequest, *, state: str | None = None) -> Page[Row[Any]]:
    """A page of requests, without any customer."""
    statement = _statement(actor)
    if state is not None:
        statement = statement.where(FeatureRequest.state == state)
    return fetch(session, statement, page, {"created_at": FeatureRequest.created_at}, FeatureRequest.id)


def get(session: Session, actor: Actor, request_id: UUID) -> Row[Any]:
    """One request, or Problem(`not_found`)."""
    row = session.execute(_statement(actor).where(FeatureRequest.id == request_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no feature request with id {request_id}.")
    return row


def _statement(actor: Actor) -> Select[Any]:
    require(actor, Action.VIEW_NETWORK)
    return (
        select(
            *FeatureRequest.__table__.columns,
            ServicePoint.number.label("service_point_number"),
            ServicePoint.address,
            ServiceOrder.number.label("order_number"),
        )
        .join(ServicePoint, ServicePoint.id == FeatureRequest.service_point_id)
        .join(ServiceOrder, ServiceOrder.id == FeatureRequest.order_id)
    )
