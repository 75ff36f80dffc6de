"""When somebody works: their shifts by weekday, and the days on which they are away."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from curbstop.domain.staff_calendars import Away, StaffCalendar
from curbstop.models.base import Base, Versioned


class Shift(Base):
    """Somebody's hours on a weekday (0 is Monday), local time. Somebody without any has no calendar kept."""

    __tablename__ = "shift"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    starts: Mapped[str] = mapped_column(String(5))
    ends: Mapped[str] = mapped_column(String(5))


class Absence(Versioned, Base):
    """Somebody is away from `first_on` through `last_on`: ill, on leave, at a course."""

    __tablename__ = "absence"
    __table_args__ = (Index("ix_absence_staff_id_last_on", "staff_id", "last_on"),)

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    first_on: Mapped[date]
    last_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(200))


def calendars(session: Session, staff_ids: Collection[UUID], first: date, last: date) -> dict[UUID, StaffCalendar]:
    """What is known of these people's working days from `first` through `last`, in two statements."""
    shifts: dict[UUID, dict[int, tuple[str, str]]] = {one: {} for one in staff_ids}
    for staff_id, weekday, starts, ends in session.execute(
        select(Shift.staff_id, Shift.weekday, Shift.starts, Shift.ends).where(Shift.staff_id.in_(staff_ids))
    ):
        shifts[staff_id][weekday] = (starts, ends)
    away: dict[UUID, list[Away]] = {one: [] for one in staff_ids}
    for staff_id, first_on, last_on, reason in session.execute(
        select(Absence.staff_id, Absence.first_on, Absence.last_on, Absence.reason)
        .where(Absence.staff_id.in_(staff_ids), Absence.last_on >= first, Absence.first_on <= last)
        .order_by(Absence.first_on)
    ):
        away[staff_id].append(Away(first_on, last_on, reason))
    return {one: StaffCalendar(shifts[one], tuple(away[one])) for one in staff_ids}
