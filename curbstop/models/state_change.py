"""What was done to a connection in the ground, and when: the history of its physical state."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, utc_now
from curbstop.models.ids import new_id


class StateChange(Base):
    """From `at` on the service point was in this physical state, append-only; `at` is when the work was done.

    A row that a correction took back is kept and says since when it does not count.
    """

    __tablename__ = "state_change"
    __table_args__ = (Index("ix_state_change_service_point_id_at", "service_point_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"))
    state: Mapped[str] = mapped_column(String(20))
    was: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"), index=True)
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)
    withdrawn_at: Mapped[datetime | None]
