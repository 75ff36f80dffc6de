"""Evidence of tampering at a service point, frozen when it was filed."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, utc_now
from curbstop.models.ids import new_id


class TamperCase(Base):
    """One finding of tampering, append-only. `level` is the place's rung on the ladder: one more than the time before.

    `evidence` is what was seen, read, photographed and locked, as it was then; photos by id and SHA-256.
    """

    __tablename__ = "tamper_case"
    __table_args__ = (UniqueConstraint("service_point_id", "level"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    order_id: Mapped[UUID] = mapped_column(ForeignKey("service_order.id"), unique=True)
    level: Mapped[int]
    step: Mapped[str] = mapped_column(String(20))
    evidence: Mapped[dict[str, Any]] = mapped_column(Json)
    # In the register's own units, as `unit` says; None where nothing is known to reckon from.
    unmetered_use: Mapped[Decimal | None] = mapped_column(Numeric(16, 4))
    unit: Mapped[str | None] = mapped_column(String(5))
    found_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)
