"""Routes: a reader's day of a cycle; what is walked of one is its published version."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Id, Moment, Number, Part, Text, Whole
from api.cycles import CODE
from curbstop.commands import routes as commands
from curbstop.queries import routes as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("routes", "routes", url_prefix="/routes", description="A reader's day.")


class PublishedAnswer(Answer):
    id = Id("The version's id.")
    number = Whole("Its number on the route.", 3)
    stop_count = Whole("How many stops it has.", 240)
    length_m = Number("How long it is, in meters as the crow flies.", 4200.5, allow_none=True)


class RouteAnswer(Answer):
    id = Id("The route's id.")
    version = Whole("The version of the route's own row, also in the ETag.", 3)
    code = Text("Its code.", "C101")
    name = Text("Its name.", "Around the mill")
    cycle_id = Id("Its cycle.")
    cycle_code = Text("The cycle's code.", "C1")
    published_version = Part(PublishedAnswer, "What is walked now; null before the first.", allow_none=True)
    created_at = Moment("When it was entered.")
    updated_at = Moment("When it was last changed.")


class RouteNew(Body):
    code = Text("Its code; unique, and it stays.", "C101", required=True, **CODE)
    name = Text("Its name.", "Around the mill", required=True, shortest=1, longest=80)
    cycle_id = Id("Its cycle.", required=True)


class RouteEdit(Body):
    name = Text("Its name.", "Around the mill", shortest=1, longest=80)
    cycle_id = Id("Its cycle.")


class RouteQuery(PageQuery):
    sort = Sort("code", "name")
    cycle_id = Id("Only of this cycle.", load_default=None)
    code = Text("The beginning of the code.", "C1", longest=10, load_default=None)


@blp.operation("GET", "", query=RouteQuery, answer=page_of(RouteAnswer))
def list_routes(query: dict[str, Any], page: PageRequest) -> Page[dict[str, Any]]:
    """Routes with their cycle and what is walked of them."""
    with reading() as session:
        found = queries.find(session, actor(), page, **query)
        return Page([_route(row) for row in found.items], found.after)


@blp.operation("POST", "", body=RouteNew, answer=RouteAnswer, problems=("not_found",))
@creates("/routes/{id}")
def create_route(body: dict[str, Any]) -> dict[str, Any]:
    """Enter a route, still without stops; 409 `conflict` when the code is taken."""
    with writing() as work:
        made = commands.create(work, **body)
        return _route(queries.get(work.session, work.actor, made.id))


@blp.operation("GET", "/<uuid:route_id>", answer=RouteAnswer)
def get_route(route_id: UUID) -> dict[str, Any]:
    """One route."""
    with reading() as session:
        return _route(queries.get(session, actor(), route_id))


@blp.operation("PATCH", "/<uuid:route_id>", body=RouteEdit, answer=RouteAnswer)
@edits
def edit_route(route_id: UUID, body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Give the route another name or cycle."""
    with writing() as work:
        commands.edit(work, route_id, **body, if_version=if_version)
        return _route(queries.get(work.session, work.actor, route_id))


def _route(row: Row[Any]) -> dict[str, Any]:
    published = {
        "id": row.published_version_id,
        "number": row.published_number,
        "stop_count": row.stop_count,
        "length_m": row.length_m,
    }
    return {**row._asdict(), "published_version": published if row.published_version_id else None}
