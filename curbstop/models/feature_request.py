"""What a GIS editor is asked to draw, because it was built."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, Versioned


class FeatureRequest(Versioned, Base):
    """Something new in the ground, as the crew measured it: open until a GIS editor has drawn it."""

    __tablename__ = "feature_request"

    kind: Mapped[str] = mapped_column(String(20))
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"), index=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("service_order.id"), unique=True)
    # What was captured of it: position, sizes, depth, the as-built in words.
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    state: Mapped[str] = mapped_column(String(12), default="open", index=True)
    note: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
