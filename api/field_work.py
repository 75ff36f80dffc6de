"""Field work typed in by people without a tablet: the technician's events, with If-Match instead of an op."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from api.core import Blueprint, Body, edits, writing
from api.core.schemas import Free, Moment, Number, Part, Text
from api.service_order_schemas import OrderAnswer
from api.service_orders import STEP
from curbstop.commands import field_work as commands
from curbstop.commands import order_steps
from curbstop.commands.field_work import Visit
from curbstop.commands.work import Work
from curbstop.domain.service_orders import OrderEvent
from curbstop.models.service_order import ServiceOrder

blp = Blueprint(
    "field work", "field_work", url_prefix="/service-orders", description="What was done, without a tablet."
)

VISIT = (*STEP, "outcome_unknown", "duplicate_completion", "not_in_scope")


class PositionBody(Body):
    longitude = Number("Degrees east, WGS 84.", -78.9, least=-180, most=180, required=True)
    latitude = Number("Degrees north, WGS 84.", 35.6, least=-90, most=90, required=True)
    accuracy_m = Number("How far off it may be, in meters.", 5, least=0)


class EventBody(Body):
    noted_at = Moment("When it happened; now by default. Nothing is decided by it.", allow_none=True)


class ArriveBody(EventBody):
    position = Part(PositionBody, "Where the technician is.", allow_none=True)


class FieldReasonBody(EventBody):
    reason = Text("Why.", "Waiting for the customer.", required=True, shortest=1, longest=2000)


class VisitBody(ArriveBody):
    outcome = Text("How it ended: one of the type's outcomes.", "DONE", required=True, shortest=1, longest=30)
    captures = Free("What was recorded, by the type's captures.", {"read": "001234"})
    notes = Text("What else there is to say.", "Valve is stiff.", longest=4000, allow_none=True)


class ReturnBody(VisitBody):
    outcome = Text("How it ended: one that does not complete.", "NO_ACCESS_DOG", required=True, shortest=1, longest=30)
    category = Text("The access category, if not the outcome's own.", "DOG", longest=20, allow_none=True)


def _at_version(order_id: UUID, if_version: int | None, event: Callable[[Work], ServiceOrder]) -> ServiceOrder:
    """The event, on the version that the caller saw: the row stays locked in between."""
    with writing() as work:
        # All of them ask for the same permission, before they say anything of the order.
        order_steps.load(work, order_id, OrderEvent.COMPLETE, if_version)
        return event(work)


@blp.operation("POST", "/<uuid:order_id>/travel", body=EventBody, answer=OrderAnswer, problems=STEP)
@edits
def travel_to_service_order(order_id: UUID, body: dict[str, Any], if_version: int | None) -> ServiceOrder:
    """The technician is on the way."""
    return _at_version(order_id, if_version, lambda work: commands.travel(work, order_id, **body))


@blp.operation("POST", "/<uuid:order_id>/arrive", body=ArriveBody, answer=OrderAnswer, problems=STEP)
@edits
def arrive_at_service_order(order_id: UUID, body: dict[str, Any], if_version: int | None) -> ServiceOrder:
    """The technician is there; a position far from the service point is flagged, never refused."""
    return _at_version(order_id, if_version, lambda work: commands.arrive(work, order_id, **body))


@blp.operation("POST", "/<uuid:order_id>/suspend", body=FieldReasonBody, answer=OrderAnswer, problems=STEP)
@edits
def suspend_service_order(order_id: UUID, body: dict[str, Any], if_version: int | None) -> ServiceOrder:
    """The work is interrupted; what was captured stays."""
    return _at_version(order_id, if_version, lambda work: commands.suspend(work, order_id, **body))


@blp.operation("POST", "/<uuid:order_id>/resume", body=EventBody, answer=OrderAnswer, problems=STEP)
@edits
def resume_service_order(order_id: UUID, body: dict[str, Any], if_version: int | None) -> ServiceOrder:
    """The work is taken up again on site."""
    return _at_version(order_id, if_version, lambda work: commands.resume(work, order_id, **body))


@blp.operation("POST", "/<uuid:order_id>/decline", body=FieldReasonBody, answer=OrderAnswer, problems=STEP)
@edits
def decline_service_order(order_id: UUID, body: dict[str, Any], if_version: int | None) -> ServiceOrder:
    """The technician gives the order back before it was begun."""
    return _at_version(order_id, if_version, lambda work: commands.decline(work, order_id, **body))


@blp.operation("POST", "/<uuid:order_id>/acknowledge-recall", body=EventBody, answer=OrderAnswer, problems=STEP)
@edits
def acknowledge_service_order_recall(order_id: UUID, body: dict[str, Any], if_version: int | None) -> ServiceOrder:
    """The technician knows that the order was called back; it is cancelled."""
    return _at_version(order_id, if_version, lambda work: commands.acknowledge_recall(work, order_id, **body))


@blp.operation(
    "POST",
    "/<uuid:order_id>/complete",
    body=VisitBody,
    answer=OrderAnswer,
    problems=(*VISIT, "capture_missing", "reading_invalid", "serial_claimed_twice", "radio_claimed_twice"),
)
@edits
def complete_service_order(order_id: UUID, body: dict[str, Any], if_version: int | None) -> ServiceOrder:
    """The work is done, with what was captured.

    Missing captures are accepted, with a flag, where something happened in the ground; else they are `capture_missing`,
    whose `findings` name them.
    """
    return _at_version(order_id, if_version, lambda work: commands.complete(work, order_id, Visit(**body)))


@blp.operation("POST", "/<uuid:order_id>/return", body=ReturnBody, answer=OrderAnswer, problems=VISIT)
@edits
def return_service_order(order_id: UUID, body: dict[str, Any], if_version: int | None) -> ServiceOrder:
    """The work could not be done, and why; no access opens, or counts on, an access issue."""
    return _at_version(order_id, if_version, lambda work: commands.return_(work, order_id, Visit(**body)).order)
