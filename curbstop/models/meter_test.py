"""Accuracy tests of meters."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json
from curbstop.models.ids import new_id


class MeterTest(Base):
    """One test of a meter: volumes and accuracies by flow, the limits of that day, and what they said; append-only."""

    __tablename__ = "meter_test"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    meter_id: Mapped[UUID] = mapped_column(ForeignKey("meter.id"), index=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("service_order.id"), unique=True)
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"), index=True)
    standard_id: Mapped[str] = mapped_column(String(120))
    tested_at: Mapped[datetime]
    # [{flow, reference, registered, accuracy, least, most}], numbers as text.
    flows: Mapped[list[Any]] = mapped_column(Json, default=list)
    average: Mapped[Decimal] = mapped_column(Numeric(7, 2))
    passed: Mapped[bool]
    # It counted more than went through: evidence for a credit.
    over_registers: Mapped[bool]
    follow_up_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"))
    recorded_at: Mapped[datetime]
