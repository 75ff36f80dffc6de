"""The audit trail: who wrote what, when, from which tablet, before and after."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, utc_now
from curbstop.models.ids import new_id


class AuditEntry(Base):
    """One write of one row; append-only, and secrets appear in it only as the word `changed`."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_entity_type_entity_id", "entity_type", "entity_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    tablet_id: Mapped[UUID | None] = mapped_column(ForeignKey("tablet.id"))
    action: Mapped[str] = mapped_column(String(40))
    entity_type: Mapped[str] = mapped_column(String(30))
    entity_id: Mapped[UUID]
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)
    after: Mapped[dict[str, Any] | None] = mapped_column(Json)
