"""Readings: append-only facts of a register; a better one supersedes, nothing is overwritten."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, Select, String, func, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from curbstop.models.base import Base, Json, utc_now
from curbstop.models.ids import new_id
from curbstop.models.meter import Register


class Reading(Base):
    """What a register showed. `value` is in register units; `noted_at` is the clock of whoever read it."""

    __tablename__ = "reading"
    __table_args__ = (Index("ix_reading_register_id_noted_at", "register_id", "noted_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    register_id: Mapped[UUID] = mapped_column(ForeignKey("register.id"))
    service_point_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_point.id"), index=True)
    value: Mapped[Decimal] = mapped_column(Numeric(16, 4))
    kind: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(20))
    noted_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"), index=True)
    stop_visit_id: Mapped[UUID | None]
    superseded_by_id: Mapped[UUID | None]
    flags: Mapped[list[Any]] = mapped_column(Json, default=list)


def latest_of(register_ids: Collection[UUID]) -> Select[Reading]:
    """The latest reading of each register that was not superseded: one index look-up each, however long its past."""
    other = aliased(Reading)
    newest = (
        select(other.id)
        .where(other.register_id == Register.id, other.superseded_by_id.is_(None))
        .order_by(other.noted_at.desc(), other.id.desc())
        .limit(1)
        .correlate(Register)
        .scalar_subquery()
    )
    return select(Reading).join(Register, Reading.id == newest).where(Register.id.in_(register_ids))


def recent_of(register_ids: Collection[UUID], most: int = 13) -> Select[Any]:
    """(register_id, noted_at, value, kind) of each register's newest readings that stand, the newest first."""
    place = func.row_number().over(
        partition_by=Reading.register_id, order_by=(Reading.noted_at.desc(), Reading.id.desc())
    )
    ranked = (
        select(Reading.register_id, Reading.noted_at, Reading.value, Reading.kind, place.label("place"))
        .where(Reading.register_id.in_(register_ids), Reading.superseded_by_id.is_(None))
        .subquery("ranked")
    )
    columns = ranked.c.register_id, ranked.c.noted_at, ranked.c.value, ranked.c.kind
    return select(*columns).where(ranked.c.place <= most).order_by(ranked.c.register_id, ranked.c.place)
