"""Keeps when people work: their shifts by weekday, and the days on which they are away."""

from collections.abc import Mapping
from datetime import date, time
from uuid import UUID

from sqlalchemy import delete, insert, select

from curbstop.commands import journal
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.models.ids import new_id
from curbstop.models.staff import Staff
from curbstop.models.staff_calendar import Absence, Shift

LONGEST_DAYS = 366


def set_shifts(work: Work, staff_id: UUID, shifts: Mapping[int, tuple[str, str]]) -> None:
    """Somebody's hours by weekday (0 is Monday), all of them anew; none at all means that no calendar is kept.

    Problems: forbidden, not_found, invalid (a shift that ends before it begins).
    """
    row = _reached(work, staff_id)
    for weekday, (starts, ends) in shifts.items():
        if time.fromisoformat(starts) >= time.fromisoformat(ends):
            raise Problem("invalid", f"The shift of weekday {weekday} must end later than it begins.", field="shifts")
    mine = select(Shift.weekday, Shift.starts, Shift.ends).where(Shift.staff_id == row.id)
    before = {str(weekday): f"{starts}-{ends}" for weekday, starts, ends in work.session.execute(mine)}
    after = {str(weekday): f"{starts}-{ends}" for weekday, (starts, ends) in sorted(shifts.items())}
    if before == after:
        return
    work.session.execute(delete(Shift).where(Shift.staff_id == row.id))
    if shifts:
        rows = [
            {"staff_id": row.id, "weekday": weekday, "starts": starts, "ends": ends}
            for weekday, (starts, ends) in shifts.items()
        ]
        work.session.execute(insert(Shift), rows)
    journal.audit(work, "staff.set_shifts", "staff", row.id, before=before, after=after)


def add_absence(work: Work, staff_id: UUID, *, first_on: date, last_on: date, reason: str) -> Absence:
    """Somebody is away; what is planned for them stays until somebody moves it. Problem(`invalid`)."""
    row = _reached(work, staff_id)
    if not 0 <= (last_on - first_on).days < LONGEST_DAYS:
        raise Problem("invalid", f"An absence ends on its first day or later, within {LONGEST_DAYS} days.")
    absence = Absence(
        id=new_id(), staff_id=row.id, first_on=first_on, last_on=last_on, reason=reason, created_at=work.at
    )
    work.session.add(absence)
    journal.changed(work, absence, "absence.add")
    return absence


def remove_absence(work: Work, staff_id: UUID, absence_id: UUID, *, if_version: int | None = None) -> None:
    """Somebody is there after all."""
    _reached(work, staff_id)
    row = get(work, Absence, absence_id)
    if row.staff_id != staff_id:
        raise Problem("not_found", f"There is no absence with id {absence_id}.")
    check_version(row, if_version)
    before = {"first_on": row.first_on.isoformat(), "last_on": row.last_on.isoformat(), "reason": row.reason}
    journal.audit(work, "absence.remove", "absence", row.id, before=before)
    work.session.execute(delete(Absence).where(Absence.id == row.id))


def _reached(work: Work, staff_id: UUID) -> Staff:
    granted = require(work.actor, Action.MANAGE_STAFF_CALENDARS)
    row = get(work, Staff, staff_id)
    if Grant.YES not in granted and work.actor.staff_id not in (row.id, row.crew_lead_id):
        raise Problem("forbidden", "A crew lead keeps the own crew's calendar only.")
    return row
