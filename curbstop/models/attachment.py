"""Photos and signatures: an intent first, the bytes when the network allows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Versioned, utc_now


class Attachment(Versioned, Base):
    """Declared by a tablet before its bytes; `stored_at` is set once they are here and their SHA-256 agrees.

    `waived_at`: somebody decided that the order need not wait for the bytes. They are still welcome.
    """

    __tablename__ = "attachment"
    # What has not arrived is always little, however many photos there are.
    __table_args__ = (
        Index(
            "ix_attachment_waiting",
            "tablet_id",
            postgresql_where=text("stored_at IS NULL"),
            sqlite_where=text("stored_at IS NULL"),
        ),
    )

    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"), index=True)
    access_issue_id: Mapped[UUID | None] = mapped_column(ForeignKey("access_issue.id"), index=True)
    stop_visit_id: Mapped[UUID | None]
    tablet_id: Mapped[UUID | None] = mapped_column(ForeignKey("tablet.id"))
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    label: Mapped[str] = mapped_column(String(60))
    media_type: Mapped[str] = mapped_column(String(60))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    noted_at: Mapped[datetime]
    stored_at: Mapped[datetime | None]
    waived_at: Mapped[datetime | None]
    waived_by_id: Mapped[UUID | None]
    waive_reason: Mapped[str | None] = mapped_column(Text)


class Upload(Base):
    """An attachment's bytes on their way; how far they are is the length of the part on disk, and nowhere else."""

    __tablename__ = "upload"

    attachment_id: Mapped[UUID] = mapped_column(ForeignKey("attachment.id"), primary_key=True)
    # As the client sent it, because tus has it answered unchanged.
    client_metadata: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Thumbnail(Base):
    """A small picture of an attachment: from the tablet ahead of the bytes, or made here when they have come."""

    __tablename__ = "thumbnail"

    attachment_id: Mapped[UUID] = mapped_column(ForeignKey("attachment.id"), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(60))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    # tablet or server
    made_by: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
