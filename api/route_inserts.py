"""A new service on a reading route: where it fits, and putting it there."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, actor, creates, reading, writing
from api.core.schemas import Flag, Id, Many, Number, Part, Text, Whole
from api.route_versions import RouteVersionAnswer
from curbstop.commands import route_inserts as commands
from curbstop.queries import route_inserts as queries
from curbstop.queries import routes

blp = Blueprint("route inserts", "route_inserts", url_prefix="", description="A new service on a route.")
NULL: dict[str, Any] = {"allow_none": True}


class RouteProposalAnswer(Answer):
    route_id = Id("The route.")
    route_code = Text("Its code.", "C101")
    route_version_id = Id("The published version that was looked at.")
    after_stop_id = Id("The stop before; null at the beginning.", **NULL)
    after_address = Text("Its address.", "12 Mill Rd", **NULL)
    before_stop_id = Id("The stop behind; null at the end.", **NULL)
    before_address = Text("Its address.", "16 Mill Rd", **NULL)
    sequence = Whole("The number that the new stop would have.", 15)
    renumbered = Whole("How many other stops would have another number.", 0)
    added_m = Number("How much longer the walk gets, in meters.", 12.5)


class RouteProposalsAnswer(Answer):
    items = Many(Part(RouteProposalAnswer, "A route."), "The least added way first.")


class StopNew(Body):
    service_point_id = Id("The place.", required=True)
    after_stop_id = Id("Behind which stop; at the beginning when null.", load_default=None, **NULL)
    force = Flag("Publish although somebody walks the route now.", False, load_default=False)


@blp.operation(
    "GET", "/service-points/<uuid:service_point_id>/route-proposals", answer=RouteProposalsAnswer,
    problems=("conflict",),
)  # fmt: skip
def list_route_proposals(service_point_id: UUID) -> dict[str, Any]:
    """Where a place fits into the routes around it. 409 `conflict`: it is on a route, or nobody knows where it is."""
    with reading() as session:
        return {"items": queries.propose(session, actor(), service_point_id)}


@blp.operation(
    "POST", "/routes/<uuid:route_id>/stops", body=StopNew, answer=RouteVersionAnswer,
    problems=("conflict", "sequence_full"),
)  # fmt: skip
@creates("/route-versions/{id}")
def insert_route_stop(route_id: UUID, body: dict[str, Any]) -> Row[Any]:
    """Put a place on a route: the published version with one stop more is published as the next.

    Sessions under way keep theirs. 409 `conflict`: the stop is not on the published version any more, the place is on a
    route, or somebody walks the route now (but for `force`).
    """
    with writing() as work:
        made = commands.insert_stop(work, route_id, **body)
        return routes.get_version(work.session, work.actor, made.id)
