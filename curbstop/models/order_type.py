"""The order-type catalogue as rows: changed without a release, and an order keeps the version it began with."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, utc_now
from curbstop.models.ids import new_id


class OrderTypeRow(Base):
    """One version of one type; `definition` is curbstop.domain.order_types.OrderType as JSON."""

    __tablename__ = "order_type"
    __table_args__ = (Index("uq_order_type_code_version", "code", "version", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1)
    current: Mapped[bool] = mapped_column(default=True, index=True)
    definition: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
