"""Reads customers: the list, one of them, and which of them somebody may see."""

from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.models.account import Account, Customer
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"number": Customer.number, "name": Customer.name, "updated_at": Customer.updated_at}


def visible(actor: Actor) -> list[ColumnElement[bool]]:
    """Conditions on `customer`; an integration sees those that came from another system. Problem(`forbidden`)."""
    if Grant.YES in require(actor, Action.VIEW_CUSTOMERS):
        return []
    return [Customer.source_key.is_not(None)]


def find(
    session: Session,
    actor: Actor,
    page: PageRequest,
    *,
    name: str | None = None,
    number: str | None = None,
    service_point_id: UUID | None = None,
) -> Page[Customer]:
    """A page of customers; `name` and `number` are beginnings, the place is where one has or had an account."""
    statement = select(Customer).where(*visible(actor))
    if name:
        statement = statement.where(Customer.name.istartswith(name, autoescape=True))
    if number:
        statement = statement.where(Customer.number.startswith(number.strip().upper(), autoescape=True))
    if service_point_id is not None:
        there = exists().where(Account.customer_id == Customer.id, Account.service_point_id == service_point_id)
        statement = statement.where(there)
    return fetch(session, statement, page, SORTS, Customer.id)


def get(session: Session, actor: Actor, customer_id: UUID) -> Customer:
    """One customer, or Problem(`not_found`), also for one that the actor may not see."""
    row = session.scalars(select(Customer).where(Customer.id == customer_id, *visible(actor))).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no customer with id {customer_id}.")
    return row
