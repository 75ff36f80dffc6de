"""Orders that come again and again: what is planned, and what each period brought."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, Versioned
from curbstop.models.ids import new_id


class Schedule(Versioned, Base):
    """Makes orders of a type at the places that it means, period by period; `number` is the next period's."""

    __tablename__ = "schedule"
    __table_args__ = (Index("ix_schedule_next_on", "next_on"),)

    name: Mapped[str] = mapped_column(String(120))
    type_code: Mapped[str] = mapped_column(String(20))
    priority: Mapped[int | None]
    instructions: Mapped[str | None] = mapped_column(Text)
    every: Mapped[int]
    unit: Mapped[str] = mapped_column(String(10))
    business_day: Mapped[int | None]
    starts_on: Mapped[date]
    places: Mapped[dict[str, Any]] = mapped_column(Json)
    number: Mapped[int] = mapped_column(default=0)
    next_on: Mapped[date]
    paused_at: Mapped[datetime | None]
    # Why the clock paused it, for whoever looks after it.
    trouble: Mapped[str | None] = mapped_column(Text)
    made_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))


class ScheduleRun(Base):
    """A period of a schedule: the orders that were made, and the places where one was open already.

    It is worked through place by place, some hundred in a transaction; `after_id` is how far it got.
    """

    __tablename__ = "schedule_run"
    __table_args__ = (Index("uq_schedule_run_schedule_id_due_on", "schedule_id", "due_on", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    schedule_id: Mapped[UUID] = mapped_column(ForeignKey("schedule.id"))
    due_on: Mapped[date]
    made: Mapped[int] = mapped_column(default=0)
    in_the_way: Mapped[int] = mapped_column(default=0)
    after_id: Mapped[UUID | None]
    begun_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
