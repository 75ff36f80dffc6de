"""Conflicts: work that arrived and could not simply be applied, with everything that was captured."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, Versioned


class Conflict(Versioned, Base):
    """A parked op: what the row was for the tablet (base), was here when it arrived (theirs) and should become (mine).

    `claimants` names everything that claims the same thing, such as a serial number, where that is why it was parked.
    An op has one for each code: a position that waits for GIS does so beside the rest of its op.
    """

    __tablename__ = "conflict"
    __table_args__ = (UniqueConstraint("op_id", "code", name="uq_conflict_op_id_code"),)

    op_id: Mapped[UUID] = mapped_column(ForeignKey("op_ledger.op_id"))
    code: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str | None] = mapped_column(Text)
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"), index=True)
    service_point_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_point.id"))
    base: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    theirs: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    mine: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    state: Mapped[str] = mapped_column(String(12), default="open", index=True)
    claimants: Mapped[list[Any]] = mapped_column(Json, default=list)
    resolution: Mapped[str | None] = mapped_column(String(12))
    chosen: Mapped[dict[str, Any] | None] = mapped_column(Json)
    reason: Mapped[str | None] = mapped_column(Text)
    result: Mapped[dict[str, Any] | None] = mapped_column(Json)
    resolved_at: Mapped[datetime | None] = mapped_column(index=True)
    resolved_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
