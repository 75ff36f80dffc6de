"""What a supervisor has to look at, because no rule can settle it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, Versioned


class SupervisorTask(Versioned, Base):
    """Something that happened and wants a supervisor's eye; `facts` is what the server knew of it."""

    __tablename__ = "supervisor_task"

    kind: Mapped[str] = mapped_column(String(40))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"), index=True)
    detail: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    state: Mapped[str] = mapped_column(String(12), default="open", index=True)
    note: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
