"""Appointment windows: what a customer may be offered on the coming days."""

from datetime import UTC, date, datetime
from typing import Any

from api.core import Answer, Blueprint, Query, actor, reading
from api.core.context import context
from api.core.schemas import Day, Flag, Many, Moment, Part, Text, Whole
from curbstop.queries import appointments as queries

blp = Blueprint("appointments", "appointments", url_prefix="/appointment-windows", description="What may be offered.")


class WindowsQuery(Query):
    first = Day("The first day; today by default.", load_default=None)
    days = Whole("How many days.", 7, least=1, most=queries.MOST_DAYS, load_default=7, strict=False)


class WindowAnswer(Answer):
    name = Text("What it is called; null for times that were agreed.", "AM", allow_none=True)
    start = Moment("From when: an order's `window_start`.")
    end = Moment("Until when: an order's `window_end`.", "2026-07-30T16:00:00Z")


class OfferedDayAnswer(Answer):
    on = Day("The day.")
    closed = Flag("Whether the utility is closed.", False)
    windows = Many(Part(WindowAnswer, "A window."), "The windows that are not over yet.")


class WindowsAnswer(Answer):
    days = Many(Part(OfferedDayAnswer, "A day."), "The days, in their order.")


@blp.operation("GET", "", query=WindowsQuery, answer=WindowsAnswer)
def list_appointment_windows(query: dict[str, Any]) -> dict[str, Any]:
    """Appointment windows of the coming days; the policy may also allow a window of exact length at another time."""
    now, zone = datetime.now(UTC), context().settings.zone
    first: date = query["first"] or now.astimezone(zone).date()
    with reading() as session:
        return {"days": queries.offered(session, actor(), first, query["days"], now=now, zone=zone)}
