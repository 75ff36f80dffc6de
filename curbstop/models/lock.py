"""Locks and seals at service points, with their history."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, utc_now
from curbstop.models.ids import new_id


class Lock(Base):
    """A lock, a seal or both at a service point, in use until `ended_at`; numbers as curbstop.domain.locks has them."""

    __tablename__ = "lock"
    __table_args__ = (
        # One lock is at one place at a time.
        Index(
            "uq_lock_number_in_use",
            "number",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    number: Mapped[str | None] = mapped_column(String(60))
    seal_no: Mapped[str | None] = mapped_column(String(60))
    applied_at: Mapped[datetime]
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"))
    ended_at: Mapped[datetime | None]
    # How: curbstop.domain.locks.LockEnd.
    ended: Mapped[str | None] = mapped_column(String(12))
    ended_by_order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"))
    ended_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    end_reason: Mapped[str | None] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)
