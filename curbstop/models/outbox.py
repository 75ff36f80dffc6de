"""The transactional outbox: jobs are written with the change that wants them and leave after its commit."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, utc_now
from curbstop.models.ids import new_id


class Outbox(Base):
    """A job that has not reached the queue yet: a topic, never a path to code."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due_at", "due_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    topic: Mapped[str] = mapped_column(String(60))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    due_at: Mapped[datetime] = mapped_column(default=utc_now)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)


class JobDone(Base):
    """A job's effects are in the database: written with them, so that a second delivery does nothing."""

    __tablename__ = "job_done"

    outbox_id: Mapped[UUID] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(String(60))
    done_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
