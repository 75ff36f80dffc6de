"""Accounts: what a customer has at a service point, opened, corrected and closed; one at a place at a time."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal, numbering, search_index
from curbstop.commands.customers import check_seen, check_source_key
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.meters import AccountStatus
from curbstop.domain.numbers import Prefix
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.account import Account, Customer
from curbstop.models.ids import new_id
from curbstop.models.service_point import ServicePoint

EDITABLE = frozenset({"status", "service_class"})
SERVICE_CLASSES = ("residential", "commercial", "industrial", "irrigation", "government", "temporary")
OPENING = (AccountStatus.PENDING, AccountStatus.ACTIVE)


def open_(
    work: Work,
    *,
    customer_id: UUID,
    service_point_id: UUID,
    status: str = AccountStatus.ACTIVE.value,
    service_class: str = "residential",
    source_key: str | None = None,
) -> Account:
    """The customer's account at the place, active or pending.

    Problems: forbidden, not_found (customer, place), invalid, conflict (somebody's account is open there).
    """
    require(work.actor, Action.EDIT_CUSTOMERS)
    # The place is locked: two who open an account there at once come one after the other.
    point = get(work, ServicePoint, service_point_id)
    check_seen(work, get(work, Customer, customer_id, lock=False))
    if status not in OPENING:
        raise Problem("invalid", "A new account is active or pending.", field="status")
    _check_class(service_class)
    check_source_key(work, Account, source_key)
    _check_alone(work, point.id)
    account = Account(
        id=new_id(),
        number=numbering.next_numbers(work, Prefix.ACCOUNT)[0],
        customer_id=customer_id,
        service_point_id=point.id,
        status=AccountStatus(status).value,
        service_class=service_class,
        source_key=source_key,
        created_at=work.at,
    )
    work.session.add(account)
    journal.changed(work, account, "open")
    search_index.refresh(work, "account", [account.id])
    return account


def edit(work: Work, account_id: UUID, changes: Mapping[str, Any], *, if_version: int | None) -> Account:
    """Corrects status or class. An account is closed by `close`, and a closed one is edited no more.

    Problems: forbidden, not_found, version_mismatch, invalid, conflict.
    """
    require(work.actor, Action.EDIT_CUSTOMERS)
    account = get(work, Account, account_id)
    check_seen(work, get(work, Customer, account.customer_id, lock=False))
    check_version(account, if_version)
    unknown = set(changes) - EDITABLE
    if unknown:
        raise Problem("invalid", f"These fields are not edited here: {', '.join(sorted(unknown))}.")
    _check_not_closed(account)
    status = changes.get("status", account.status)
    if status not in set(AccountStatus) - {AccountStatus.FINALED}:
        raise Problem("invalid", "That is no status of an open account.", field="status")
    _check_class(changes.get("service_class", account.service_class))
    for name, value in changes.items():
        setattr(account, name, str(value))
    journal.changed(work, account, "edit")
    return account


def close(work: Work, account_id: UUID, *, if_version: int | None = None) -> Account:
    """The customer has left: the account is final, and another may be opened at the place.

    Problems: forbidden, not_found, version_mismatch, conflict (it is closed already).
    """
    require(work.actor, Action.EDIT_CUSTOMERS)
    account = get(work, Account, account_id)
    check_seen(work, get(work, Customer, account.customer_id, lock=False))
    check_version(account, if_version)
    _check_not_closed(account)
    account.status = AccountStatus.FINALED.value
    journal.changed(work, account, "close")
    return account


def _check_not_closed(account: Account) -> None:
    if account.status == AccountStatus.FINALED:
        raise Problem("conflict", f"Account {account.number} is closed.")


def _check_alone(work: Work, service_point_id: UUID) -> None:
    there = work.session.execute(
        select(Account.id, Account.number)
        .where(Account.service_point_id == service_point_id, Account.status != AccountStatus.FINALED.value)
        .limit(1)
    ).first()
    if there is not None:
        raise Problem("conflict", f"Account {there.number} is open there; close it first.", account_id=str(there.id))


def _check_class(service_class: str) -> None:
    if service_class not in SERVICE_CLASSES:
        raise Problem("invalid", f"Service classes are {', '.join(SERVICE_CLASSES)}.", field="service_class")
