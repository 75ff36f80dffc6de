"""Temporary services: meters that are out at hydrants and building sites."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, String, text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Versioned


class TempService(Versioned, Base):
    """A meter that was lent for a while, with its backflow device and deposit; open until it is back."""

    __tablename__ = "temp_service"
    __table_args__ = (
        # One meter is out once at a time.
        Index(
            "uq_temp_service_meter_id_open",
            "meter_id",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
            sqlite_where=text("closed_at IS NULL"),
        ),
        Index("ix_temp_service_closed_at_expires_at", "closed_at", "expires_at"),
    )

    number: Mapped[str] = mapped_column(String(20), unique=True)
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"), index=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"), index=True)
    meter_id: Mapped[UUID] = mapped_column(ForeignKey("meter.id"))
    hydrant: Mapped[str] = mapped_column(String(120))
    backflow_device_no: Mapped[str] = mapped_column(String(120))
    deposit_ref: Mapped[str] = mapped_column(String(120))
    set_order_id: Mapped[UUID] = mapped_column(ForeignKey("service_order.id"), unique=True)
    opened_at: Mapped[datetime]
    in_read: Mapped[Decimal] = mapped_column(Numeric(14, 4))
    expires_at: Mapped[datetime]
    renewals: Mapped[int] = mapped_column(default=0)
    warned_at: Mapped[datetime | None]
    # The order to fetch it, once it has expired.
    pull_order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"))
    closed_at: Mapped[datetime | None]
    out_read: Mapped[Decimal | None] = mapped_column(Numeric(14, 4))
    # What is billed: in the register's units, and in gallons.
    used: Mapped[Decimal | None] = mapped_column(Numeric(18, 4))
    used_gallons: Mapped[Decimal | None] = mapped_column(Numeric(18, 1))
    days_out: Mapped[int | None]
