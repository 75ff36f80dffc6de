"""The service order and its history."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, Versioned, utc_now
from curbstop.models.ids import new_id


class ServiceOrder(Versioned, Base):
    """What the office wants done at a service point. Its states are curbstop.domain.service_orders.OrderState."""

    __tablename__ = "service_order"
    __table_args__ = (
        Index("ix_service_order_technician_id_scheduled_on", "technician_id", "scheduled_on"),
        Index("ix_service_order_state_type_code", "state", "type_code"),
        Index("ix_service_order_scheduled_on", "scheduled_on"),
        Index("ix_service_order_due_at", "due_at"),
    )

    number: Mapped[str] = mapped_column(String(20), unique=True)
    type_code: Mapped[str] = mapped_column(String(20))
    type_version: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    priority: Mapped[int] = mapped_column(default=3)
    source: Mapped[str] = mapped_column(String(20), default="office")
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"), index=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"), index=True)
    follows_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"))
    access_issue_id: Mapped[UUID | None] = mapped_column(ForeignKey("access_issue.id"))
    requested_on: Mapped[date | None]
    window_start: Mapped[datetime | None]
    window_end: Mapped[datetime | None]
    adult_present_required: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The service level: since when its time runs, by when it is to be done, and that moment's local day.
    due_from: Mapped[datetime | None]
    after_hours: Mapped[bool] = mapped_column(default=False, server_default=false())
    due_at: Mapped[datetime | None]
    due_on: Mapped[date | None]
    instructions: Mapped[str | None] = mapped_column(Text)
    attempt_no: Mapped[int] = mapped_column(default=1)
    # Assignment: one operation sets all three.
    technician_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    scheduled_on: Mapped[date | None]
    place: Mapped[int | None]
    held_until: Mapped[date | None]
    dispatched_at: Mapped[datetime | None]
    authorized_until: Mapped[datetime | None]
    recalled_at: Mapped[datetime | None]
    # What was found and done.
    outcome: Mapped[str | None] = mapped_column(String(30))
    captures: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    notes: Mapped[str | None] = mapped_column(Text)
    completed_at: Mapped[datetime | None]
    completed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    posted_at: Mapped[datetime | None]
    posted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    flags: Mapped[list[Any]] = mapped_column(Json, default=list)
    fees_waived: Mapped[bool] = mapped_column(default=False)
    field_versions: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    source_key: Mapped[str | None] = mapped_column(String(120), unique=True)


class OrderHistory(Base):
    """One event of an order, append-only: who did what, when by which clock, and what was captured."""

    __tablename__ = "order_history"
    __table_args__ = (Index("ix_order_history_staff_id_recorded_at", "staff_id", "recorded_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("service_order.id"), index=True)
    event: Mapped[str] = mapped_column(String(20))
    from_state: Mapped[str | None] = mapped_column(String(20))
    to_state: Mapped[str] = mapped_column(String(20))
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    tablet_id: Mapped[UUID | None] = mapped_column(ForeignKey("tablet.id"))
    technician_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    op_id: Mapped[UUID | None]
    reason: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    noted_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)
