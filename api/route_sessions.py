"""Route sessions: a technician walks a published version of a route on a day."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Day, Id, Moment, Text, Whole
from curbstop.commands import routes as commands
from curbstop.queries import route_sessions as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("route sessions", "route_sessions", url_prefix="/route-sessions", description="Who walks which route.")

STATES = ["open", "closed"]


class RouteSessionAnswer(Answer):
    id = Id("The session's id.")
    version = Whole("The version, also in the ETag.", 1)
    state = Text("Open until it is closed.", "open", choices=STATES)
    on_date = Day("The day.")
    technician_id = Id("Who walks.")
    technician_name = Text("Who walks, by name.", "Tess Okafor")
    route_id = Id("The route.")
    route_code = Text("The route's code.", "C101")
    route_version_id = Id("The version that was published when it began.")
    version_number = Whole("That version's number.", 3)
    stop_count = Whole("How many stops it has.", 240)
    visited = Whole("How many of them were read or skipped.", 17)
    created_at = Moment("When it began.")
    updated_at = Moment("When it was last changed.")


class RouteSessionNew(Body):
    route_version_id = Id("What is walked: a published version.", required=True)
    technician_id = Id("Who walks.", required=True)
    on_date = Day("The day.", required=True)


class RouteSessionQuery(PageQuery):
    sort = Sort("on_date", "created_at")
    technician_id = Id("Only this technician's.", load_default=None)
    route_id = Id("Only of this route.", load_default=None)
    on_date = Day("Only on this day.", load_default=None)
    state = Text("Only in this state.", "open", choices=STATES, load_default=None)


@blp.operation("GET", "", query=RouteSessionQuery, answer=page_of(RouteSessionAnswer))
def list_route_sessions(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Sessions with how far they are: technicians see their own, crew leads the crew's."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation(
    "POST",
    "",
    body=RouteSessionNew,
    answer=RouteSessionAnswer,
    problems=("not_found", "assigned_technician_invalid"),
)
@creates("/route-sessions/{id}")
def start_route_session(body: dict[str, Any]) -> Row[Any]:
    """Send a technician to walk a route; its stops go to the technician's tablet."""
    with writing() as work:
        made = commands.start_session(work, body.pop("route_version_id"), **body)
        return queries.get(work.session, work.actor, made.id)


@blp.operation("GET", "/<uuid:route_session_id>", answer=RouteSessionAnswer)
def get_route_session(route_session_id: UUID) -> Row[Any]:
    """One session."""
    with reading() as session:
        return queries.get(session, actor(), route_session_id)


@blp.operation("POST", "/<uuid:route_session_id>/close", answer=RouteSessionAnswer)
@edits
def close_route_session(route_session_id: UUID, if_version: int | None) -> Row[Any]:
    """End a session; the route leaves the tablet, and what is still on its way from there is taken when it comes."""
    with writing() as work:
        commands.close_session(work, route_session_id, if_version=if_version)
        return queries.get(work.session, work.actor, route_session_id)
