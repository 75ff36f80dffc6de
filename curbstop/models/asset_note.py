"""What was mended at boxes, lids and setters."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Numeric, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, utc_now
from curbstop.models.ids import new_id


class AssetNote(Base):
    """A repair or a clearing at a service point, append-only."""

    __tablename__ = "asset_note"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"), index=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("service_order.id"), unique=True)
    note: Mapped[str] = mapped_column(Text)
    hours: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    done_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)
