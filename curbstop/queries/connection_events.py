"""Reads what became of connections, in the order in which it became known."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.models.account import Account
from curbstop.models.connection_event import ConnectionEvent
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"sequence": ConnectionEvent.sequence}


def find(
    session: Session, actor: Actor, page: PageRequest, *, since: int = 0, service_point_id: UUID | None = None
) -> Page[Row[Any]]:
    """A page of events with a sequence above `since`: numbers and states, no customer and no amount."""
    require(actor, Action.EXCHANGE_BILLING)
    statement = (
        select(
            *(getattr(ConnectionEvent, column.key) for column in ConnectionEvent.__table__.columns),
            ServicePoint.number.label("service_point_number"),
            Account.number.label("account_number"),
            ServiceOrder.number.label("order_number"),
        )
        .join(ServicePoint, ServicePoint.id == ConnectionEvent.service_point_id)
        .outerjoin(Account, Account.id == ConnectionEvent.account_id)
        .outerjoin(ServiceOrder, ServiceOrder.id == ConnectionEvent.order_id)
        .where(ConnectionEvent.sequence > since)
    )
    if service_point_id is not None:
        statement = statement.where(ConnectionEvent.service_point_id == service_point_id)
    return fetch(session, statement, page, SORTS, ConnectionEvent.id)
