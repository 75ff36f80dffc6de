"""Reads the locks and seals of a place, those that were there and those that are."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session, aliased

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.lock import Lock
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"applied_at": Lock.applied_at}


def of_place(session: Session, actor: Actor, page: PageRequest, service_point_id: UUID) -> Page[Row[Any]]:
    """A page of the place's locks; Problem(`not_found`) for no place."""
    require(actor, Action.VIEW_NETWORK)
    if session.scalar(select(ServicePoint.id).where(ServicePoint.id == service_point_id)) is None:
        raise Problem("not_found", f"There is no service point with id {service_point_id}.")
    ender = aliased(ServiceOrder)
    statement = (
        select(
            *(getattr(Lock, column.key) for column in Lock.__table__.columns),
            ServiceOrder.number.label("order_number"),
            ender.number.label("ended_by_order_number"),
        )
        .outerjoin(ServiceOrder, ServiceOrder.id == Lock.order_id)
        .outerjoin(ender, ender.id == Lock.ended_by_order_id)
        .where(Lock.service_point_id == service_point_id)
    )
    return fetch(session, statement, page, SORTS, Lock.id)


def get(session: Session, actor: Actor, lock_id: UUID) -> Row[Any]:
    """One lock, or Problem(`not_found`)."""
    found = session.get(Lock, lock_id)
    if found is None:
        raise Problem("not_found", f"There is no lock with id {lock_id}.")
    page = of_place(session, actor, PageRequest(limit=1000), found.service_point_id)
    return next(row for row in page.items if row.id == lock_id)
