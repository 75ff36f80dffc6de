"""What every command is given first: the open transaction, who acts, and the moment that counts as now."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from curbstop.domain.actors import SYSTEM, Actor
from curbstop.domain.problems import Problem
from curbstop.models.among import among
from curbstop.models.base import Base, Versioned, utc_now
from curbstop.settings import Settings

T = TypeVar("T", bound=Base)


@dataclass(frozen=True, slots=True)
class Work:
    """One actor's writes in one transaction. Whoever opened the session commits it."""

    session: Session
    actor: Actor
    settings: Settings
    at: datetime = field(default_factory=utc_now)
    # The op being applied, when a tablet sent it: it goes into the history.
    op_id: UUID | None = None
    # Who in the office decided that a parked op counts after all. What the tablet held is then not asked again.
    authority: Actor | None = None


def system_work(session: Session, settings: Settings) -> Work:
    """Work that nobody asked for: the clock, a job, an import from the command line."""
    return Work(session, SYSTEM, settings)


def get(work: Work, model: type[T], row_id: UUID, *, lock: bool = True) -> T:
    """The row, locked against other writers, or Problem(not_found)."""
    row = work.session.get(model, row_id, with_for_update=lock, populate_existing=lock)
    if row is None:
        noun = model.__tablename__.replace("_", " ")
        raise Problem("not_found", f"There is no {noun} with id {row_id}.")
    return row


def lock_many(work: Work, model: type[T], ids: Collection[UUID]) -> set[UUID]:
    """Locks the rows in one order for all, so that no two writers wait for each other; the ids that are there."""
    key: InstrumentedAttribute[UUID] = model.__mapper__.attrs["id"].class_attribute
    wanted = select(key).where(among(work.session, key, sorted(set(ids)))).order_by(key).with_for_update()
    return set(work.session.scalars(wanted))


def check_version(row: Versioned, if_version: int | None) -> None:
    """Raises Problem(version_mismatch) when the caller edited another version than the one that is there."""
    if if_version is not None and row.version != if_version:
        raise Problem("version_mismatch", current_version=row.version, your_version=if_version)
