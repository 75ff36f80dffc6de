"""Reads developments and their lots: how far each has come, and whose each lot is."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session, aliased

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.account import Account, Customer
from curbstop.models.development import Development, Lot
from curbstop.models.service_point import ServicePoint
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"number": Development.number, "name": Development.name}
LOT_SORTS = {"code": Lot.code}


def find(
    session: Session, actor: Actor, page: PageRequest, *, state: str | None = None, name: str | None = None
) -> Page[Row[Any]]:
    """A page of developments with their progress; `name` is a beginning."""
    statement = _statement(actor)
    if state is not None:
        statement = statement.where(Development.state == state)
    if name:
        statement = statement.where(Development.name.istartswith(name, autoescape=True))
    return fetch(session, statement, page, SORTS, Development.id)


def get(session: Session, actor: Actor, development_id: UUID) -> Row[Any]:
    """One development, or Problem(`not_found`)."""
    row = session.execute(_statement(actor).where(Development.id == development_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no development with id {development_id}.")
    return row


def find_lots(
    session: Session, actor: Actor, page: PageRequest, development_id: UUID, *, transferred: bool | None = None,
    meter_set: bool | None = None,
) -> Page[Row[Any]]:  # fmt: skip
    """A page of a development's lots. Problem(`not_found`)."""
    get(session, actor, development_id)
    statement = _lots().where(Lot.development_id == development_id)
    for wanted, column in ((transferred, Lot.transferred_on), (meter_set, Lot.meter_set_at)):
        if wanted is not None:
            statement = statement.where(column.is_not(None) if wanted else column.is_(None))
    return fetch(session, statement, page, LOT_SORTS, Lot.id)


def get_lot(session: Session, actor: Actor, lot_id: UUID) -> Row[Any]:
    """One lot, or Problem(`not_found`)."""
    require(actor, Action.VIEW_DEVELOPMENTS)
    row = session.execute(_lots().where(Lot.id == lot_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no lot with id {lot_id}.")
    return row


def _statement(actor: Actor) -> Select[Any]:
    require(actor, Action.VIEW_DEVELOPMENTS)
    counted = (
        select(
            Lot.development_id,
            func.count().label("lots"),
            func.count(Lot.account_id).label("accounts"),
            func.count(Lot.meter_set_at).label("meters_set"),
            func.count(Lot.transferred_on).label("transferred"),
        )
        .group_by(Lot.development_id)
        .subquery()
    )
    return (
        select(
            *Development.__table__.columns,
            Customer.name.label("builder_name"),
            *(
                func.coalesce(counted.c[name], 0).label(name)
                for name in ("lots", "accounts", "meters_set", "transferred")
            ),
        )
        .join(Customer, Customer.id == Development.builder_id)
        .outerjoin(counted, counted.c.development_id == Development.id)
    )


def _lots() -> Select[Any]:
    owner = aliased(Customer)
    return (
        select(
            *Lot.__table__.columns,
            ServicePoint.number.label("service_point_number"),
            ServicePoint.address,
            ServicePoint.physical_state,
            Account.number.label("account_number"),
            Account.status.label("account_status"),
            owner.name.label("owner_name"),
        )
        .join(ServicePoint, ServicePoint.id == Lot.service_point_id)
        .outerjoin(Account, Account.id == Lot.account_id)
        .outerjoin(owner, owner.id == Lot.owner_id)
    )
