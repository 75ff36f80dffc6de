"""Cut-off runs: the list that is built, proofed, noticed, finalised, approved and released, line by line."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, Versioned, utc_now
from curbstop.models.ids import new_id


class CutOffRun(Versioned, Base):
    """One list of accounts to be cut off on a day. Its stages are curbstop.domain.cut_off_runs.RunStage."""

    __tablename__ = "cut_off_run"

    number: Mapped[str] = mapped_column(String(20), unique=True)
    cause: Mapped[str] = mapped_column(String(20))
    cut_on: Mapped[date]
    stage: Mapped[str] = mapped_column(String(20))
    # What the list was taken from: a cycle, a service class, named accounts.
    taken_from: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    policy_number: Mapped[int]
    payments_as_of: Mapped[datetime | None]
    built_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    proofed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    finalised_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    finalised_at: Mapped[datetime | None]
    approved_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    approved_at: Mapped[datetime | None]
    released_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    released_at: Mapped[datetime | None]
    ended_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(Text)
    # Counts and cents by ending, written when the run is closed.
    sums: Mapped[dict[str, Any] | None] = mapped_column(Json)


class CutOffLine(Base):
    """One account of a run, from the day it was listed to how it ended; amounts in cents."""

    __tablename__ = "cut_off_line"
    __table_args__ = (
        UniqueConstraint("run_id", "account_id"),
        Index("ix_cut_off_line_account_id", "account_id"),
        Index("ix_cut_off_line_order_id", "order_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    run_id: Mapped[UUID] = mapped_column(ForeignKey("cut_off_run.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"))
    state: Mapped[str] = mapped_column(String(12))
    # What was past due when the list was built; that is what the sums are in.
    past_due_cents: Mapped[int] = mapped_column(BigInteger)
    # What is past due by the last look; less where something was paid meanwhile.
    due_cents: Mapped[int] = mapped_column(BigInteger)
    # Gates that need somebody's word before the list is approved.
    awaits: Mapped[list[Any]] = mapped_column(Json, default=list)
    excluded_code: Mapped[str | None] = mapped_column(String(40))
    excluded_reason: Mapped[str | None] = mapped_column(Text)
    excluded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_order.id"))
    ended_at: Mapped[datetime | None]


class CutOffNotice(Base):
    """A final notice that was mailed to an account, with its proof. Payment in full uses it up."""

    __tablename__ = "cut_off_notice"
    __table_args__ = (Index("ix_cut_off_notice_account_id_cause", "account_id", "cause"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    cause: Mapped[str] = mapped_column(String(20))
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("cut_off_run.id"))
    mailed_on: Mapped[date]
    method: Mapped[str] = mapped_column(String(20))
    # A tracking number, the print vendor's job, a letter's id: what a hearing would be shown.
    proof: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)
    recorded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    returned_on: Mapped[date | None]
    used_up_at: Mapped[datetime | None]
