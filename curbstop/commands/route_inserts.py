"""Puts a new service on a reading route: the published version with one stop more becomes the next version."""

from uuid import UUID

from curbstop.commands import journal, route_versions
from curbstop.commands.work import Work, get
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.models.route import Route, RouteVersion
from curbstop.models.service_point import ServicePoint


def insert_stop(
    work: Work, route_id: UUID, service_point_id: UUID, *, after_stop_id: UUID | None = None, force: bool = False
) -> RouteVersion:
    """The next version of the route, published, with the place behind a stop, or at the beginning.

    The other stops keep their numbers, but for the few that make room. Sessions under way keep the version that they
    began with; while there are any, only `force` publishes. Problems: forbidden, not_found, conflict (nothing is
    published, that stop is not on it, the place is on a route, somebody walks it), sequence_full.
    """
    if Grant.YES not in require(work.actor, Action.PUBLISH_ROUTE):
        raise Problem("forbidden", "Only a GIS editor publishes a route.")
    route = get(work, Route, route_id)
    point = get(work, ServicePoint, service_point_id, lock=False)
    now = route_versions.published_id(work, route.id)
    if now is None:
        raise Problem("conflict", f"Nothing is published of route {route.code}; draft it and publish it first.")
    there = route_versions.walk_of(work, now)
    if any(stand.service_point_id == point.id for stand in there):
        raise Problem("conflict", f"{point.number} is on route {route.code} already.")
    if after_stop_id is not None and all(stand.id != after_stop_id for stand in there):
        raise Problem("conflict", "That stop is not on the published version; look at the proposals again.")
    version = route_versions.add_stops(work, now, [point.id], after_stop_id=after_stop_id)
    journal.audit(work, "insert_stop", "route_version", version.id, after={"place": point.number})
    return route_versions.publish(work, version.id, force=force)
