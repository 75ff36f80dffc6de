"""Edits of a route's walk: each makes the next draft, and what publishing it would do is told before."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from api.core import Answer, Blueprint, Body, actor, creates, reading, writing
from api.core.schemas import Day, Id, Many, Part, Text, Whole
from api.cycles import CODE
from api.route_versions import MOST_STOPS, NULL, RouteVersionAnswer
from curbstop.commands import route_versions as commands
from curbstop.commands.work import Work
from curbstop.models.route import RouteVersion
from curbstop.queries import route_effects
from curbstop.queries import routes as queries

blp = Blueprint(
    "route edits", "route_edits", url_prefix="/route-versions", description="Every edit makes another draft."
)

EDIT = ("not_found", "invalid", "conflict")
STOPS = Many(Id("A stop of this version."), "The stops, in the order of walking.", required=True, most=MOST_STOPS)
AFTER = Id("Behind which stop; at the beginning, if left out.", load_default=None, **NULL)


class StopsMove(Body):
    stop_ids = STOPS
    after_stop_id = AFTER


class StopsAdd(Body):
    service_point_ids = Many(Id("A service point."), "The places, in order.", required=True, most=MOST_STOPS)
    after_stop_id = AFTER


class StopsRemove(Body):
    stop_ids = STOPS


class StopsTransfer(Body):
    stop_ids = STOPS
    to_version_id = Id("The other route's version: what is walked of it, or a draft.", required=True)
    after_stop_id = Id("Behind which stop of the other; at its beginning, if left out.", load_default=None, **NULL)


class RouteSplit(Body):
    stop_ids = STOPS
    code = Text("The new route's code.", "C102", required=True, **CODE)
    name = Text("Its name.", "Behind the mill", required=True, shortest=1, longest=80)
    cycle_id = Id("Its cycle; that of the route it comes from, if left out.", load_default=None, **NULL)


class RouteMerge(Body):
    other_version_id = Id("The version whose stops come behind this one's last.", required=True)


class RouteDraftsAnswer(Answer):
    id = Id("The first draft's id.")
    drafts = Many(Part(RouteVersionAnswer, "A draft."), "The drafts of one edit, which are published together.")


class EffectPlaceAnswer(Answer):
    service_point_id = Id("The place.")
    number = Text("Its number.", "SP-000042")
    address = Text("Its address.", "12 Main St")
    route_code = Text("On which route it is, where that is the point.", "C102", **NULL)


class EffectSessionAnswer(Answer):
    id = Id("The session.")
    on_date = Day("Its day.")
    technician_id = Id("Who walks.")
    technician_name = Text("By name.", "Tom Baker")
    route_code = Text("Which route.", "C101")
    number = Whole("The version that is walked; the session keeps it.", 3)


class EffectDraftAnswer(Answer):
    id = Id("The draft.")
    route_id = Id("Its route.")
    route_code = Text("The route's code.", "C101")
    number = Whole("The draft's number.", 4)
    stop_count = Whole("How many stops it has; none ends what is walked of the route.", 240)
    note = Text("What was done.", "reversed", **NULL)


class EffectProposalAnswer(Answer):
    id = Id("The proposal.")
    service_point_id = Id("Where.")
    number = Text("The place's number.", "SP-000042")


class RouteEffectsAnswer(Answer):
    drafts = Many(Part(EffectDraftAnswer, "A draft."), "What is published together.")
    sessions = Many(Part(EffectSessionAnswer, "A session."), "Who walks these routes now; only by force is published.")
    joining = Many(Part(EffectPlaceAnswer, "A place."), "Places that come on these routes.")
    leaving = Many(Part(EffectPlaceAnswer, "A place."), "Places that are on none of these routes any more.")
    on_other_routes = Many(Part(EffectPlaceAnswer, "A place."), "Places that stand in the way: another route has them.")
    open_proposals = Many(Part(EffectProposalAnswer, "A proposal."), "What technicians proposed and nobody decided.")


@blp.operation("GET", "/<uuid:route_version_id>/effects", answer=RouteEffectsAnswer)
def get_route_effects(route_version_id: UUID) -> dict[str, Any]:
    """What publishing the draft, and those that belong with it, does to work under way; at most 500 of each."""
    with reading() as session:
        return route_effects.of_draft(session, actor(), route_version_id)


@blp.operation("POST", "/<uuid:route_version_id>/copy", answer=RouteVersionAnswer, problems=EDIT)
@creates("/route-versions/{id}")
def copy_route_version(route_version_id: UUID) -> Any:
    """A draft equal to this version, also a retired one: published, it undoes what came since."""
    return _one(lambda work: commands.copy(work, route_version_id))


@blp.operation("POST", "/<uuid:route_version_id>/reverse", answer=RouteVersionAnswer, problems=EDIT)
@creates("/route-versions/{id}")
def reverse_route_version(route_version_id: UUID) -> Any:
    """The same stops from the end to the beginning."""
    return _one(lambda work: commands.reverse(work, route_version_id))


@blp.operation(
    "POST", "/<uuid:route_version_id>/moves", body=StopsMove, answer=RouteVersionAnswer,
    problems=(*EDIT, "sequence_full"),
)  # fmt: skip
@creates("/route-versions/{id}")
def move_stops(route_version_id: UUID, body: dict[str, Any]) -> Any:
    """A selection is walked in this order behind another stop; the others keep their numbers where they can."""
    return _one(lambda work: commands.resequence(work, route_version_id, **body))


@blp.operation(
    "POST", "/<uuid:route_version_id>/additions", body=StopsAdd, answer=RouteVersionAnswer,
    problems=(*EDIT, "sequence_full"),
)  # fmt: skip
@creates("/route-versions/{id}")
def add_stops(route_version_id: UUID, body: dict[str, Any]) -> Any:
    """More places on the route."""
    return _one(lambda work: commands.add_stops(work, route_version_id, **body))


@blp.operation("POST", "/<uuid:route_version_id>/removals", body=StopsRemove, answer=RouteVersionAnswer, problems=EDIT)
@creates("/route-versions/{id}")
def remove_stops(route_version_id: UUID, body: dict[str, Any]) -> Any:
    """The walk without these stops; the others keep their numbers."""
    return _one(lambda work: commands.remove_stops(work, route_version_id, **body))


@blp.operation(
    "POST", "/<uuid:route_version_id>/transfers", body=StopsTransfer, answer=RouteDraftsAnswer,
    problems=(*EDIT, "sequence_full"),
)  # fmt: skip
@creates("/route-versions/{id}")
def transfer_stops(route_version_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Stops go to another route: two drafts that are published together."""
    return _several(lambda work: commands.transfer(work, route_version_id, **body))


@blp.operation("POST", "/<uuid:route_version_id>/splits", body=RouteSplit, answer=RouteDraftsAnswer, problems=EDIT)
@creates("/route-versions/{id}")
def split_route(route_version_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Stops become a route of their own: two drafts that are published together."""
    return _several(lambda work: commands.split(work, route_version_id, **body))


@blp.operation(
    "POST", "/<uuid:route_version_id>/merges", body=RouteMerge, answer=RouteDraftsAnswer,
    problems=(*EDIT, "sequence_full"),
)  # fmt: skip
@creates("/route-versions/{id}")
def merge_routes(route_version_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """All stops of another route behind the last of this one; published, the other is walked no more."""
    return _several(lambda work: commands.merge(work, route_version_id, **body))


def _one(edit: Callable[[Work], RouteVersion]) -> Any:
    with writing() as work:
        return queries.get_version(work.session, work.actor, edit(work).id)


def _several(edit: Callable[[Work], list[RouteVersion]]) -> dict[str, Any]:
    with writing() as work:
        drafts = [queries.get_version(work.session, work.actor, one.id) for one in edit(work)]
        return {"id": drafts[0].id, "drafts": drafts}
