"""The dispatch board: who does what on which day, what lies on the pile, and where it will be late."""

from datetime import UTC, datetime
from typing import Any

from api.core import Answer, Blueprint, PageQuery, Sort, actor, reading
from api.core.context import context
from api.core.pages import PageAnswer
from api.core.schemas import Day, Flag, Free, Id, Many, Moment, Number, Part, Text, Whole
from api.service_order_schemas import FLAG, FLAGS_ABOUT, NULL, STATES
from curbstop.domain.staff_calendars import Off
from curbstop.queries import board as queries
from curbstop.queries.board import AT_RISK, LATE, MOST_DAYS, Filters
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("board", "board", url_prefix="/dispatch", description="The dispatcher's picture of the coming days.")


class BoardQuery(PageQuery):
    sort = Sort("due_at", "scheduled_on", "priority", "number", "created_at", "updated_at")
    first = Day("The first day; today by default.", load_default=None)
    days = Whole("How many days.", 1, least=1, most=MOST_DAYS, load_default=1, strict=False)
    technician_id = Many(Id("A technician."), "Only these technicians' orders.", load_default=list, most=100)
    type_code = Many(Text("A type.", "GEN", longest=20), "Only of these order types.", ["GEN"], load_default=list)
    state = Many(Text("A state.", "ready", choices=STATES), "Only in these states.", ["ready"], load_default=list)
    standing = Text("Only what is late, or at risk of it.", LATE, choices=[LATE, AT_RISK], load_default=None)
    pile = Flag("Also open orders without a day, or with an earlier one.", True, load_default=True)
    bbox = Text("Only in this box: west,south,east,north.", "-79.1,35.2,-78.8,35.5", longest=200, load_default=None)
    polygon = Text(
        "Only in this drawn area: its corners.", "-79.1 35.2,-78.8 35.2,-78.9 35.5", longest=6000, load_default=None
    )
    route_id = Id("Only at the published stops of this route.", load_default=None)
    cycle_id = Id("Only at the published stops of this cycle.", load_default=None)


class BoardOrderAnswer(Answer):
    id = Id("The order's id.")
    version = Whole("The order's version, for If-Match.", 3)
    number = Text("The number for people.", "SO-2026-00123")
    type_code = Text("The order type.", "CUT_OFF_REQ")
    state = Text("Where the order is.", "assigned", choices=STATES)
    priority = Whole("1 is the most urgent, 5 the least.", 3)
    technician_id = Id("Who does it.", **NULL)
    technician_name = Text("Who does it, by name.", "Tess Okafor", **NULL)
    scheduled_on = Day("On which day.", **NULL)
    place = Whole("In which place of the day's route.", 4, **NULL)
    window_start = Moment("The appointment's beginning.", **NULL)
    window_end = Moment("The appointment's end.", **NULL)
    adult_present_required = Flag("Whether a grown-up has to be at home.", False)
    due_at = Moment("By when it is to be done.", **NULL)
    late = Flag("Past its day, its window or the moment it was due.", False)
    at_risk = Flag("Planned for a day after it is due, or due soon with nobody on the way.", False)
    flags = Many(FLAG, FLAGS_ABOUT, ["events_missing"])
    service_point_id = Id("Where the work is.")
    address = Text("The address.", "12 Main St")
    city = Text("The city.", "Millbrook", **NULL)
    longitude = Number("Degrees east, WGS 84.", -78.9, **NULL)
    latitude = Number("Degrees north, WGS 84.", 35.6, **NULL)


class BoardSumsAnswer(Answer):
    orders = Whole("How many orders.", 12)
    late = Whole("How many of them are late.", 1)
    at_risk = Whole("How many are at risk of it.", 2)
    minutes = Whole("Their work and the ways, in minutes.", 300)
    by_state = Free("How many in each state.", {"assigned": 12})
    by_type = Free("How many of each type.", {"GEN": 12})


class BoardDayAnswer(BoardSumsAnswer):
    on = Day("The day.")
    off = Text("Why the technician does not work.", "absent", choices=[one.value for one in Off], **NULL)
    off_reason = Text("What was said of it, for whoever plans the day.", "ill", **NULL)
    capacity_minutes = Whole("Minutes of work that the day holds.", 480)
    missing_skills = Many(Text("A skill.", "backflow"), "Skills that the work asks for and the technician lacks.")
    windows_kept = Whole("Appointments that the planned order keeps.", 3)
    windows_broken = Whole("Appointments that it breaks.", 0)


class BoardPositionAnswer(Answer):
    longitude = Number("Degrees east, WGS 84.", -78.9)
    latitude = Number("Degrees north, WGS 84.", 35.6)
    accuracy_m = Number("How good it is, in meters.", 8, **NULL)
    at = Moment("When it was noted.")
    age_minutes = Whole("How old it is.", 25)
    order_id = Id("At which order.")


class BoardTechnicianAnswer(Answer):
    technician_id = Id("Who.")
    name = Text("By name.", "Tess Okafor")
    skills = Many(Text("A skill.", "backflow"), "What they can do.")
    capacity_orders = Whole("Orders that they can do in a day.", 40)
    position = Part(BoardPositionAnswer, "Where the last work was noted, for whoever dispatches.", **NULL)
    days = Many(Part(BoardDayAnswer, "A day."), "The days, in their order.")


class BoardCountsAnswer(Answer):
    at = Moment("When this was counted.")
    totals = Part(BoardSumsAnswer, "All of it.")
    pile = Part(BoardSumsAnswer, "What nobody has on these days.")
    technicians = Many(Part(BoardTechnicianAnswer, "A technician."), "By name, those without work too.")


class BoardAnswer(PageAnswer):
    board = Part(BoardCountsAnswer, "The counts; null on all pages but the first.", **NULL)
    items = Many(Part(BoardOrderAnswer, "An order."), "The orders of this page.")


@blp.operation("GET", "/board", query=BoardQuery, answer=BoardAnswer)
def get_dispatch_board(query: dict[str, Any], page: PageRequest) -> Page[dict[str, Any]]:
    """The dispatch board: orders page by page, and with the first page what each technician's day holds.

    Minutes are counted against the shift, appointments by the planned order of the day. A position is where somebody's
    last work was noted; nobody is followed in between.
    """
    now, zone = datetime.now(UTC), context().settings.zone
    wanted = {**query, "first": query["first"] or now.astimezone(zone).date()}
    with reading() as session:
        return queries.find(session, actor(), page, Filters(**wanted), now=now, zone=zone)
