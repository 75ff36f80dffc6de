"""Access issues: what keeps a technician from a meter, the letters about it, and every step with its reason."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, Versioned, utc_now
from curbstop.models.ids import new_id


class AccessIssue(Versioned, Base):
    """A hedge, a fence, a dog. Its states are curbstop.domain.access_issues."""

    __tablename__ = "access_issue"
    __table_args__ = (Index("ix_access_issue_state_due_on", "state", "due_on"),)

    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"), index=True)
    category: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), default="reported", index=True)
    utility_fault: Mapped[bool] = mapped_column(default=False)
    occurrences: Mapped[int] = mapped_column(default=1)
    note: Mapped[str | None] = mapped_column(Text)
    reported_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    first_seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    cleared_at: Mapped[datetime | None]
    # Grows each time that it opens again; its second and final letters are those of the round.
    round: Mapped[int] = mapped_column(default=1)
    # The customer's last day; empty while no clock runs. `stopped_on` is since when one stands still.
    due_on: Mapped[date | None]
    stopped_on: Mapped[date | None]
    # A visit after the deadline found it still there.
    confirmed_at: Mapped[datetime | None]
    check_order_id: Mapped[UUID | None]
    # Who of billing and field supervision agreed first to the final notice.
    final_agreed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    # What one of them proposes to do, until another says yes: {remedy, reason, by_id, at}.
    proposal: Mapped[dict[str, Any] | None] = mapped_column(Json)


class AccessNotice(Base):
    """A letter of an issue's stage. It counts unless something was sent in its place, or it was mailed out of turn."""

    __tablename__ = "access_notice"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    access_issue_id: Mapped[UUID] = mapped_column(ForeignKey("access_issue.id"), index=True)
    letter_id: Mapped[UUID] = mapped_column(ForeignKey("letter.id"), unique=True)
    stage: Mapped[int]
    round: Mapped[int]
    recipient: Mapped[str] = mapped_column(String(10))
    # What the letter says, and what counts: the post's days from when it was mailed on.
    respond_by: Mapped[date]
    until: Mapped[date | None]
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("access_notice.id"))
    replaced: Mapped[bool] = mapped_column(default=False)
    out_of_turn: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class AccessStep(Base):
    """One step of an issue, append-only: what, from where to where, who, when, why, and by which policy."""

    __tablename__ = "access_step"
    __table_args__ = (Index("ix_access_step_access_issue_id_at", "access_issue_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    access_issue_id: Mapped[UUID] = mapped_column(ForeignKey("access_issue.id"))
    event: Mapped[str] = mapped_column(String(24))
    from_state: Mapped[str | None] = mapped_column(String(20))
    to_state: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(default=utc_now)
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    policy_number: Mapped[int]
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
