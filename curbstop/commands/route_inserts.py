"""Puts a new service on a reading route: the published version with one stop more becomes the next version."""

from uuid import UUID

from sqlalchemy import func, insert, select

from curbstop.commands import journal, routes
from curbstop.commands.work import Work, get
from curbstop.domain import sequences as rules
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.models.calendar import in_force
from curbstop.models.ids import new_id
from curbstop.models.route import Route, RouteVersion, Stop
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
    now = work.session.scalar(
        select(RouteVersion).where(RouteVersion.route_id == route.id, RouteVersion.state == routes.PUBLISHED)
    )
    if now is None:
        raise Problem("conflict", f"Nothing is published of route {route.code}; draft it and publish it first.")
    there = work.session.execute(
        select(Stop.id, Stop.service_point_id, Stop.sequence)
        .where(Stop.route_version_id == now.id)
        .order_by(Stop.sequence)
    ).all()
    if any(row.service_point_id == point.id for row in there):
        raise Problem("conflict", f"{point.number} is on route {route.code} already.")
    ids = [row.id for row in there]
    if after_stop_id is not None and after_stop_id not in ids:
        raise Problem("conflict", "That stop is not on the published version; look at the proposals again.")
    index = ids.index(after_stop_id) + 1 if after_stop_id is not None else 0
    placed = rules.insert([row.sequence for row in there], index, in_force(work.session).policy.routes)
    points = [row.service_point_id for row in there]
    points.insert(index, point.id)
    version = _next_version(work, route, points, placed)
    said = {"number": version.number, "place": point.number, "sequence": placed.sequence, "renumbered": placed.moved}
    journal.audit(work, "insert_stop", "route_version", version.id, after=said)
    return routes.publish(work, version.id, force=force)


def _next_version(work: Work, route: Route, points: list[UUID], placed: rules.Inserted) -> RouteVersion:
    newest = select(func.max(RouteVersion.number)).where(RouteVersion.route_id == route.id)
    version = RouteVersion(
        id=new_id(),
        route_id=route.id,
        number=(work.session.scalar(newest) or 0) + 1,
        state=routes.DRAFT,
        stop_count=len(points),
        length_m=routes.length_of(work, points),
        created_at=work.at,
    )
    work.session.add(version)
    work.session.flush()
    rows = [
        {"id": new_id(), "route_version_id": version.id, "service_point_id": point, "sequence": number, "version": 1}
        for point, number in zip(points, placed.sequences, strict=True)
    ]
    work.session.execute(insert(Stop), rows)
    return version
