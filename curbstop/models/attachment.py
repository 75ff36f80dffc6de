"""Photos and signatures: an intent first, the bytes when the network allows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Versioned


class Attachment(Versioned, Base):
    """Declared by a tablet before its bytes; `stored_at` is set once they are here and their SHA-256 agrees.

    `waived_at`: somebody decided that the order need not wait for the bytes. They are still welcome.
    """

    __tablename__ = "attachment"

    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"), index=True)
    access_issue_id: Mapped[UUID | None] = mapped_column(ForeignKey("access_issue.id"), index=True)
    stop_visit_id: Mapped[UUID | None]
    tablet_id: Mapped[UUID | None] = mapped_column(ForeignKey("tablet.id"))
    label: Mapped[str] = mapped_column(String(60))
    media_type: Mapped[str] = mapped_column(String(60))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    noted_at: Mapped[datetime]
    stored_at: Mapped[datetime | None]
    waived_at: Mapped[datetime | None]
    waived_by_id: Mapped[UUID | None]
    waive_reason: Mapped[str | None] = mapped_column(Text)
