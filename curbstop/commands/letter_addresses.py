"""Whom a letter goes to and where: the occupant by the account, the owner by the place, as they are today."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal, policies
from curbstop.commands.work import Work, get
from curbstop.domain.letters import Language, Recipient, day_in_words
from curbstop.domain.permissions import Action, require
from curbstop.domain.policy import LetterPolicy
from curbstop.domain.problems import Problem
from curbstop.models.account import Account, Customer
from curbstop.models.among import among
from curbstop.models.ids import new_id
from curbstop.models.letter import Letter, PropertyOwner
from curbstop.models.service_point import ServicePoint

# A withheld name never leaves the office (G.S. 132-1.1(c)).
_RESIDENT = {Language.EN: "Resident", Language.ES: "Residente"}


@dataclass(frozen=True, slots=True)
class Addressee:
    """A person with an address in lines; `language` is what they are written to in."""

    name: str
    lines: tuple[str, ...]
    postal_code: str | None
    street: str
    house_number: str | None
    language: Language
    service_address: str
    account_number: str


@dataclass(frozen=True, slots=True)
class _Known:
    points: Mapping[UUID, ServicePoint]
    owners: Mapping[UUID, PropertyOwner]
    customers: Mapping[UUID, tuple[Account, Customer]]


def addressees(work: Work, wanted: Sequence[tuple[Recipient, UUID, UUID | None]]) -> list[Addressee]:
    """For each (recipient, service point, account), in three statements. Problem(`invalid`) for an owner unknown."""
    points = {point_id for _, point_id, _ in wanted}
    known = _Known(
        points={
            row.id: row
            for row in work.session.scalars(select(ServicePoint).where(among(work.session, ServicePoint.id, points)))
        },
        owners=owners_of(work, points),
        customers=_customers(work, {account_id for *_, account_id in wanted if account_id is not None}),
    )
    return [_addressee(known, *one) for one in wanted]


def owners_of(work: Work, service_point_ids: Collection[UUID]) -> dict[UUID, PropertyOwner]:
    """The owners of record of these places, where they are known apart from who lives there."""
    rows = work.session.scalars(
        select(PropertyOwner).where(among(work.session, PropertyOwner.service_point_id, service_point_ids))
    )
    return {row.service_point_id: row for row in rows}


def set_owner(work: Work, service_point_id: UUID, fields: Mapping[str, Any]) -> PropertyOwner:
    """Who owns the place, as the county's records have it. Problems: forbidden, not_found."""
    require(work.actor, Action.EDIT_CUSTOMERS)
    get(work, ServicePoint, service_point_id)
    row = work.session.scalar(select(PropertyOwner).where(PropertyOwner.service_point_id == service_point_id))
    if row is None:
        row = PropertyOwner(id=new_id(), service_point_id=service_point_id, created_at=work.at, **fields)
        work.session.add(row)
    else:
        for name, value in fields.items():
            setattr(row, name, value)
    journal.changed(work, row, "property_owner.set")
    return row


def writer(work: Work) -> LetterPolicy:
    """Who writes, as the policy in force has it: asked once for however many letters."""
    return policies.in_force(work.session).policy.letter


def given_words(work: Work, ours: LetterPolicy, letter: Letter, to: Addressee) -> dict[str, Any]:
    """What a letter has without anybody's saying so, in its language, as of today."""
    language = Language(letter.language)
    today = work.at.astimezone(work.settings.zone).date()
    return {
        "number": letter.number,
        "date": day_in_words(today, language),
        "utility": ours.utility_name,
        "return_address": "\n".join(ours.return_address),
        "telephone": ours.telephone,
        "hours": ours.hours,
        "citation": ours.citation,
        "name": to.name,
        "address": "\n".join(to.lines),
        "service_address": to.service_address,
        "account_number": to.account_number,
        "language": language.value,
    }


def _addressee(known: _Known, recipient: Recipient, point_id: UUID, account_id: UUID | None) -> Addressee:
    point = known.points.get(point_id)
    if point is None:
        raise Problem("not_found", f"There is no service point with id {point_id}.")
    account, customer = known.customers.get(account_id, (None, None)) if account_id is not None else (None, None)
    where = ", ".join(filter(None, (point.address, point.city)))
    number = account.number if account is not None else ""
    if recipient is Recipient.OWNER:
        owner = known.owners.get(point_id)
        if owner is None:
            raise Problem("invalid", f"The owner of {where} is not known.", field="recipient")
        city = f"{owner.city}, {owner.state} {owner.zip}"
        # The owner is told of the place, not of the occupant's account.
        return Addressee(
            owner.name, (owner.address, city), owner.zip, owner.address, None, Language(owner.language), where, ""
        )
    language = (
        Language(customer.language) if customer is not None and customer.language in set(Language) else Language.EN
    )
    withheld = customer is None or customer.name_withheld
    name = _RESIDENT[language] if customer is None or withheld else customer.name
    city = " ".join(filter(None, (f"{point.city}," if point.city else None, point.state, point.zip)))
    return Addressee(
        name,
        (point.address, city),
        point.zip,
        point.street_name or point.address,
        point.house_number,
        language,
        where,
        number,
    )


def _customers(work: Work, account_ids: Collection[UUID]) -> dict[UUID, tuple[Account, Customer]]:
    rows = work.session.execute(
        select(Account, Customer)
        .join(Customer, Customer.id == Account.customer_id)
        .where(among(work.session, Account.id, account_ids))
    )
    return {account.id: (account, customer) for account, customer in rows}
