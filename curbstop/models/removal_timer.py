"""Connections that are off, and when somebody is to decide about their meters."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, utc_now
from curbstop.models.ids import new_id


class RemovalTimer(Base):
    """Runs from a cut-off until the water is on again; on `due_on` a supervisor is told, once."""

    __tablename__ = "removal_timer"
    __table_args__ = (
        Index(
            "uq_removal_timer_service_point_id_running",
            "service_point_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
        Index("ix_removal_timer_due_on", "due_on"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"))
    off_since: Mapped[date]
    due_on: Mapped[date]
    task_id: Mapped[UUID | None] = mapped_column(ForeignKey("supervisor_task.id"))
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(60))
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)
