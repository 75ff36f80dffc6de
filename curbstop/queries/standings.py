"""Reads what stands against an account: what it owes, its payments, and its holds."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, literal, null, select
from sqlalchemy.orm import Session, aliased

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, may, require
from curbstop.domain.problems import Problem
from curbstop.models.account import Account, Customer
from curbstop.models.calendar import in_force
from curbstop.models.owed import owed_by
from curbstop.models.staff import Staff
from curbstop.models.standing import Hold, Payment, Standing
from curbstop.queries import accounts, customers
from curbstop.queries.page import Page, PageRequest, fetch

# All that others learn of a hold than those who may place one: it may be somebody's illness.
DO_NOT_CUT, CALL_THE_OFFICE = "do_not_cut", "Do not cut off, call the office."
HOLD_SORTS = {"created_at": Hold.created_at, "starts_on": Hold.starts_on}
PAYMENT_SORTS = {"received_at": Payment.received_at}


def standing(session: Session, actor: Actor, account_id: UUID) -> dict[str, Any]:
    """What billing said of the account and what was paid since; Problem(`not_found`), also when it said nothing."""
    accounts.get(session, actor, account_id)
    row = session.get(Standing, account_id)
    if row is None:
        raise Problem("not_found", "Billing has said nothing of this account yet.")
    owed = owed_by(session, [account_id])[account_id]
    told = {column.key: getattr(row, column.key) for column in Standing.__table__.columns}
    returned = select(func.count()).where(Payment.account_id == account_id, Payment.returned_on.is_not(None))
    cash_only = (session.scalar(returned) or 0) >= in_force(session).policy.returned_payment.cash_only_after
    return {
        **told,
        "paid_since_cents": owed.paid_since_cents,
        "owed_cents": owed.cents,
        "cash_only": cash_only,
    }


def payments(session: Session, actor: Actor, page: PageRequest, account_id: UUID) -> Page[Payment]:
    """The account's payments that billing told of."""
    accounts.get(session, actor, account_id)
    return fetch(session, select(Payment).where(Payment.account_id == account_id), page, PAYMENT_SORTS, Payment.id)


def holds(
    session: Session,
    actor: Actor,
    page: PageRequest,
    *,
    account_id: UUID | None = None,
    kind: str | None = None,
    applies_on: date | None = None,
    ended: bool | None = None,
) -> Page[Row[Any]]:
    """A page of holds on the accounts that the actor sees; `applies_on` leaves out ended ones and other days'.

    Why there is one is told to those who may place one, and to nobody else, who may not look for a kind either.
    """
    require(actor, Action.VIEW_CUSTOMERS if kind is None else Action.HOLD_ACCOUNT)
    statement = _holds(actor)
    if account_id is not None:
        statement = statement.where(Hold.account_id == account_id)
    if kind is not None:
        statement = statement.where(Hold.kind == kind)
    if ended is not None:
        statement = statement.where(Hold.ended_at.is_not(None) if ended else Hold.ended_at.is_(None))
    if applies_on is not None:
        open_ended = Hold.through.is_(None) | (Hold.through >= applies_on)
        statement = statement.where(Hold.ended_at.is_(None), Hold.starts_on <= applies_on, open_ended)
    return fetch(session, statement, page, HOLD_SORTS, Hold.id)


def hold(session: Session, actor: Actor, hold_id: UUID) -> Row[Any]:
    """One hold, or Problem(`not_found`)."""
    require(actor, Action.VIEW_CUSTOMERS)
    row = session.execute(_holds(actor).where(Hold.id == hold_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no hold with id {hold_id}.")
    return row


def _holds(actor: Actor) -> Select[Any]:
    ender = aliased(Staff)
    hidden: dict[str, ColumnElement[Any]] = {}
    if not may(actor, Action.HOLD_ACCOUNT):
        hidden = {
            "kind": literal(DO_NOT_CUT),
            "reason": literal(CALL_THE_OFFICE),
            "category": null(),
            "renewals": literal(0),
            "end_reason": null(),
        }
    columns = (
        hidden[column.key].label(column.key) if column.key in hidden else getattr(Hold, column.key)
        for column in Hold.__table__.columns
    )
    return (
        select(
            *columns,
            Account.number.label("account_number"),
            Staff.name.label("placed_by_name"),
            ender.name.label("ended_by_name"),
        )
        .join(Account, Account.id == Hold.account_id)
        .join(Customer, Customer.id == Account.customer_id)
        .outerjoin(Staff, Staff.id == Hold.placed_by_id)
        .outerjoin(ender, ender.id == Hold.ended_by_id)
        .where(*customers.visible(actor))
    )
