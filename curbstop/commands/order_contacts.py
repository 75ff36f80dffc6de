"""The contact-log line that a visit leaves: how the customer heard of it, and what for."""

from dataclasses import replace

from sqlalchemy import select

from curbstop.commands import contacts, follow_ups
from curbstop.commands.change_outs import moment
from curbstop.commands.contacts import NewAttempt
from curbstop.commands.order_steps import type_of
from curbstop.commands.work import Work
from curbstop.domain.actors import SYSTEM
from curbstop.domain.contacts import Channel, Contact, Reached, Reason
from curbstop.models.contact_attempt import ContactAttempt
from curbstop.models.service_order import ServiceOrder
from curbstop.models.staff import Staff


def log(work: Work, order: ServiceOrder, reason: Reason) -> None:
    """One line for an order, once: a tag at the door, or a visit that met somebody or nobody. None without an account.

    It is a consequence of the posting, so that whoever posts needs no right to the log.
    """
    key = f"order:{order.id}"
    if order.account_id is None or work.session.scalar(
        select(ContactAttempt.id).where(ContactAttempt.source_key == key)
    ):
        return
    met = order.captures.get("adult_present") is True
    tag = order.captures.get("door_tag_left") is True
    contact = Contact(
        at=moment(work, order),
        channel=Channel.DOOR_TAG if tag and not met else Channel.IN_PERSON,
        reached=Reached.CUSTOMER if met else Reached.NONE,
        reason=reason,
        note=follow_ups.found_in_words(order, type_of(work, order)),
    )
    said = NewAttempt(
        account_id=order.account_id, contact=contact, order_id=order.id, by_name=_visitor(work, order), source_key=key
    )
    contacts.log(replace(work, actor=SYSTEM, authority=None), said)


def _visitor(work: Work, order: ServiceOrder) -> str | None:
    return work.session.scalar(select(Staff.name).where(Staff.id == order.completed_by_id))
