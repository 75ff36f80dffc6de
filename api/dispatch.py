"""Dispatch: who does which order on which day, and taking orders back."""

from typing import Any
from uuid import UUID

from api.core import Answer, Blueprint, Body, edits, writing
from api.core.schemas import Day, Flag, Id, Many, Part, Text, Whole
from api.service_order_schemas import STATES, OrderAnswer
from api.service_orders import STEP, ReasonBody
from curbstop.commands import dispatch as commands
from curbstop.commands import hand_outs, moves, voice_codes
from curbstop.commands.moves import Moved
from curbstop.models.service_order import ServiceOrder

blp = Blueprint("dispatch", "dispatch", description="Who does what, when and in which order.")


OVERRIDE = Text(
    "Why a dispatcher goes on where the policy warns of a full day, a day off or an appointment; it is audited.",
    "He comes in early.", shortest=1, longest=500, allow_none=True,
)  # fmt: skip
GUARDS = (
    "assigned_technician_invalid", "day_full", "technician_off", "window_unavailable",
    "gate_blocked", "override_needed",
)  # fmt: skip


class AssignBody(Body):
    technician_id = Id("Who does it.", required=True)
    scheduled_on = Day("On which day; not in the past.", required=True)
    place = Whole("In which place of that day's route; at its end by default.", 4, least=1, most=100_000)
    override_reason = OVERRIDE


class VoiceCodeAnswer(Answer):
    voice_code = Text("Six digits to say on the telephone.", "482913")
    valid_on = Day("The day that it is for.")


@blp.operation(
    "GET",
    "/service-orders/<uuid:order_id>/voice-code",
    answer=VoiceCodeAnswer,
    problems=("impossible_transition",),
)
def get_service_order_voice_code(order_id: UUID) -> dict[str, Any]:
    """What to say to a technician who may begin a cut-off although its lease has run out; each look is audited."""
    with writing() as work:
        code, day = voice_codes.give(work, order_id)
        return {"voice_code": code, "valid_on": day}


class MoveOrdersBody(Body):
    order_ids = Many(
        Id("An order."), "At most 500 orders, in the order of the day.", required=True, shortest=1, most=500
    )
    technician_id = Id("Who does them.", required=True)
    scheduled_on = Day("On which day; not in the past.", required=True)
    each = Flag("Judge each order for itself: those that cannot move stay, and the others go.", False)
    override_reason = OVERRIDE


class RefusedOrderAnswer(Answer):
    id = Id("The order's id.")
    number = Text("Its number.", "SO-2026-00123")
    state = Text("Its state.", "completed", choices=STATES)
    code = Text("Why it stays: a problem's code.", "day_full")
    detail = Text("The same in a sentence.", "Tess has 40 orders that day already.")


class MovedOrdersAnswer(Answer):
    orders = Many(Part(OrderAnswer, "An order."), "Those that are where they should be, as they were given.")
    refused = Many(Part(RefusedOrderAnswer, "An order."), "Those that stay, with `each`; empty without.")


@blp.operation(
    "POST",
    "/dispatch/move",
    body=MoveOrdersBody,
    answer=MovedOrdersAnswer,
    problems=("not_found", *GUARDS, "invalid", "impossible_transition", "forbidden"),
)
def move_service_orders(body: dict[str, Any]) -> Moved:
    """Move many orders to a technician and a day at once: all of them or none, or each for itself.

    The same again changes nothing. What was done with one meanwhile is kept when it arrives. `refused` says of each
    that cannot move why: id, number, state, code and detail.
    """
    with writing() as work:
        return moves.move(work, body.pop("order_ids"), **body)


@blp.operation(
    "POST",
    "/service-orders/<uuid:order_id>/assign",
    body=AssignBody,
    answer=OrderAnswer,
    problems=(*STEP, *GUARDS),
)
@edits
def assign_service_order(order_id: UUID, body: dict[str, Any], if_version: int | None) -> ServiceOrder:
    """Assign an order to a technician, a day and a place in that day's route, in one step.

    An order that somebody has already moves; what was done with it meanwhile is kept when it arrives.
    """
    with writing() as work:
        return commands.assign(work, order_id, **body, if_version=if_version)


@blp.operation(
    "POST", "/service-orders/<uuid:order_id>/unassign", answer=OrderAnswer, problems=(*STEP, "already_pulled")
)
@edits
def unassign_service_order(order_id: UUID, if_version: int | None) -> ServiceOrder:
    """Take an order back that no tablet has yet."""
    with writing() as work:
        return commands.unassign(work, order_id, if_version=if_version)


@blp.operation("POST", "/service-orders/<uuid:order_id>/hand-out", answer=OrderAnswer, problems=STEP)
@edits
def hand_out_service_order(order_id: UUID, if_version: int | None) -> ServiceOrder:
    """Hand an assigned order out without a tablet; its events are then typed in."""
    with writing() as work:
        return hand_outs.hand_out(work, order_id, if_version=if_version)


@blp.operation("POST", "/service-orders/<uuid:order_id>/recall", body=ReasonBody, answer=OrderAnswer, problems=STEP)
@edits
def recall_service_order(order_id: UUID, body: dict[str, Any], if_version: int | None) -> ServiceOrder:
    """Call an order back: cancelled at once, or pending until the tablet that has it has heard of it."""
    with writing() as work:
        return commands.recall(work, order_id, **body, if_version=if_version)


@blp.operation("POST", "/service-orders/<uuid:order_id>/release-back", answer=OrderAnswer, problems=STEP)
@edits
def release_back_service_order(order_id: UUID, if_version: int | None) -> ServiceOrder:
    """Take a suspended order back to be assigned anew; what was captured stays with it."""
    with writing() as work:
        return commands.release_back(work, order_id, if_version=if_version)
