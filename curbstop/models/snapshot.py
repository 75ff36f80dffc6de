"""Files that first syncs begin with: a bucket as it was at one moment, named by what is in them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, utc_now


class Snapshot(Base):
    """A file that holds all rows of a bucket as of `seq`; it is never altered, only followed by a newer one.

    `size` is in bytes. A snapshot of another history than the present one is worth nothing.
    """

    __tablename__ = "snapshot"
    __table_args__ = (Index("ix_snapshot_bucket_seq", "bucket", "seq"),)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    bucket: Mapped[str] = mapped_column(String(80))
    history_id: Mapped[UUID]
    seq: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int]
    built_at: Mapped[datetime] = mapped_column(default=utc_now)
