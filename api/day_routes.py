"""Day routes: the sequence of a technician's day, two days that change hands, orders that go back to the pile."""

from datetime import date
from typing import Any
from uuid import UUID

from api.core import Answer, Blueprint, Body, writing
from api.core.schemas import Day, Flag, Id, Many, Part
from api.dispatch import GUARDS, OVERRIDE, MovedOrdersAnswer
from api.service_order_schemas import OrderAnswer
from curbstop.commands import day_routes as commands
from curbstop.commands.day_routes import Swapped
from curbstop.commands.moves import Moved

blp = Blueprint("day routes", "day_routes", url_prefix="/dispatch", description="A technician's day as a whole.")


class SequenceBody(Body):
    technician_id = Id("Whose day.", required=True)
    scheduled_on = Day("Which day.", required=True)
    order_ids = Many(
        Id("An order."), "Orders of that day, as they are to be done.", required=True, shortest=1, most=500
    )


class DayRouteAnswer(Answer):
    orders = Many(Part(OrderAnswer, "An order."), "The day's open orders, as they are to be done.")


class SwapBody(Body):
    first_id = Id("One technician.", required=True)
    second_id = Id("The other.", required=True)
    scheduled_on = Day("Which day.", required=True)
    override_reason = OVERRIDE


class SwapAnswer(Answer):
    first = Many(Part(OrderAnswer, "An order."), "What the first one has now.")
    second = Many(Part(OrderAnswer, "An order."), "What the second one has now.")


class UnassignBody(Body):
    order_ids = Many(Id("An order."), "At most 500 orders.", required=True, shortest=1, most=500)
    each = Flag("Judge each order for itself: those that cannot be taken back stay.", False)


@blp.operation("POST", "/sequence", body=SequenceBody, answer=DayRouteAnswer, problems=("not_found", "forbidden"))
def sequence_day_route(body: dict[str, Any]) -> dict[str, Any]:
    """Put a technician's day into this order, in one step; open orders that are not named follow at its end."""
    on: date = body["scheduled_on"]
    technician_id: UUID = body["technician_id"]
    with writing() as work:
        return {"orders": commands.sequence(work, technician_id, on, body["order_ids"])}


@blp.operation(
    "POST", "/swap", body=SwapBody, answer=SwapAnswer, problems=("not_found", *GUARDS, "impossible_transition")
)
def swap_day_routes(body: dict[str, Any]) -> Swapped:
    """Let two technicians change their days: all of what is not done yet, each order in its place."""
    with writing() as work:
        return commands.swap(
            work, body["first_id"], body["second_id"], body["scheduled_on"],
            override_reason=body.get("override_reason"),
        )  # fmt: skip


@blp.operation(
    "POST", "/unassign", body=UnassignBody, answer=MovedOrdersAnswer,
    problems=("not_found", "already_pulled", "impossible_transition"),
)  # fmt: skip
def unassign_service_orders(body: dict[str, Any]) -> Moved:
    """Take many orders back that no tablet has: all of them or none, or each for itself."""
    with writing() as work:
        return commands.unassign(work, body["order_ids"], each=body.get("each", False))
