"""Route change requests: proposals from the field, decided by GIS."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Id, Moment, Number, Text, Whole
from api.route_versions import RouteVersionAnswer
from api.service_order_schemas import NULL
from curbstop.commands import route_change_requests as commands
from curbstop.queries import route_change_requests as queries
from curbstop.queries import routes
from curbstop.queries.page import Page, PageRequest

blp = Blueprint(
    "route change requests", "route_change_requests", url_prefix="/route-change-requests",
    description="What the field proposes to change about routes and places.",
)  # fmt: skip
STATES = [commands.OPEN, *commands.DECISIONS.values()]


class RouteChangeRequestAnswer(Answer):
    id = Id("The proposal's id.")
    version = Whole("The version, also in the ETag.", 1)
    service_point_id = Id("The place.")
    service_point_number = Text("Its number.", "SP-000123")
    address = Text("Its address.", "12 Main St")
    order_id = Id("The order that it came with.", **NULL)
    order_number = Text("Its number.", "SO-2026-00123", **NULL)
    route_id = Id("The route that the place is on.", **NULL)
    route_code = Text("Its code.", "R-104", **NULL)
    sequence = Whole("The place in the walk when it was proposed.", 10, **NULL)
    new_sequence = Whole("The better place in the walk.", 25, **NULL)
    longitude = Number("The better position, in degrees.", -78.9, **NULL)
    latitude = Number("The better position, in degrees.", 35.1, **NULL)
    now_longitude = Number("Where the place is now, in degrees.", -78.9, **NULL)
    now_latitude = Number("Where the place is now, in degrees.", 35.1, **NULL)
    moved_m = Number("How far the better position is from there, in meters as the crow flies.", 14.5, **NULL)
    note = Text("What the technician says.", "The box is behind the house.", **NULL)
    proposed_by_id = Id("Who proposed it.", **NULL)
    proposed_by_name = Text("Who proposed it, by name.", "Tom Reed", **NULL)
    state = Text("Whether it was decided.", "open", choices=STATES)
    created_at = Moment("When it was proposed.")
    decided_at = Moment("When it was decided.", **NULL)
    decided_by_id = Id("Who decided.", **NULL)
    reason = Text("Why.", "Right.", **NULL)


class RouteChangeRequestQuery(PageQuery):
    sort = Sort("created_at")
    state = Text("Only in this state.", "open", choices=STATES, load_default=None)
    route_id = Id("Only of this route.", load_default=None)
    service_point_id = Id("Only of this place.", load_default=None)


class DecideRouteChangeBody(Body):
    reason = Text("Why.", "Right.", required=True, shortest=1, longest=500)


class RouteChangeDraftBody(Body):
    route_version_id = Id("The draft that it goes into; what is walked now, if left out.", load_default=None, **NULL)


@blp.operation("GET", "", query=RouteChangeRequestQuery, answer=page_of(RouteChangeRequestAnswer))
def list_route_change_requests(query: dict[str, Any], page: PageRequest) -> Page[dict[str, Any]]:
    """What was proposed; a proposal alters no route that is walked."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation(
    "POST",
    "/<uuid:request_id>/accept",
    body=DecideRouteChangeBody,
    answer=RouteChangeRequestAnswer,
    problems=("conflict",),
)
@edits
def accept_route_change(request_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Take a proposal, to be drawn into the route's next version."""
    with writing() as work:
        commands.decide(work, request_id, "accept", **body, if_version=if_version)
        return queries.get(work.session, request_id)


@blp.operation(
    "POST",
    "/<uuid:request_id>/refuse",
    body=DecideRouteChangeBody,
    answer=RouteChangeRequestAnswer,
    problems=("conflict",),
)
@edits
def refuse_route_change(request_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Refuse a proposal, and say why."""
    with writing() as work:
        commands.decide(work, request_id, "refuse", **body, if_version=if_version)
        return queries.get(work.session, request_id)


@blp.operation(
    "POST",
    "/<uuid:request_id>/draft",
    body=RouteChangeDraftBody,
    answer=RouteVersionAnswer,
    problems=("not_found", "invalid", "conflict", "sequence_full"),
)
@creates("/route-versions/{id}")
def draft_route_change(request_id: UUID, body: dict[str, Any]) -> Row[Any]:
    """Draw an accepted place in the walk into the route's next draft; nothing is walked otherwise until published."""
    with writing() as work:
        drafted = commands.draft(work, request_id, **body)
        return routes.get_version(work.session, work.actor, drafted.id)
