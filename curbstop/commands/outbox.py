"""Takes jobs out of the outbox, and remembers which jobs had their effects."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from curbstop.commands.work import Work
from curbstop.models.outbox import JobDone, Outbox

BATCH = 100
LONGEST_WAIT_S = 30.0


def due(session: Session, at: datetime, limit: int = BATCH) -> Sequence[Outbox]:
    """Rows that are due, the oldest first; only reads, so that an idle relay keeps nobody from writing."""
    return session.scalars(_due(at, limit)).all()


def claim(session: Session, at: datetime, limit: int = BATCH) -> Sequence[Outbox]:
    """The same, held until the transaction ends; another relay gets others."""
    return session.scalars(_due(at, limit).with_for_update(skip_locked=True)).all()


def _due(at: datetime, limit: int) -> Select[Outbox]:
    return select(Outbox).where(Outbox.due_at <= at).order_by(Outbox.due_at, Outbox.id).limit(limit)


def remove(session: Session, ids: Collection[UUID]) -> None:
    """The rows reached the queue."""
    session.execute(delete(Outbox).where(Outbox.id.in_(ids)))


def put_off(session: Session, rows: Sequence[Outbox], at: datetime, error: str) -> None:
    """The rows did not reach the queue: they are due again later, at most LONGEST_WAIT_S from now."""
    for row in rows:
        wait_s = min(0.5 * 2 ** min(row.attempts, 10), LONGEST_WAIT_S)
        session.execute(
            update(Outbox)
            .where(Outbox.id == row.id)
            .values(attempts=Outbox.attempts + 1, due_at=at + timedelta(seconds=wait_s), last_error=error[:500])
        )


def first_time(work: Work, outbox_id: UUID, topic: str) -> bool:
    """Marks the job done, in the transaction of its effects; False when it was done before.

    A second delivery that runs at the same time waits here for the first one's end.
    """
    dialect = sqlite if work.session.get_bind().dialect.name == "sqlite" else postgresql
    row = {"outbox_id": outbox_id, "topic": topic, "done_at": work.at}
    mark = dialect.insert(JobDone).values(row).on_conflict_do_nothing().returning(JobDone.outbox_id)
    return work.session.scalar(mark) is not None
