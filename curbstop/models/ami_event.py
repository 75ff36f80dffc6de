"""What the radio network says of meters: alarms, silence, orphans."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, utc_now
from curbstop.models.ids import new_id


class AmiEvent(Base):
    """An alarm as the head end told it, once by its `source_key`; open until a visit or the office closed it."""

    __tablename__ = "ami_event"
    __table_args__ = (
        Index(
            "ix_ami_event_open",
            "service_point_id",
            postgresql_where=text("closed_at IS NULL"),
            sqlite_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    source_key: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    radio_id: Mapped[str | None] = mapped_column(String(40))
    meter_serial: Mapped[str | None] = mapped_column(String(40))
    # Where that radio or meter is by the books; an orphan is nowhere.
    service_point_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_point.id"))
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"))
    close_reason: Mapped[str | None] = mapped_column(String(500))
