"""Reads readings: those of a meter, and the latest of each register."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.meter import Meter, Register
from curbstop.models.reading import Reading, latest_of
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"noted_at": Reading.noted_at, "recorded_at": Reading.recorded_at}


def of_meter(
    session: Session,
    actor: Actor,
    page: PageRequest,
    meter_id: UUID,
    *,
    register_id: UUID | None = None,
    kind: str | None = None,
    superseded: bool | None = None,
) -> Page[Row[Any]]:
    """A page of a meter's readings; Problem(`not_found`) when there is no such meter."""
    require(actor, Action.VIEW_NETWORK)
    if session.scalar(select(Meter.id).where(Meter.id == meter_id)) is None:
        raise Problem("not_found", f"There is no meter with id {meter_id}.")
    statement = _statement().where(Register.meter_id == meter_id)
    if register_id is not None:
        statement = statement.where(Reading.register_id == register_id)
    if kind is not None:
        statement = statement.where(Reading.kind == kind)
    if superseded is not None:
        counts = Reading.superseded_by_id.is_(None)
        statement = statement.where(~counts if superseded else counts)
    return fetch(session, statement, page, SORTS, Reading.id)


def get(session: Session, actor: Actor, reading_id: UUID) -> Row[Any]:
    """One reading, or Problem(`not_found`)."""
    require(actor, Action.VIEW_NETWORK)
    row = session.execute(_statement().where(Reading.id == reading_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no reading with id {reading_id}.")
    return row


def latest(session: Session, register_ids: Collection[UUID]) -> dict[UUID, Reading]:
    """Each register's latest reading that was not superseded, in one statement."""
    return {row.register_id: row for row in session.scalars(latest_of(register_ids))} if register_ids else {}


def _statement() -> Select[Any]:
    return select(
        *(getattr(Reading, column.key) for column in Reading.__table__.columns),
        Register.meter_id,
        Register.position,
        Register.unit,
    ).join(Register, Register.id == Reading.register_id)
