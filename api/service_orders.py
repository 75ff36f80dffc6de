"""Service orders: the list, one order whole, making and editing them, and the office's own events."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.context import context
from api.core.schemas import Day, Flag, Id, Many, Moment, Text, Whole
from api.service_order_schemas import STATES, HistoryAnswer, OrderAnswer, OrderDetailAnswer, OrderLineAnswer
from curbstop.commands import planned_orders
from curbstop.commands import service_orders as commands
from curbstop.commands.service_orders import NewOrder
from curbstop.models.service_order import ServiceOrder
from curbstop.queries import expectations
from curbstop.queries import service_order_details as details
from curbstop.queries import service_orders as queries
from curbstop.queries.page import Page, PageRequest
from curbstop.queries.service_orders import Filters

blp = Blueprint("service orders", "service_orders", url_prefix="/service-orders", description="What the office wants.")

STEP = ("impossible_transition", "argument_required")
PRIORITY: dict[str, Any] = {"least": 1, "most": 5}


class OrderQuery(PageQuery):
    sort = Sort("number", "created_at", "updated_at", "priority", "due_at", "scheduled_on")
    state = Many(Text("A state.", "ready", choices=STATES), "Only in these states.", ["ready"], load_default=list)
    type_code = Many(Text("A type.", "GEN", longest=20), "Only of these order types.", ["GEN"], load_default=list)
    technician_id = Id("Only this technician's.", load_default=None)
    scheduled_from = Day("Only those scheduled on this day or later.", load_default=None)
    scheduled_to = Day("Only those scheduled on this day or earlier.", load_default=None)
    service_point_id = Id("Only at this service point.", load_default=None)
    account_id = Id("Only of this account.", load_default=None)
    number = Text("The beginning of the number.", "SO-2026-", longest=20, load_default=None)
    open = Flag("Only open ones, or only posted and cancelled ones.", True, load_default=None)
    late = Flag("Only late ones, or only those that are not.", True, load_default=None)


class OrderNew(Body):
    type_code = Text("The order type; GET /order-types lists them.", "GEN", required=True, shortest=1, longest=20)
    service_point_id = Id("Where the work is.", required=True)
    account_id = Id("Whose account; the place's current one by default.", allow_none=True)
    priority = Whole("1 is the most urgent; the type's own by default.", 2, allow_none=True, **PRIORITY)
    requested_on = Day("The day that was asked for.", allow_none=True)
    window_start = Moment("The appointment's beginning.", allow_none=True)
    window_end = Moment("The appointment's end.", "2026-07-30T16:00:00Z", allow_none=True)
    adult_present_required = Flag("Whether a grown-up has to be at home.", False)
    due_from = Moment("Since when its service level counts; of a restoral, when it was paid.", allow_none=True)
    after_hours = Flag("Whether the customer pays for having it done the same evening.", False)
    instructions = Text("What the technician should know.", "Call before you come.", longest=4000, allow_none=True)
    follows_id = Id("The order that this one follows.", allow_none=True)
    access_issue_id = Id("The access issue that it is to check.", allow_none=True)
    override_duplicate = Flag("Make it although the same order is open here; needs `reason`.", False)
    hazard = Flag("There is a danger that needs no notice; for a cut-off for a violation alone.", False)
    reason = Text("Why, for example why a second order is needed.", "Second meter.", longest=2000, allow_none=True)
    draft = Flag("Keep it as a draft.", False)
    ready_on = Day("Let it rest until this coming day; the clock then takes it up.", allow_none=True)


class OrderEdit(Body):
    priority = Whole("1 is the most urgent.", 2, **PRIORITY)
    requested_on = Day("The day that was asked for.", allow_none=True)
    window_start = Moment("The appointment's beginning.", allow_none=True)
    window_end = Moment("The appointment's end.", "2026-07-30T16:00:00Z", allow_none=True)
    adult_present_required = Flag("Whether a grown-up has to be at home.", False)
    after_hours = Flag("Whether the customer pays for having it done the same evening.", False)
    instructions = Text("What the technician should know.", "Call before you come.", longest=4000, allow_none=True)


class ReasonBody(Body):
    reason = Text("Why.", "The customer called it off.", required=True, shortest=1, longest=2000)


class HoldBody(ReasonBody):
    until = Day("The day on which it is taken up again.", required=True)


class HistoryQuery(PageQuery):
    sort = Sort("recorded_at")


@blp.operation("GET", "", query=OrderQuery, answer=page_of(OrderLineAnswer))
def list_service_orders(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Service orders, as far as you may see them.

    Technicians see their own, crew leads their crew's, the office all. A GIS editor sees all of them without customers.
    """
    now = datetime.now(UTC)
    today = now.astimezone(context().settings.zone).date()
    with reading() as session:
        return queries.find(session, actor(), page, Filters(**query), today=today, now=now)


