"""Meters with their registers and endpoints, and where each was installed over time."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, String, text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Versioned
from curbstop.models.ids import new_id


class Meter(Versioned, Base):
    """A meter body. `status` is its place in the inventory, curbstop.domain.meters.MeterStatus."""

    __tablename__ = "meter"

    serial: Mapped[str] = mapped_column(String(40), unique=True)
    size: Mapped[str | None] = mapped_column(String(15))
    manufacturer: Mapped[str | None] = mapped_column(String(40))
    model: Mapped[str | None] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(20), default="stock")
    source_key: Mapped[str | None] = mapped_column(String(120), unique=True)


class Register(Base):
    """A counter of a meter; a compound meter has two. A reading is below 10^dials units of the register.

    A register that was replaced is kept with the date: what it showed was counted in its own units.
    """

    __tablename__ = "register"
    __table_args__ = (
        Index(
            "uq_register_meter_id_position",
            "meter_id",
            "position",
            unique=True,
            postgresql_where=text("removed_at IS NULL"),
            sqlite_where=text("removed_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    meter_id: Mapped[UUID] = mapped_column(ForeignKey("meter.id"))
    position: Mapped[int] = mapped_column(default=1)
    dials: Mapped[int]
    decimals: Mapped[int] = mapped_column(default=0)
    multiplier: Mapped[Decimal] = mapped_column(Numeric(14, 4), default=Decimal(1))
    unit: Mapped[str] = mapped_column(String(5), default="GAL")
    serial: Mapped[str | None] = mapped_column(String(40))
    removed_at: Mapped[datetime | None]


class Endpoint(Base):
    """The radio of a meter. A retired one is kept, because it may go on transmitting."""

    __tablename__ = "endpoint"
    __table_args__ = (
        # One radio may serve one meter at a time.
        Index(
            "uq_endpoint_radio_id_active",
            "radio_id",
            unique=True,
            postgresql_where=text("retired_at IS NULL"),
            sqlite_where=text("retired_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    meter_id: Mapped[UUID] = mapped_column(ForeignKey("meter.id"), index=True)
    radio_id: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20), default="AMI")
    retired_at: Mapped[datetime | None]


class Installation(Base):
    """A meter at a service point from `installed_at` until `removed_at`; open while that is null."""

    __tablename__ = "installation"
    __table_args__ = (
        Index(
            "uq_installation_meter_id_open",
            "meter_id",
            unique=True,
            postgresql_where=text("removed_at IS NULL"),
            sqlite_where=text("removed_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    meter_id: Mapped[UUID] = mapped_column(ForeignKey("meter.id"), index=True)
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"), index=True)
    installed_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"))
