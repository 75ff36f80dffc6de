"""The inventory: the models of meters, the radios, and the moves that meters and radios made."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Versioned
from curbstop.models.ids import new_id


class MeterModel(Versioned, Base):
    """The model catalogue: what a meter of a make, model and size looks like; empty columns say nothing."""

    __tablename__ = "meter_model"
    __table_args__ = (Index("uq_meter_model_manufacturer_model_size", "manufacturer", "model", "size", unique=True),)

    manufacturer: Mapped[str] = mapped_column(String(40))
    model: Mapped[str] = mapped_column(String(40))
    size: Mapped[str] = mapped_column(String(15))
    dials: Mapped[int | None]
    decimals: Mapped[int | None]
    # The smallest step that its registers show, in their units.
    resolution: Mapped[Decimal | None] = mapped_column(Numeric(14, 4))
    multiplier: Mapped[Decimal | None] = mapped_column(Numeric(14, 4))
    unit: Mapped[str | None] = mapped_column(String(5))
    active: Mapped[bool] = mapped_column(default=True)


class Radio(Versioned, Base):
    """A radio as a thing of the inventory; with which meter it is paired, and was, is in the endpoints."""

    __tablename__ = "radio"

    number: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(20), default="AMI")
    status: Mapped[str] = mapped_column(String(20), default="stock")
    last_heard_at: Mapped[datetime | None]


class InventoryMove(Base):
    """A meter or a radio went from one place of its life to the next; append-only."""

    __tablename__ = "inventory_move"
    __table_args__ = (Index("ix_inventory_move_item_id_at", "item_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    # 'meter' or 'radio', and which.
    item_type: Mapped[str] = mapped_column(String(8))
    item_id: Mapped[UUID]
    from_status: Mapped[str | None] = mapped_column(String(20))
    to_status: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    # Whose truck it is on, where it went to one.
    holder_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"))
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    recorded_at: Mapped[datetime]
