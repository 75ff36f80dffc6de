"""Reads letters, their batches with progress, and the templates in force."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.letters import Language, LetterKind
from curbstop.domain.permissions import Action, may, require
from curbstop.domain.problems import Problem
from curbstop.models.account import Account
from curbstop.models.letter import Letter, LetterBatch, LetterTemplate, PropertyOwner
from curbstop.models.staff import Staff
from curbstop.queries.page import Page, PageRequest, fetch
from curbstop.typesetting import shipped

FILTERS = ("kind", "state", "account_id", "service_point_id", "subject_id", "batch_id")
LETTER_SORTS = {"created_at": Letter.created_at, "number": Letter.number}
BATCH_SORTS = {"created_at": LetterBatch.created_at}


def letters(session: Session, actor: Actor, page: PageRequest, **wanted: Any) -> Page[Row[Any]]:
    """A page of letters; `wanted` are the filters of the list."""
    statement = _letters(actor)
    for name in FILTERS:
        if wanted.get(name) is not None:
            statement = statement.where(getattr(Letter, name) == wanted[name])
    return fetch(session, statement, page, LETTER_SORTS, Letter.id)


def letter(session: Session, actor: Actor, letter_id: UUID) -> Row[Any]:
    """One letter, or Problem(`not_found`)."""
    row = session.execute(_letters(actor).where(Letter.id == letter_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no letter with id {letter_id}.")
    return row


def frozen(session: Session, actor: Actor, letter_id: UUID) -> tuple[str, str]:
    """The number of a letter, and the hash of its frozen bytes; Problem(`not_found`) while it is not set."""
    row = letter(session, actor, letter_id)
    if row.pdf_sha256 is None:
        raise Problem("not_found", f"{row.number} is not set yet; approve it, and give the workers a moment.")
    return row.number, row.pdf_sha256


def batches(session: Session, actor: Actor, page: PageRequest, *, state: str | None = None) -> Page[Row[Any]]:
    """A page of batches with their progress."""
    statement = _batches(actor)
    if state is not None:
        statement = statement.where(LetterBatch.state == state)
    return fetch(session, statement, page, BATCH_SORTS, LetterBatch.id)


def batch(session: Session, actor: Actor, batch_id: UUID) -> Row[Any]:
    """One batch with its progress, or Problem(`not_found`)."""
    row = session.execute(_batches(actor).where(LetterBatch.id == batch_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no letter batch with id {batch_id}.")
    return row


def bound(session: Session, actor: Actor, batch_id: UUID) -> tuple[str, str]:
    """The number of a batch, and the hash of its one PDF; Problem(`not_found`) while it is being gathered."""
    row = batch(session, actor, batch_id)
    if row.pdf_sha256 is None:
        raise Problem("not_found", f"{row.number} is {row.state}: {row.set_letters} of {row.letters} letters are set.")
    return row.number, row.pdf_sha256


def in_batch(session: Session, actor: Actor, batch_id: UUID) -> Iterator[Letter]:
    """A batch's letters in their places, for the print vendor's manifest."""
    batch(session, actor, batch_id)
    return iter(session.scalars(select(Letter).where(Letter.batch_id == batch_id).order_by(Letter.batch_place)))


def template(session: Session, actor: Actor, kind: LetterKind, language: Language) -> dict[str, Any]:
    """The template in force; version 0 is the shipped one. For whoever writes letters, and whoever edits templates."""
    if not may(actor, Action.MANAGE_LETTER_TEMPLATES):
        require(actor, Action.VIEW_LETTERS)
    mine = LetterTemplate.kind == kind.value, LetterTemplate.language == language.value
    row = session.scalar(select(LetterTemplate).where(*mine).order_by(LetterTemplate.number.desc()).limit(1))
    found = {"kind": kind.value, "language": language.value}
    if row is None:
        return {**found, "version": 0, "source": shipped(kind.value, language.value), "reason": None, "made_at": None}
    return {**found, "version": row.number, "source": row.source, "reason": row.reason, "made_at": row.made_at}


def owner(session: Session, actor: Actor, service_point_id: UUID) -> PropertyOwner:
    """Who owns a place, or Problem(`not_found`)."""
    require(actor, Action.VIEW_CUSTOMERS)
    row = session.scalar(select(PropertyOwner).where(PropertyOwner.service_point_id == service_point_id))
    if row is None:
        raise Problem("not_found", "Nobody has said who owns this place.")
    return row


def _letters(actor: Actor) -> Select[Any]:
    require(actor, Action.VIEW_LETTERS)
    columns = (getattr(Letter, column.key) for column in Letter.__table__.columns)
    return (
        select(*columns, Account.number.label("account_number"), Staff.name.label("approved_by_name"))
        .outerjoin(Account, Account.id == Letter.account_id)
        .outerjoin(Staff, Staff.id == Letter.approved_by_id)
    )


def _batches(actor: Actor) -> Select[Any]:
    require(actor, Action.VIEW_LETTERS)
    done = (
        select(func.count())
        .where(Letter.batch_id == LetterBatch.id, Letter.pdf_sha256.is_not(None))
        .correlate(LetterBatch)
        .scalar_subquery()
    )
    columns = (getattr(LetterBatch, column.key) for column in LetterBatch.__table__.columns)
    return select(*columns, done.label("set_letters"))
