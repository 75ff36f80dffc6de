"""Every op that a tablet ever sent, as it came, with its one verdict."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, utc_now

# Written out, so that the databases see that it is their index's own condition.
UNANSWERED = text("(verdict IS NULL OR verdict = 'waiting')")


class OpLedger(Base):
    """`raw` is stored before it is read; `verdict` is null until it is given and never changes afterwards.

    `staff_id` did it, `sent_by_id` was signed in when it came (null before release 0007: the same person). `noted_at`
    is what the tablet's clock said and is never rewritten; `corrected_at` is the server's estimate of the same moment,
    give or take `uncertainty_s`.
    """

    __tablename__ = "op_ledger"
    __table_args__ = (
        Index("ix_op_ledger_tablet_id_n", "tablet_id", "n"),
        Index("ix_op_ledger_waits_for_id", "waits_for_id"),
        Index("ix_op_ledger_unanswered", "tablet_id", "n", postgresql_where=UNANSWERED, sqlite_where=UNANSWERED),
        Index("ix_op_ledger_aggregate", "aggregate"),
    )

    op_id: Mapped[UUID] = mapped_column(primary_key=True)
    tablet_id: Mapped[UUID] = mapped_column(ForeignKey("tablet.id"))
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    n: Mapped[int | None]
    kind: Mapped[str | None] = mapped_column(String(60))
    aggregate: Mapped[str | None] = mapped_column(String(80))
    waits_for_id: Mapped[UUID | None]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    sent_by_id: Mapped[UUID | None]
    verdict: Mapped[str | None] = mapped_column(String(20))
    answer: Mapped[dict[str, Any] | None] = mapped_column(Json)
    noted_at: Mapped[datetime | None]
    corrected_at: Mapped[datetime | None]
    uncertainty_s: Mapped[float | None]
    clock_skew_s: Mapped[float | None]
    received_at: Mapped[datetime] = mapped_column(default=utc_now)
    answered_at: Mapped[datetime | None]
