"""Bookkeeping of requests: answers kept by Idempotency-Key, and the next human numbers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, utc_now


class IdempotencyKey(Base):
    """The answer to a creating POST, kept in the same transaction as what it created."""

    __tablename__ = "idempotency_key"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    request_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int]
    etag: Mapped[str | None] = mapped_column(String(80))
    location: Mapped[str | None] = mapped_column(String(200))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)


class NumberSequence(Base):
    """The next number for people, per kind and year: SO-2026-00123."""

    __tablename__ = "number_sequence"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    next_value: Mapped[int] = mapped_column(default=1)
