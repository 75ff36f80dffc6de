"""Reads change-outs: the exchanges that are in the books, with both halves."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.change_out import ChangeOutRecord
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"recorded_at": ChangeOutRecord.recorded_at, "installed_at": ChangeOutRecord.installed_at}


def find(
    session: Session,
    actor: Actor,
    page: PageRequest,
    *,
    service_point_id: UUID | None = None,
    serial: str | None = None,
    source: str | None = None,
    since: date | None = None,
) -> Page[Row[Any]]:
    """A page of change-outs; `serial` is of either meter."""
    require(actor, Action.VIEW_NETWORK)
    statement = _statement()
    if service_point_id is not None:
        statement = statement.where(ChangeOutRecord.service_point_id == service_point_id)
    if serial is not None:
        statement = statement.where((ChangeOutRecord.new_serial == serial) | (ChangeOutRecord.old_serial == serial))
    if source is not None:
        statement = statement.where(ChangeOutRecord.source == source)
    if since is not None:
        statement = statement.where(ChangeOutRecord.installed_on >= since)
    return fetch(session, statement, page, SORTS, ChangeOutRecord.id)


def get(session: Session, actor: Actor, change_out_id: UUID) -> Row[Any]:
    """One change-out, or Problem(`not_found`)."""
    require(actor, Action.VIEW_NETWORK)
    row = session.execute(_statement().where(ChangeOutRecord.id == change_out_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no change-out with id {change_out_id}.")
    return row


def _statement() -> Select[Any]:
    columns = (getattr(ChangeOutRecord, column.key) for column in ChangeOutRecord.__table__.columns)
    return (
        select(
            *columns,
            ServicePoint.number.label("service_point_number"),
            ServicePoint.address,
            ServiceOrder.number.label("order_number"),
        )
        .join(ServicePoint, ServicePoint.id == ChangeOutRecord.service_point_id)
        .outerjoin(ServiceOrder, ServiceOrder.id == ChangeOutRecord.order_id)
    )
