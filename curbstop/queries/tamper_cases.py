"""Reads tamper cases with the evidence that was frozen in them."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.tamper_case import TamperCase
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"found_at": TamperCase.found_at}


def find(session: Session, actor: Actor, page: PageRequest, *, service_point_id: UUID | None = None) -> Page[Row[Any]]:
    """A page of cases, of one place or of all."""
    require(actor, Action.VIEW_TAMPER_CASES)
    statement = (
        select(
            *(getattr(TamperCase, column.key) for column in TamperCase.__table__.columns),
            ServicePoint.number.label("service_point_number"),
            ServicePoint.address.label("address"),
            ServiceOrder.number.label("order_number"),
        )
        .join(ServicePoint, ServicePoint.id == TamperCase.service_point_id)
        .join(ServiceOrder, ServiceOrder.id == TamperCase.order_id)
    )
    if service_point_id is not None:
        statement = statement.where(TamperCase.service_point_id == service_point_id)
    return fetch(session, statement, page, SORTS, TamperCase.id)
