"""The contact log: each attempt to reach a customer, append-only, in place of a spreadsheet."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, utc_now
from curbstop.models.ids import new_id


class ContactAttempt(Base):
    """Somebody called, wrote or knocked; `source_key` is where a row of a file came from.

    Of a promise, `promise_through` is its last day with the grace that the policy gave, and `hold_id` the hold that it
    placed.
    """

    __tablename__ = "contact_attempt"
    __table_args__ = (
        Index("ix_contact_attempt_account_id_at", "account_id", "at"),
        Index("ix_contact_attempt_at", "at"),
        Index("ix_contact_attempt_promise_state_promise_through", "promise_state", "promise_through"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    # As a file names whoever it was, where that is nobody of ours.
    by_name: Mapped[str | None] = mapped_column(String(120))
    channel: Mapped[str] = mapped_column(String(12))
    direction: Mapped[str] = mapped_column(String(4))
    reached: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(16))
    result: Mapped[str] = mapped_column(String(14))
    promise_cents: Mapped[int | None] = mapped_column(BigInteger)
    promise_on: Mapped[date | None]
    promise_through: Mapped[date | None]
    promise_state: Mapped[str | None] = mapped_column(String(8))
    note: Mapped[str | None] = mapped_column(Text)
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"))
    hold_id: Mapped[UUID | None] = mapped_column(ForeignKey("hold.id"))
    source_key: Mapped[str | None] = mapped_column(String(120), unique=True)
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)
