"""Reads temporary services: what is out, at which hydrant, since when, and what is overdue."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.account import Account, Customer
from curbstop.models.meter import Meter
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.temp_service import TempService
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"expires_at": TempService.expires_at, "opened_at": TempService.opened_at, "number": TempService.number}


def find(
    session: Session,
    actor: Actor,
    page: PageRequest,
    *,
    at: datetime,
    out: bool | None = None,
    overdue: bool | None = None,
    expires_within_days: int | None = None,
    hydrant: str | None = None,
    service_point_id: UUID | None = None,
) -> Page[dict[str, Any]]:
    """A page of temporary services; `hydrant` is a beginning."""
    statement = _statement(actor)
    if out is not None:
        closed = TempService.closed_at
        statement = statement.where(closed.is_(None) if out else closed.is_not(None))
    if overdue is not None:
        late = TempService.closed_at.is_(None) & (TempService.expires_at < at)
        statement = statement.where(late if overdue else ~late)
    if expires_within_days is not None:
        statement = statement.where(TempService.expires_at <= at + timedelta(days=expires_within_days))
    if hydrant:
        statement = statement.where(TempService.hydrant.istartswith(hydrant, autoescape=True))
    if service_point_id is not None:
        statement = statement.where(TempService.service_point_id == service_point_id)
    found = fetch(session, statement, page, SORTS, TempService.id)
    return Page([_shown(row, at) for row in found.items], found.after)


def get(session: Session, actor: Actor, temp_service_id: UUID, *, at: datetime) -> dict[str, Any]:
    """One of them, or Problem(`not_found`)."""
    row = session.execute(_statement(actor).where(TempService.id == temp_service_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no temporary service with id {temp_service_id}.")
    return _shown(row, at)


def _statement(actor: Actor) -> Select[Any]:
    require(actor, Action.VIEW_TEMP_SERVICES)
    return (
        select(
            *TempService.__table__.columns,
            Meter.serial,
            ServicePoint.number.label("service_point_number"),
            ServicePoint.address,
            Account.number.label("account_number"),
            Customer.name.label("customer_name"),
            Customer.phone.label("customer_phone"),
            ServiceOrder.number.label("pull_order_number"),
        )
        .join(Meter, Meter.id == TempService.meter_id)
        .join(ServicePoint, ServicePoint.id == TempService.service_point_id)
        .outerjoin(Account, Account.id == TempService.account_id)
        .outerjoin(Customer, Customer.id == Account.customer_id)
        .outerjoin(ServiceOrder, ServiceOrder.id == TempService.pull_order_id)
    )


def _shown(row: Any, at: datetime) -> dict[str, Any]:
    out = row.closed_at is None
    days = (at - row.opened_at).days if out else row.days_out
    return {**row._asdict(), "out": out, "overdue": out and row.expires_at < at, "days_out": days}
