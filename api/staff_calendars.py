"""When people work: shifts, absences, and the days that come of them."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from flask import Response

from api.core import Answer, Blueprint, Body, Query, actor, creates, edits, reading, writing
from api.core.context import context
from api.core.schemas import Day, Flag, Id, Many, Part, Text, Whole
from api.service_order_schemas import NULL
from curbstop.commands import staff_calendars as commands
from curbstop.domain.staff_calendars import Off
from curbstop.models.staff_calendar import Absence
from curbstop.queries import staff_calendars as queries

blp = Blueprint("staff calendars", "staff_calendars", url_prefix="/staff", description="When people work.")

CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"


class ShiftAnswer(Answer):
    weekday = Whole("0 is Monday, 6 Sunday.", 0)
    starts = Text("From when, local time.", "07:30")
    ends = Text("Until when.", "16:00")


class AbsenceAnswer(Answer):
    id = Id("The absence's id.")
    version = Whole("The version, also in the ETag.", 1)
    staff_id = Id("Who is away.")
    first_on = Day("The first day.")
    last_on = Day("The last day.")
    reason = Text("Why, for that person and whoever plans the day.", "ill", **NULL)


class StaffDayAnswer(Answer):
    on = Day("The day.")
    begins = Text("When it begins, local time.", "07:30")
    minutes = Whole("Minutes of work that it holds.", 480)
    off = Text("Why it holds none.", "absent", choices=[one.value for one in Off], allow_none=True)


class StaffCalendarAnswer(Answer):
    staff_id = Id("Whose it is.")
    kept = Flag("Whether shifts are kept; without, the policy's hours are shown, and they bind nobody.", True)
    shifts = Many(Part(ShiftAnswer, "A shift."), "The hours by weekday.")
    absences = Many(Part(AbsenceAnswer, "An absence."), "The absences that touch these days.")
    days = Many(Part(StaffDayAnswer, "A day."), "The days, in their order.")


class CalendarQuery(Query):
    first = Day("The first day; today by default.", load_default=None)
    days = Whole("How many days.", 14, least=1, most=queries.MOST_DAYS, load_default=14, strict=False)


class ShiftBody(Body):
    weekday = Whole("0 is Monday, 6 Sunday.", 0, required=True, least=0, most=6)
    starts = Text("From when, local time.", "07:30", required=True, pattern=CLOCK)
    ends = Text("Until when.", "16:00", required=True, pattern=CLOCK)


class ShiftsBody(Body):
    shifts = Many(Part(ShiftBody, "A shift."), "All shifts; none: no calendar is kept.", required=True, most=7)


class AbsenceBody(Body):
    first_on = Day("The first day.", required=True)
    last_on = Day("The last day.", required=True)
    reason = Text("Why.", "ill", required=True, shortest=1, longest=200)


@blp.operation("GET", "/<uuid:staff_id>/calendar", query=CalendarQuery, answer=StaffCalendarAnswer)
def get_staff_calendar(staff_id: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """Somebody's coming days: how many minutes each holds, or why none."""
    first: date = query["first"] or datetime.now(UTC).astimezone(context().settings.zone).date()
    with reading() as session:
        return queries.get(session, actor(), staff_id, first, query["days"])


@blp.operation("PUT", "/<uuid:staff_id>/shifts", body=ShiftsBody, problems=("invalid", "not_found"))
def set_staff_shifts(staff_id: UUID, body: dict[str, Any]) -> Response:
    """Set somebody's hours by weekday, all of them anew; of a weekday that is named twice the last counts."""
    shifts = {shift["weekday"]: (shift["starts"], shift["ends"]) for shift in body["shifts"]}
    with writing() as work:
        commands.set_shifts(work, staff_id, shifts)
    return Response(status=204)


@blp.operation("POST", "/<uuid:staff_id>/absences", body=AbsenceBody, answer=AbsenceAnswer, problems=("invalid",))
@creates("/staff/{staff_id}/calendar")
def add_absence(staff_id: UUID, body: dict[str, Any]) -> Absence:
    """Say that somebody is away; their orders stay until somebody moves them."""
    with writing() as work:
        return commands.add_absence(work, staff_id, **body)


@blp.operation("DELETE", "/<uuid:staff_id>/absences/<uuid:absence_id>")
@edits
def remove_absence(staff_id: UUID, absence_id: UUID, if_version: int | None) -> Response:
    """Say that somebody is there after all."""
    with writing() as work:
        commands.remove_absence(work, staff_id, absence_id, if_version=if_version)
    return Response(status=204)
