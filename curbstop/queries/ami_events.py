"""Reads AMI events."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.models.ami_event import AmiEvent
from curbstop.models.service_point import ServicePoint
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"happened_at": AmiEvent.happened_at}


def find(
    session: Session,
    actor: Actor,
    page: PageRequest,
    *,
    service_point_id: UUID | None = None,
    closed: bool | None = None,
    orphans: bool | None = None,
) -> Page[Row[Any]]:
    """A page of events; `orphans` are those whose radio or meter is at no place."""
    require(actor, Action.VIEW_NETWORK)
    statement = _events()
    if service_point_id is not None:
        statement = statement.where(AmiEvent.service_point_id == service_point_id)
    if closed is not None:
        statement = statement.where(AmiEvent.closed_at.is_not(None) if closed else AmiEvent.closed_at.is_(None))
    if orphans is not None:
        nowhere = AmiEvent.service_point_id.is_(None)
        statement = statement.where(nowhere if orphans else ~nowhere)
    return fetch(session, statement, page, SORTS, AmiEvent.id)


def get(session: Session, event_id: UUID) -> Row[Any]:
    """One that was just written."""
    return session.execute(_events().where(AmiEvent.id == event_id)).one()


def _events() -> Select[Any]:
    return select(
        *(getattr(AmiEvent, column.key) for column in AmiEvent.__table__.columns),
        ServicePoint.number.label("service_point_number"),
    ).outerjoin(ServicePoint, ServicePoint.id == AmiEvent.service_point_id)
