"""Developments: a builder's land with its lots, each of which becomes a service of its own."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Versioned


class Development(Versioned, Base):
    """A builder's land; while it is active, lots come to it and meters are set on them."""

    __tablename__ = "development"

    number: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    builder_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="active")


class Lot(Versioned, Base):
    """A piece of a development at a service point of its own: the builder's until it is transferred to its owner."""

    __tablename__ = "lot"
    __table_args__ = (Index("uq_lot_development_id_code", "development_id", "code", unique=True),)

    development_id: Mapped[UUID] = mapped_column(ForeignKey("development.id"))
    code: Mapped[str] = mapped_column(String(40))
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"), unique=True)
    # The builder's account, then the owner's.
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    meter_set_at: Mapped[datetime | None]
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    transferred_on: Mapped[date | None]
