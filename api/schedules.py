"""Schedules: orders that come again and again, such as lock checks each month."""

from typing import Any
from uuid import UUID

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Day, Flag, Free, Id, Many, Moment, Part, Text, Whole
from api.service_order_schemas import NULL
from curbstop.commands import schedules as commands
from curbstop.domain.schedules import MOST_EVERY, Rule, Unit
from curbstop.models.schedule import Schedule
from curbstop.queries import schedules as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("schedules", "schedules", url_prefix="/schedules", description="Orders that come again and again.")

UNIT = Text("What it counts in.", "month", choices=[unit.value for unit in Unit])
ABOUT_PLACES = (
    "Which service points: physical_states, account_statuses, route_id, cycle_id, service_point_ids, temp_service (a "
    "meter is lent there); all that is named has to fit."
)
PLACES = {"physical_states": ["off_locked"]}
ABOUT_BUSINESS_DAY = "Of months: 1 is the first open day, -1 the last; null is the day of starts_on."


class ScheduleAnswer(Answer):
    id = Id("The schedule's id.")
    version = Whole("The version, also in the ETag.", 1)
    name = Text("What it is called.", "Lock checks")
    type_code = Text("The order type that it makes.", "LOCK_CHK")
    priority = Whole("Of its orders; the type's own by default.", 3, **NULL)
    instructions = Text("What the technician should know.", "Check the lock.", **NULL)
    every = Whole("Every so many units.", 1)
    unit = UNIT
    business_day = Whole(ABOUT_BUSINESS_DAY, 1, **NULL)
    starts_on = Day("From when it counts.")
    places = Free(ABOUT_PLACES, PLACES)
    next_on = Day("When orders are made next.")
    paused_at = Moment("Since when it rests.", **NULL)
    trouble = Text("Why the clock paused it.", "There is no order type 'LOCK_CHK'.", **NULL)
    made_by_id = Id("Who made it.", **NULL)


class ScheduleRunAnswer(Answer):
    due_on = Day("The period's day.")
    made = Whole("Orders that were made.", 118)
    in_the_way = Whole("Places where one was open already.", 2)
    begun_at = Moment("When it was begun.")
    finished_at = Moment("When all its places had been gone through.", **NULL)


class ScheduleDetailAnswer(ScheduleAnswer):
    coming = Many(Day("A day."), "The days that come next; none while it rests.")
    place_count = Whole("How many places it means now.", 120)
    runs = Many(Part(ScheduleRunAnswer, "A period."), "The latest periods, newest first.")


class ScheduleNew(Body):
    name = Text("What it is called.", "Lock checks", required=True, shortest=1, longest=120)
    type_code = Text("The order type that it makes.", "LOCK_CHK", required=True, shortest=1, longest=20)
    every = Whole("Every so many units.", 1, required=True, least=1, most=MOST_EVERY)
    unit = Text("What it counts in.", "month", choices=[unit.value for unit in Unit], required=True)
    business_day = Whole(ABOUT_BUSINESS_DAY, 1, least=-15, most=15, allow_none=True, load_default=None)
    starts_on = Day("From when it counts.", required=True)
    places = Free(ABOUT_PLACES, PLACES, required=True)
    priority = Whole("Of its orders; the type's own by default.", 3, least=1, most=5, allow_none=True)
    instructions = Text("What the technician should know.", "Check the lock.", longest=4000, allow_none=True)


class ScheduleEdit(Body):
    name = Text("What it is called.", "Lock checks", shortest=1, longest=120)
    every = Whole("Every so many units.", 1, least=1, most=MOST_EVERY)
    unit = UNIT
    business_day = Whole(ABOUT_BUSINESS_DAY, 1, least=-15, most=15, allow_none=True)
    starts_on = Day("From when it counts.")
    places = Free(ABOUT_PLACES, PLACES)
    priority = Whole("Of its orders; the type's own by default.", 3, least=1, most=5, allow_none=True)
    instructions = Text("What the technician should know.", "Check the lock.", longest=4000, allow_none=True)


class SchedulesQuery(PageQuery):
    sort = Sort("next_on", "name")
    paused = Flag("Only those that rest, or only those that do not.", load_default=None)


@blp.operation("GET", "", query=SchedulesQuery, answer=page_of(ScheduleAnswer))
def list_schedules(query: dict[str, Any], page: PageRequest) -> Page[dict[str, Any]]:
    """Schedules, those that come next first."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation(
    "POST", "", body=ScheduleNew, answer=ScheduleAnswer,
    problems=("order_type_unknown", "order_type_inactive", "order_type_not_yours", "invalid"),
)  # fmt: skip
@creates("/schedules/{id}")
def create_schedule(body: dict[str, Any]) -> Schedule:
    """Plan orders that come again: the clock makes them on their day, and none where one is open already."""
    rule = Rule(body.pop("every"), Unit(body.pop("unit")), body.pop("starts_on"), body.pop("business_day"))
    with writing() as work:
        return commands.create(work, rule=rule, **body)


@blp.operation("GET", "/<uuid:schedule_id>", answer=ScheduleDetailAnswer)
def get_schedule(schedule_id: UUID) -> dict[str, Any]:
    """One schedule with the days that come next, the number of its places, and what the latest periods brought."""
    with reading() as session:
        return queries.get(session, actor(), schedule_id)


@blp.operation("PATCH", "/<uuid:schedule_id>", body=ScheduleEdit, answer=ScheduleAnswer, problems=("invalid",))
@edits
def edit_schedule(schedule_id: UUID, body: dict[str, Any], if_version: int | None) -> Schedule:
    """Change what is given; another rule counts from its first coming day."""
    with writing() as work:
        return commands.edit(work, schedule_id, body, if_version=if_version)


@blp.operation("POST", "/<uuid:schedule_id>/pause", answer=ScheduleAnswer)
@edits
def pause_schedule(schedule_id: UUID, if_version: int | None) -> Schedule:
    """Let it rest: no orders until it is resumed."""
    with writing() as work:
        return commands.pause(work, schedule_id, if_version=if_version)


@blp.operation("POST", "/<uuid:schedule_id>/resume", answer=ScheduleAnswer)
@edits
def resume_schedule(schedule_id: UUID, if_version: int | None) -> Schedule:
    """Go on with the next coming day; what the rest passed over is not made up for."""
    with writing() as work:
        return commands.resume(work, schedule_id, if_version=if_version)
