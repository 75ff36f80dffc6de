"""The utility's policy in versions, and the days on which it is closed beside the public holidays."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, Versioned, utc_now


class PolicyVersion(Base):
    """One version of the policy, append-only: decisions name the number that they were made under."""

    __tablename__ = "policy_version"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    # Where the utility started from.
    profile: Mapped[str] = mapped_column(String(20))
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))


class Closure(Versioned, Base):
    """A day on which the utility is closed, beside weekends and public holidays."""

    __tablename__ = "closure"

    day: Mapped[date] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(String(120))
