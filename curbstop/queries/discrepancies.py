"""Reads discrepancies: what the books and the field say differently."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.discrepancy import Discrepancy
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.staff import Staff
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"noted_at": Discrepancy.noted_at, "created_at": Discrepancy.created_at}


def find(
    session: Session,
    actor: Actor,
    page: PageRequest,
    *,
    kind: str | None = None,
    state: str | None = None,
    service_point_id: UUID | None = None,
) -> Page[Row[Any]]:
    """A page of discrepancies."""
    require(actor, Action.VIEW_NETWORK)
    statement = _statement()
    asked = {Discrepancy.kind: kind, Discrepancy.state: state, Discrepancy.service_point_id: service_point_id}
    for column, value in asked.items():
        if value is not None:
            statement = statement.where(column == value)
    return fetch(session, statement, page, SORTS, Discrepancy.id)


def get(session: Session, actor: Actor, discrepancy_id: UUID) -> Row[Any]:
    """One discrepancy, or Problem(`not_found`)."""
    require(actor, Action.VIEW_NETWORK)
    row = session.execute(_statement().where(Discrepancy.id == discrepancy_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no discrepancy with id {discrepancy_id}.")
    return row


def _statement() -> Select[Any]:
    columns = (getattr(Discrepancy, column.key) for column in Discrepancy.__table__.columns)
    return (
        select(
            *columns,
            ServicePoint.number.label("service_point_number"),
            ServicePoint.address,
            ServiceOrder.number.label("order_number"),
            Staff.name.label("settled_by_name"),
        )
        .outerjoin(ServicePoint, ServicePoint.id == Discrepancy.service_point_id)
        .outerjoin(ServiceOrder, ServiceOrder.id == Discrepancy.order_id)
        .outerjoin(Staff, Staff.id == Discrepancy.settled_by_id)
    )
