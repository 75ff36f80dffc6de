"""Versions of a route: drafted as an ordered list of places, published, and walked stop by stop."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, page_of, reading, writing
from api.core.schemas import Flag, Id, Many, Moment, Number, Text, Whole
from curbstop.commands import route_versions as commands
from curbstop.queries import route_walks
from curbstop.queries import routes as queries
from curbstop.queries.page import Page, PageRequest
from geo import tours

blp = Blueprint("route versions", "route_versions", url_prefix="", description="Drafted, published, walked.")

NULL: dict[str, Any] = {"allow_none": True}
STATES = [commands.DRAFT, commands.PUBLISHED, commands.RETIRED]
# A reader's day is 200 to 400 stops.
MOST_STOPS = 2_000


class RouteVersionAnswer(Answer):
    """Its content never changes: another order of stops is another version."""

    id = Id("The version's id.")
    route_id = Id("The route.")
    route_code = Text("The route's code.", "C101")
    number = Whole("Its number on the route.", 3)
    state = Text("Draft, published (what is walked) or retired.", "draft", choices=STATES)
    stop_count = Whole("How many stops it has.", 240)
    length_m = Number("How long it is, in meters as the crow flies.", 4200.5, **NULL)
    note = Text("What was done to the version before.", "reversed", **NULL)
    base_id = Id("What was walked when it was begun; with another since, it is not published.", **NULL)
    bundle_id = Id("What the drafts of one edit of several routes share; they are published together.", **NULL)
    published_at = Moment("When it was published.", **NULL)
    created_at = Moment("When it was drafted.")


class StopAnswer(Answer):
    id = Id("The stop's id.")
    sequence = Whole("Its place on the route; there are gaps for new stops.", 10)
    service_point_id = Id("Where it is.")
    service_point_number = Text("The service point's number.", "SP-000042")
    address = Text("The address.", "12 Main St")
    city = Text("The city.", "Millbrook", **NULL)
    longitude = Number("Degrees east (EPSG:4326).", -78.999, **NULL)
    latitude = Number("Degrees north (EPSG:4326).", 35.0, **NULL)


class RouteVersionNew(Body):
    service_point_ids = Many(
        Id("A service point."), "The stops in the order of walking.", required=True, most=MOST_STOPS
    )


class PublishBody(Body):
    force = Flag("Publish although somebody walks the route now.", False, load_default=False)
    renumber = Flag("Give its stops even gaps.", False, load_default=False)


class RouteWalkNew(Body):
    start_service_point_id = Id("Where the walk begins; anywhere, if left out.", load_default=None, allow_none=True)
    end_service_point_id = Id("Where it ends; the same as the start comes back.", load_default=None, allow_none=True)
    seconds = Number("How long to look for a better way.", 1.0, load_default=tours.SECONDS, least=0.1, most=10.0)


class RouteWalkAnswer(Answer):
    id = Id("The draft's id.")
    route_id = Id("The route.")
    number = Whole("Its number on the route.", 4)
    stop_count = Whole("How many stops it has.", 240)
    length_before_m = Number("How long the walk was, in meters.", 31_402.0)
    length_after_m = Number("How long it is by the draft, on the same streets.", 24_594.0)
    by_streets = Flag("Whether it goes along the street layer; without one it is as the crow flies.", True)
    guessed = Whole("Pairs of stops that no street joins; a straight line and a third was taken.", 0)
    unplaced = Whole("Stops without a position; they come last, in their old order.", 0)


class RouteVersionQuery(PageQuery):
    sort = Sort("number")
    state = Text("Only in this state.", "published", choices=STATES, load_default=None)


class StopQuery(PageQuery):
    sort = Sort("sequence")


@blp.operation("GET", "/routes/<uuid:route_id>/versions", query=RouteVersionQuery, answer=page_of(RouteVersionAnswer))
def list_route_versions(route_id: UUID, query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """A route's versions; `sort=-number` has the newest first."""
    with reading() as session:
        return queries.find_versions(session, actor(), page, route_id, **query)


@blp.operation("POST", "/routes/<uuid:route_id>/versions", body=RouteVersionNew, answer=RouteVersionAnswer)
@creates("/route-versions/{id}")
def draft_route_version(route_id: UUID, body: dict[str, Any]) -> Row[Any]:
    """Draft the next version of a route."""
    with writing() as work:
        made = commands.draft(work, route_id, body["service_point_ids"])
        return queries.get_version(work.session, work.actor, made.id)


@blp.operation("GET", "/route-versions/<uuid:route_version_id>", answer=RouteVersionAnswer)
def get_route_version(route_version_id: UUID) -> Row[Any]:
    """One version of a route."""
    with reading() as session:
        return queries.get_version(session, actor(), route_version_id)


@blp.operation("GET", "/route-versions/<uuid:route_version_id>/stops", query=StopQuery, answer=page_of(StopAnswer))
def list_route_version_stops(route_version_id: UUID, query: dict[str, Any], page: PageRequest) -> Page[dict[str, Any]]:
    """The stops in the order of walking, with their places and no customer."""
    with reading() as session:
        return queries.find_stops(session, actor(), page, route_version_id, **query)


@blp.operation(
    "POST",
    "/route-versions/<uuid:route_version_id>/walk",
    body=RouteWalkNew,
    answer=RouteWalkAnswer,
    problems=("not_found", "too_large", "invalid"),
)
@creates("/route-versions/{id}")
def draft_shorter_walk(route_version_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Draft the version's stops anew in the order of the shortest walk along the streets; publishing is GIS's."""
    with reading() as session:
        stops = route_walks.gather(session, actor(), route_version_id)
    # Nothing is held while the way is looked for.
    walk = route_walks.propose(
        stops,
        start=body["start_service_point_id"],
        end=body["end_service_point_id"],
        seconds=body["seconds"],
    )
    with writing() as work:
        made = commands.draft(work, stops.route_id, walk.service_point_ids)
        shown = ("length_before_m", "length_after_m", "by_streets", "guessed", "unplaced")
        return {
            "id": made.id,
            "route_id": made.route_id,
            "number": made.number,
            "stop_count": made.stop_count,
            **{name: getattr(walk, name) for name in shown},
        }


@blp.operation(
    "POST",
    "/route-versions/<uuid:route_version_id>/publish",
    body=PublishBody,
    answer=RouteVersionAnswer,
    problems=("conflict",),
)
def publish_route_version(route_version_id: UUID, body: dict[str, Any]) -> Row[Any]:
    """Publish a draft: it is what is walked from now on, and the earlier version is retired.

    Sessions under way keep theirs. 409 `conflict`: it is no draft, it has no stops, somebody walks the route now (but
    for `force`), another version was published since it was begun, or one of its places is on another published route.
    """
    with writing() as work:
        commands.publish(work, route_version_id, **body)
        return queries.get_version(work.session, work.actor, route_version_id)
