"""Reads the contact log: lists for the screen, and all of it for a file."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, null, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, may, require
from curbstop.domain.problems import Problem
from curbstop.models.account import Account, Customer
from curbstop.models.contact_attempt import ContactAttempt
from curbstop.models.service_order import ServiceOrder
from curbstop.models.staff import Staff
from curbstop.queries import customers
from curbstop.queries.page import Page, PageRequest, fetch

FILTERS = ("account_id", "reason", "result", "channel", "promise_state")


def find(session: Session, actor: Actor, page: PageRequest, **wanted: Any) -> Page[Row[Any]]:
    """A page of attempts on the accounts that the actor sees; `wanted` are the filters of the list."""
    return fetch(session, _wanted(actor, **wanted), page, {"at": ContactAttempt.at}, ContactAttempt.id)


def get(session: Session, actor: Actor, attempt_id: UUID) -> Row[Any]:
    """One attempt, or Problem(`not_found`)."""
    row = session.execute(_statement(actor).where(ContactAttempt.id == attempt_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no contact attempt with id {attempt_id}.")
    return row


def every(session: Session, actor: Actor, **wanted: Any) -> Iterator[Row[Any]]:
    """All that the filters leave, oldest first, as they come from the database; who may not is told at once."""
    found = _wanted(actor, **wanted).order_by(ContactAttempt.at, ContactAttempt.id)
    return iter(session.execute(found.execution_options(yield_per=500)))


def _wanted(
    actor: Actor,
    *,
    since: datetime | None = None,
    before: datetime | None = None,
    promised_through: date | None = None,
    **equal: Any,
) -> Select[Any]:
    statement = _statement(actor)
    for name in FILTERS:
        if equal.get(name) is not None:
            statement = statement.where(getattr(ContactAttempt, name) == equal[name])
    if since is not None:
        statement = statement.where(ContactAttempt.at >= since)
    if before is not None:
        statement = statement.where(ContactAttempt.at < before)
    if promised_through is not None:
        statement = statement.where(ContactAttempt.promise_on <= promised_through)
    return statement


def _statement(actor: Actor) -> Select[Any]:
    require(actor, Action.VIEW_CUSTOMERS)
    columns = [
        getattr(ContactAttempt, column.key)
        for column in ContactAttempt.__table__.columns
        if column.key not in ("by_name", "note")
    ]
    # People tell of illness and grief; the words are for those who act on them.
    note = ContactAttempt.note if may(actor, Action.HOLD_ACCOUNT) else null()
    return (
        select(
            *columns,
            note.label("note"),
            Account.number.label("account_number"),
            Customer.name.label("customer_name"),
            ServiceOrder.number.label("order_number"),
            func.coalesce(ContactAttempt.by_name, Staff.name).label("by_name"),
        )
        .join(Account, Account.id == ContactAttempt.account_id)
        .join(Customer, Customer.id == Account.customer_id)
        .outerjoin(ServiceOrder, ServiceOrder.id == ContactAttempt.order_id)
        .outerjoin(Staff, Staff.id == ContactAttempt.by_id)
        .where(*customers.visible(actor))
    )
