"""The change log in commit order, the rows that each bucket holds, and the history's identity."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, utc_now

# The bucket that no tablet pulls: it has a notice for each change of an order, for the office's live streams.
OFFICE = "office"
# Tables that maps are drawn of. Each has a bucket that no tablet pulls, with a notice for every write.
MAPPED = frozenset({"service_point", "stop", "route", "route_version", "street", "hydrant", "utility_asset"})
BigId = BigInteger().with_variant(Integer, "sqlite")


def map_bucket(table: str) -> str:
    """Where the notices of a mapped table are; the office's bucket has those of orders already."""
    return OFFICE if table == "service_order" else f"map:{table}"


class ChangeLog(Base):
    """A row of a bucket was put (P) or left it (X); N is a notice that something waits for the tablet to pull.

    `seq` is given at COMMIT, so whoever sees number N sees every number below it: by a deferred constraint trigger
    under an advisory lock on PostgreSQL, and by AUTOINCREMENT under BEGIN IMMEDIATE on SQLite. `xid` is the writing
    transaction (PostgreSQL only). `was_version` is what the bucket held of the row until then, 0 for nothing.
    """

    __tablename__ = "change_log"
    __table_args__ = (
        Index("ix_change_log_bucket_seq", "bucket", "seq"),
        Index("uq_change_log_seq", "seq", unique=True),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    seq: Mapped[int | None] = mapped_column(BigInteger)
    xid: Mapped[int | None] = mapped_column(BigInteger)
    bucket: Mapped[str] = mapped_column(String(80))
    entity_type: Mapped[str] = mapped_column(String(30))
    entity_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(1))
    row_version: Mapped[int]
    was_version: Mapped[int] = mapped_column(default=0, server_default="0")
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)


class BucketRow(Base):
    """A row is in a bucket while something holds it there; `holds` counts the reasons.

    `row_version` is the row's version as the bucket's tablets are to have it, `check_hi` and `check_lo` its checksum,
    `was_version` the version before, or 0.
    """

    __tablename__ = "bucket_row"
    # In the order of its key on SQLite: a bucket is read from end to end to be added up.
    __table_args__ = (
        Index("ix_bucket_row_entity_type_entity_id", "entity_type", "entity_id"),
        {"sqlite_with_rowid": False},
    )

    bucket: Mapped[str] = mapped_column(String(80), primary_key=True)
    entity_type: Mapped[str] = mapped_column(String(30), primary_key=True)
    entity_id: Mapped[UUID] = mapped_column(primary_key=True)
    holds: Mapped[int] = mapped_column(default=1)
    row_version: Mapped[int]
    was_version: Mapped[int] = mapped_column(default=0, server_default="0")
    check_hi: Mapped[int] = mapped_column(BigInteger)
    check_lo: Mapped[int] = mapped_column(BigInteger)


class ChangeHorizon(Base):
    """The highest number of a bucket's changes that were forgotten; a cursor below it gets the bucket whole."""

    __tablename__ = "change_horizon"

    bucket: Mapped[str] = mapped_column(String(80), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)


class SyncHistory(Base):
    """One row: the identity of this database's history. A restored backup gets a new one, so cursors notice.

    `database_identity` is where this history lives, as the database server or the file system tells it; when it is
    another one, this is a copy.
    """

    __tablename__ = "sync_history"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, default=1)
    history_id: Mapped[UUID]
    since_at: Mapped[datetime] = mapped_column(default=utc_now)
    database_identity: Mapped[str | None] = mapped_column(String(200))
