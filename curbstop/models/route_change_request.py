"""What the field proposes to change about a route or a place, for the GIS editor to decide."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Versioned


class RouteChangeRequest(Versioned, Base):
    """A better place in the walk, or another position. It changes no route that is walked; degrees in EPSG:4326."""

    __tablename__ = "route_change_request"
    __table_args__ = (Index("ix_route_change_request_state", "state"),)

    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"), index=True)
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"), unique=True)
    route_id: Mapped[UUID | None] = mapped_column(ForeignKey("route.id"))
    # The place in the walk as it was published then, and the better one.
    sequence: Mapped[int | None]
    new_sequence: Mapped[int | None]
    longitude: Mapped[float | None] = mapped_column(Float)
    latitude: Mapped[float | None] = mapped_column(Float)
    note: Mapped[str | None] = mapped_column(Text)
    proposed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    state: Mapped[str] = mapped_column(String(10), default="open")
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str | None] = mapped_column(Text)
