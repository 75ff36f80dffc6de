"""Access issues: what keeps a technician from a meter."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Versioned, utc_now


class AccessIssue(Versioned, Base):
    """A hedge, a fence, a dog. Its states are curbstop.domain.access_issues; letters come with their own work."""

    __tablename__ = "access_issue"

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
