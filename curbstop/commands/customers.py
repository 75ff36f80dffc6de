"""Customers: entering and correcting them; a tablet that shows a customer's name hears of a new one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, update

from curbstop.commands import journal, numbering, search_index
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.numbers import Prefix
from curbstop.domain.permissions import Action, Grant, grants, require
from curbstop.domain.problems import Problem
from curbstop.models.account import Account, Customer
from curbstop.models.change_log import BucketRow
from curbstop.models.ids import new_id
from curbstop.models.service_order import ServiceOrder

EDITABLE = frozenset({"name", "phone", "email", "language", "name_withheld"})
# What the image of an order says of its customer.
_ON_TABLETS = frozenset({"name", "name_withheld"})


def create(
    work: Work,
    *,
    name: str,
    phone: str | None = None,
    email: str | None = None,
    language: str = "en",
    name_withheld: bool = False,
    source_key: str | None = None,
) -> Customer:
    """A new customer; `source_key` is what another system calls it, and has to be given by that system.

    Problems: forbidden, argument_required, invalid, conflict.
    """
    require(work.actor, Action.EDIT_CUSTOMERS)
    if source_key is None and not _sees_all(work):
        raise Problem("argument_required", "Say in `source_key` what you call them.", missing=["source_key"])
    check_source_key(work, Customer, source_key)
    customer = Customer(
        id=new_id(),
        number=numbering.next_numbers(work, Prefix.CUSTOMER)[0],
        name=_named(name),
        phone=phone,
        email=email,
        language=language,
        name_withheld=name_withheld,
        source_key=source_key,
        created_at=work.at,
    )
    work.session.add(customer)
    journal.changed(work, customer, "create")
    search_index.refresh(work, "customer", [customer.id])
    return customer


def edit(work: Work, customer_id: UUID, changes: Mapping[str, Any], *, if_version: int | None) -> Customer:
    """Corrects what is given; orders on tablets show the new name at their next pull.

    Problems: forbidden, not_found, version_mismatch, invalid.
    """
    require(work.actor, Action.EDIT_CUSTOMERS)
    customer = get(work, Customer, customer_id)
    check_seen(work, customer)
    check_version(customer, if_version)
    unknown = set(changes) - EDITABLE
    if unknown:
        raise Problem("invalid", f"These fields are not edited here: {', '.join(sorted(unknown))}.")
    different = {name: value for name, value in changes.items() if getattr(customer, name) != value}
    if not different:
        return customer
    for name, value in different.items():
        setattr(customer, name, _named(value) if name == "name" else value)
    journal.changed(work, customer, "edit")
    if "name" in different:
        search_index.refresh(work, "customer", [customer.id])
    if _ON_TABLETS & set(different):
        _tell_orders(work, customer.id)
    return customer


def check_seen(work: Work, customer: Customer) -> None:
    """Problem(`not_found`) for an integration that writes to a customer whom it did not bring."""
    if customer.source_key is None and not _sees_all(work):
        raise Problem("not_found", f"There is no customer with id {customer.id}.")


def _sees_all(work: Work) -> bool:
    return Grant.YES in grants(work.actor, Action.VIEW_CUSTOMERS)


def check_source_key(work: Work, model: type[Customer] | type[Account], source_key: str | None) -> None:
    """Problem(`conflict`) when a row came from that key of another system already."""
    if source_key is None:
        return
    if work.session.scalar(select(model.id).where(model.source_key == source_key)) is not None:
        raise Problem("conflict", f"There is a {model.__tablename__} with source key {source_key!r} already.")


def _named(name: str) -> str:
    if not name.strip():
        raise Problem("invalid", "A customer has a name.", field="name")
    return " ".join(name.split())


def _tell_orders(work: Work, customer_id: UUID) -> None:
    """The customer's orders that are on tablets get a new version there, in two statements for any number of them."""
    accounts = select(Account.id).where(Account.customer_id == customer_id)
    held = exists().where(BucketRow.entity_type == "service_order", BucketRow.entity_id == ServiceOrder.id)
    rows = work.session.execute(
        update(ServiceOrder)
        .where(ServiceOrder.account_id.in_(accounts), held)
        .values(version=ServiceOrder.version + 1, updated_at=work.at)
        .returning(ServiceOrder.id, ServiceOrder.version)
        .execution_options(synchronize_session=False)
    )
    journal.tell_buckets(work, "service_order", [(order_id, version) for order_id, version in rows])
