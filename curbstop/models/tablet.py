"""Tablets and the one-time codes that enrol them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, Versioned, utc_now
from curbstop.models.ids import new_id


class Tablet(Versioned, Base):
    """A tablet that may sync. Its key is kept as a hash; `beacon` is what it last said of its own outbox."""

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
