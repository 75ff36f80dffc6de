"""What stands against an account: what billing says it owes, what was paid since, and why it may not be cut off."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Versioned, utc_now
from curbstop.models.ids import new_id


class Standing(Base):
    """What billing last said of an account, as of its own moment; amounts in cents."""

    __tablename__ = "standing"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    past_due_cents: Mapped[int] = mapped_column(BigInteger)
    periods_past_due: Mapped[int]
    delinquent_since: Mapped[date | None]
    debt_class: Mapped[str | None] = mapped_column(String(20))
    owed_by_former_occupant: Mapped[bool] = mapped_column(default=False)
    as_of: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)


class Payment(Base):
    """A payment that billing told of, once by its `source_key`; one that the bank sent back says when and why."""

    __tablename__ = "payment"
    __table_args__ = (Index("ix_payment_account_id_received_at", "account_id", "received_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    source_key: Mapped[str] = mapped_column(String(120), unique=True)
    cents: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)
    recorded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    returned_on: Mapped[date | None]
    return_reason: Mapped[str | None] = mapped_column(String(40))
    paid_a_restoral: Mapped[bool] = mapped_column(default=False)


class PaymentsMark(Base):
    """Up to which moment all payments are in, as billing last said; one row."""

    __tablename__ = "payments_mark"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=1)
    payments_as_of: Mapped[datetime]
    told_at: Mapped[datetime] = mapped_column(default=utc_now)


class Hold(Versioned, Base):
    """Why an account's water is not to be cut off, from a day on and, where it ends by itself, through another."""

    __tablename__ = "hold"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    # For the office alone; of a medical hold nobody else learns more than that there is one.
    reason: Mapped[str] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(String(40))
    starts_on: Mapped[date]
    through: Mapped[date | None]
    renewals: Mapped[int] = mapped_column(default=0)
    placed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    end_reason: Mapped[str | None] = mapped_column(Text)
