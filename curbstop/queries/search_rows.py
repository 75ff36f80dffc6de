"""Loads what somebody needs to recognize a hit of a search: one statement for each kind of row."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, String, literal, null, select
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from curbstop.models.account import Account, Customer
from curbstop.models.meter import Installation, Meter
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint


@dataclass(frozen=True, slots=True)
class Hit:
    """One row found. `number` is also a meter's serial; `detail` an order's type, a meter's size, a class."""

    entity_type: str
    id: UUID
    number: str
    name: str | None
    address: str | None
    city: str | None
    status: str | None
    detail: str | None
    service_point_id: UUID | None


def load(session: Session, rows: Collection[tuple[str, UUID]], *, with_names: bool) -> Iterator[Hit]:
    """A hit for each row (entity type, id) that is still there; names only for those who may see them."""
    by_type: dict[str, list[UUID]] = {}
    for entity_type, entity_id in rows:
        by_type.setdefault(entity_type, []).append(entity_id)
    for entity_type, ids in by_type.items():
        for row in session.execute(_statement(entity_type, ids)):
            hit = Hit(entity_type, *row)
            yield hit if with_names else replace(hit, name=None)


def _statement(entity_type: str, ids: list[UUID]) -> Executable:
    match entity_type:
        case "account":
            return _accounts(ids)
        case "customer":
            return _customers(ids)
        case "service_point":
            return _service_points(ids)
        case "meter":
            return _meters(ids)
    return _orders(ids)


def _accounts(ids: list[UUID]) -> Executable:
    columns: list[Any] = [Account.id, Account.number, Customer.name, ServicePoint.address, ServicePoint.city]
    query = select(*columns, Account.status, Account.service_class, ServicePoint.id)
    query = query.join(Customer, Account.customer_id == Customer.id)
    return query.join(ServicePoint, Account.service_point_id == ServicePoint.id).where(Account.id.in_(ids))


def _customers(ids: list[UUID]) -> Executable:
    # One of the customer's places, the current one first, is enough to recognize somebody by.
    place = (
        select(Account.service_point_id)
        .where(Account.customer_id == Customer.id)
        .order_by(Account.status, Account.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    columns: list[Any] = [Customer.id, Customer.number, Customer.name, ServicePoint.address, ServicePoint.city]
    query = select(*columns, _nothing("status"), _nothing("detail"), ServicePoint.id)
    return query.outerjoin(ServicePoint, ServicePoint.id == place).where(Customer.id.in_(ids))


def _service_points(ids: list[UUID]) -> Executable:
    columns: list[Any] = [ServicePoint.id, ServicePoint.number, _name_at(), ServicePoint.address, ServicePoint.city]
    query = select(*columns, ServicePoint.physical_state, _nothing("detail"), ServicePoint.id)
    return query.where(ServicePoint.id.in_(ids))


def _name_at() -> ColumnElement[str | None]:
    """Who is the current customer at the service point."""
    return (
        select(Customer.name)
        .join(Account, Account.customer_id == Customer.id)
        .where(Account.service_point_id == ServicePoint.id, Account.status == literal("active"))
        .limit(1)
        .scalar_subquery()
    )


def _meters(ids: list[UUID]) -> Executable:
    columns: list[Any] = [Meter.id, Meter.serial, _nothing("name"), ServicePoint.address, ServicePoint.city]
    query = select(*columns, Meter.status, Meter.size, ServicePoint.id)
    query = query.outerjoin(Installation, (Installation.meter_id == Meter.id) & Installation.removed_at.is_(None))
    return query.outerjoin(ServicePoint, Installation.service_point_id == ServicePoint.id).where(Meter.id.in_(ids))


def _orders(ids: list[UUID]) -> Executable:
    columns: list[Any] = [ServiceOrder.id, ServiceOrder.number, Customer.name, ServicePoint.address, ServicePoint.city]
    query = select(*columns, ServiceOrder.state, ServiceOrder.type_code, ServicePoint.id)
    query = query.join(ServicePoint, ServiceOrder.service_point_id == ServicePoint.id)
    query = query.outerjoin(Account, ServiceOrder.account_id == Account.id)
    return query.outerjoin(Customer, Account.customer_id == Customer.id).where(ServiceOrder.id.in_(ids))


def _nothing(name: str) -> ColumnElement[Any]:
    return null().cast(String).label(name)