@blp.operation(
    "POST",
    "",
    body=OrderNew,
    answer=OrderAnswer,
    problems=(
        "order_type_unknown",
        "order_type_inactive",
        "order_type_not_yours",
        "window_unavailable",
        "not_found",
        "duplicate_open_order",
        "argument_required",
    ),
)
@creates("/service-orders/{id}")
def create_service_order(body: dict[str, Any]) -> ServiceOrder:
    """Make a service order.

    It is ready at once, or a draft while an account or an approval is missing. When the same order is open at the same
    place, `duplicate_open_order` names it by `order_id` and `number`; with `override_duplicate` and a `reason` the
    second one is made all the same.
    """
    with writing() as work:
        ready_on = body.pop("ready_on", None)
        return planned_orders.create(work, NewOrder(**body), ready_on=ready_on)


@blp.operation("GET", "/<uuid:order_id>", answer=OrderDetailAnswer)
def get_service_order(order_id: UUID) -> dict[str, Any]:
    """One order whole: the place, the people, its history, captures, photos and parked work.

    `expectation` says when somebody is expected, and whether what was promised is kept: a sentence for the telephone.
    """
    now, zone = datetime.now(UTC), context().settings.zone
    with reading() as session:
        whole = details.get(session, actor(), order_id)
        return {**whole, "expectation": expectations.of_order(session, whole, now=now, zone=zone)}


@blp.operation("GET", "/<uuid:order_id>/history", query=HistoryQuery, answer=page_of(HistoryAnswer))
def list_service_order_history(order_id: UUID, query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """What happened to an order, event by event; the history is never edited."""
    with reading() as session:
        return queries.history(session, actor(), page, order_id, **query)


@blp.operation(
    "PATCH",
    "/<uuid:order_id>",
    body=OrderEdit,
    answer=OrderAnswer,
    problems=("impossible_transition", "invalid", "window_unavailable"),
)
@edits
def edit_service_order(order_id: UUID, body: dict[str, Any], if_version: int | None) -> ServiceOrder:
    """Change what is given of an open order's header; captures are the technician's."""
    with writing() as work:
        return commands.edit(work, order_id, body, if_version=if_version)


@blp.operation("POST", "/<uuid:order_id>/release", answer=OrderAnswer, problems=(*STEP, "invalid"))
@edits
def release_service_order(order_id: UUID, if_version: int | None) -> ServiceOrder:
    """Release a draft: it is ready to be assigned."""
    with writing() as work:
        return commands.release(work, order_id, if_version=if_version)


@blp.operation("POST", "/<uuid:order_id>/hold", body=HoldBody, answer=OrderAnswer, problems=STEP)
@edits
def hold_service_order(order_id: UUID, body: dict[str, Any], if_version: int | None) -> ServiceOrder:
    """Set an order aside until a day; it comes back by itself."""
    with writing() as work:
        return commands.hold(work, order_id, **body, if_version=if_version)


@blp.operation("POST", "/<uuid:order_id>/unhold", answer=OrderAnswer, problems=STEP)
@edits
def unhold_service_order(order_id: UUID, if_version: int | None) -> ServiceOrder:
    """Take a held order up again."""
    with writing() as work:
        return commands.unhold(work, order_id, if_version=if_version)


@blp.operation("POST", "/<uuid:order_id>/cancel", body=ReasonBody, answer=OrderAnswer, problems=STEP)
@edits
def cancel_service_order(order_id: UUID, body: dict[str, Any], if_version: int | None) -> ServiceOrder:
    """Cancel an order that no tablet has; one that a tablet has is recalled."""
    with writing() as work:
        return commands.cancel(work, order_id, **body, if_version=if_version)


@blp.operation("POST", "/<uuid:order_id>/reschedule", answer=OrderAnswer, problems=STEP)
@edits
def reschedule_service_order(order_id: UUID, if_version: int | None) -> ServiceOrder:
    """Make a returned order ready for another attempt."""
    with writing() as work:
        return commands.reschedule(work, order_id, if_version=if_version)


@blp.operation("POST", "/<uuid:order_id>/close", body=ReasonBody, answer=OrderAnswer, problems=STEP)
@edits
def close_service_order(order_id: UUID, body: dict[str, Any], if_version: int | None) -> ServiceOrder:
    """End a returned order, for example because it was done already."""
    with writing() as work:
        return commands.close(work, order_id, **body, if_version=if_version)
