"""Reads accounts, with whose they are and where."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.meters import AccountStatus
from curbstop.domain.problems import Problem
from curbstop.models.account import Account, Customer
from curbstop.models.service_point import ServicePoint
from curbstop.queries import customers
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"number": Account.number, "created_at": Account.created_at, "updated_at": Account.updated_at}


def find(
    session: Session,
    actor: Actor,
    page: PageRequest,
    *,
    number: str | None = None,
    status: Sequence[str] = (),
    customer_id: UUID | None = None,
    service_point_id: UUID | None = None,
    open: bool | None = None,
) -> Page[Row[Any]]:
    """A page of accounts; `number` is a beginning, `open` those that are not final."""
    statement = _statement(actor)
    if number:
        statement = statement.where(Account.number.startswith(number.strip().upper(), autoescape=True))
    if status:
        statement = statement.where(Account.status.in_(status))
    if customer_id is not None:
        statement = statement.where(Account.customer_id == customer_id)
    if service_point_id is not None:
        statement = statement.where(Account.service_point_id == service_point_id)
    if open is not None:
        final = Account.status == AccountStatus.FINALED.value
        statement = statement.where(~final if open else final)
    return fetch(session, statement, page, SORTS, Account.id)


def get(session: Session, actor: Actor, account_id: UUID) -> Row[Any]:
    """One account, or Problem(`not_found`), also for one that the actor may not see."""
    row = session.execute(_statement(actor).where(Account.id == account_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no account with id {account_id}.")
    return row


def _statement(actor: Actor) -> Select[Any]:
    return (
        select(
            *(getattr(Account, column.key) for column in Account.__table__.columns),
            Customer.number.label("customer_number"),
            Customer.name.label("customer_name"),
            ServicePoint.number.label("service_point_number"),
            ServicePoint.address,
            ServicePoint.city,
        )
        .join(Customer, Customer.id == Account.customer_id)
        .join(ServicePoint, ServicePoint.id == Account.service_point_id)
        .where(*customers.visible(actor))
    )
