"""Tablets, the codes that enrol them, who used them, their clocks, and what seems lost on them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, Versioned, utc_now
from curbstop.models.ids import new_id


class Tablet(Versioned, Base):
    """A tablet that may sync.

    Its key is kept as a hash. `beacon` is what it last said of its own outbox, `beacon_clock` what its clock showed
    then: {boot_id, mono_s}, where it said so.
    """

    __tablename__ = "tablet"

    name: Mapped[str] = mapped_column(String(60))
    install_id: Mapped[str] = mapped_column(String(64))
    key_hash: Mapped[bytes] = mapped_column(LargeBinary)
    public_key: Mapped[str | None] = mapped_column(String(200))
    schema_version: Mapped[int] = mapped_column(default=1)
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    enrolled_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_seen_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    clock_skew_s: Mapped[float | None]
    beacon: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    beacon_clock: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # Its ops are looked through beyond this number: up to it all have arrived, or were given up.
    through_n: Mapped[int] = mapped_column(default=0, server_default="0")
    # So many beyond it are known never to have come.
    missing_count: Mapped[int] = mapped_column(default=0, server_default="0")


class EnrolmentCode(Base):
    """A code that makes one tablet, once, until it expires."""

    __tablename__ = "enrolment_code"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    tablet_name: Mapped[str] = mapped_column(String(60))
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    tablet_id: Mapped[UUID | None] = mapped_column(ForeignKey("tablet.id"))


class TabletPerson(Base):
    """Somebody who has signed in on a tablet: only their work can have been done on it."""

    __tablename__ = "tablet_person"

    tablet_id: Mapped[UUID] = mapped_column(ForeignKey("tablet.id"), primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    first_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_at: Mapped[datetime] = mapped_column(default=utc_now)


class TabletBoot(Base):
    """One run of a tablet since it was switched on: when, by the server's clock, its monotonic clock stood at zero."""

    __tablename__ = "tablet_boot"

    tablet_id: Mapped[UUID] = mapped_column(ForeignKey("tablet.id"), primary_key=True)
    boot_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    zero_at: Mapped[datetime]
    uncertainty_s: Mapped[float]
    measured_at: Mapped[datetime]


class TabletIncident(Versioned, Base):
    """Work that a tablet seems to have lost, for the office to ask after; `ops_lost` is about how much."""

    __tablename__ = "tablet_incident"

    tablet_id: Mapped[UUID] = mapped_column(ForeignKey("tablet.id"), index=True)
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    kind: Mapped[str] = mapped_column(String(20))
    detail: Mapped[str] = mapped_column(Text)
    ops_lost: Mapped[int]
    since_at: Mapped[datetime | None]
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    state: Mapped[str] = mapped_column(String(12), default="open", index=True)
    note: Mapped[str | None] = mapped_column(Text)
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
