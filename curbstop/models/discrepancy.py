"""Discrepancies: what the books say and the field does not."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Versioned


class Discrepancy(Versioned, Base):
    """Something that two sources say differently, open until somebody in the office settled it."""

    __tablename__ = "discrepancy"
    __table_args__ = (Index("ix_discrepancy_state_kind", "state", "kind"),)

    kind: Mapped[str] = mapped_column(String(24))
    state: Mapped[str] = mapped_column(String(10), default="open")
    service_point_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_point.id"), index=True)
    meter_id: Mapped[UUID | None] = mapped_column(ForeignKey("meter.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"))
    # What makes two reports one: a serial or a radio's number.
    subject: Mapped[str] = mapped_column(String(40))
    expected: Mapped[str | None] = mapped_column(String(120))
    found: Mapped[str | None] = mapped_column(String(120))
    detail: Mapped[str] = mapped_column(Text)
    noted_at: Mapped[datetime]
    times: Mapped[int] = mapped_column(default=1)
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    note: Mapped[str | None] = mapped_column(Text)
