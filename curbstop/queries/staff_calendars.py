"""Reads somebody's calendar: each day with its hours, or why there are none."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import null, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, may
from curbstop.models import calendar
from curbstop.models.staff_calendar import Absence, Shift, calendars
from curbstop.queries import staff

MOST_DAYS = 92


def told_why(actor: Actor) -> bool:
    """Whether the actor learns why others are away."""
    return may(actor, Action.DISPATCH) or may(actor, Action.MANAGE_STAFF_CALENDARS)


def get(session: Session, actor: Actor, staff_id: UUID, first: date, days: int) -> dict[str, Any]:
    """The shifts, the absences and the days from `first`; Problem(`not_found`) for whoever the actor may not see.

    Why somebody is away is told to that person and to whoever plans the day: it may be an illness.
    """
    person = staff.get(session, actor, staff_id)
    last = first + timedelta(days=days - 1)
    policy = calendar.in_force(session).policy
    closed = calendar.closures(session, policy)
    known = calendars(session, [person.id], first, last)[person.id]
    found = []
    for number in range(days):
        on = first + timedelta(days=number)
        day = known.day(on, policy.dispatch, closed)
        found.append({"on": on, "begins": f"{day.begins:%H:%M}", "minutes": day.minutes, "off": day.off})
    shifts = session.execute(
        select(Shift.weekday, Shift.starts, Shift.ends).where(Shift.staff_id == person.id).order_by(Shift.weekday)
    ).all()
    why = Absence.reason if actor.staff_id == person.id or told_why(actor) else null()
    away = session.execute(
        select(Absence.id, Absence.version, Absence.staff_id, Absence.first_on, Absence.last_on, why.label("reason"))
        .where(Absence.staff_id == person.id, Absence.last_on >= first, Absence.first_on <= last)
        .order_by(Absence.first_on, Absence.id)
    ).all()
    return {"staff_id": person.id, "kept": bool(shifts), "shifts": shifts, "absences": away, "days": found}
