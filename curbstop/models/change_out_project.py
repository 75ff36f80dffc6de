"""Planned change-outs: a project and its places."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, Versioned
from curbstop.models.ids import new_id


class ChangeOutProject(Versioned, Base):
    """Meters that are to be changed, chosen by route, size, age or model, or by a list of places."""

    __tablename__ = "change_out_project"

    name: Mapped[str] = mapped_column(String(120), unique=True)
    state: Mapped[str] = mapped_column(String(10), default="proposed", index=True)
    # What the places were chosen by.
    chosen_by: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    instructions: Mapped[str | None] = mapped_column(Text)
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    approved_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    approved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Text)


class ProjectPlace(Base):
    """A place of a project with the meter that is to go; `order_id` once the order was made."""

    __tablename__ = "project_place"
    __table_args__ = (
        Index("uq_project_place_project_id_service_point_id", "project_id", "service_point_id", unique=True),
        Index("ix_project_place_project_id_order_id", "project_id", "order_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("change_out_project.id"))
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"), index=True)
    meter_id: Mapped[UUID] = mapped_column(ForeignKey("meter.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"))
