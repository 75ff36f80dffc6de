"""Reads what a route's map shows: the stops in their order with their addresses, and the streets; no customer."""

from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.problems import Problem
from curbstop.models.route import Stop
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from curbstop.queries import routes
from curbstop.queries.route_walks import streets_around
from geo.route_picture import Line, draw

AROUND_M = 150.0


def of_route(session: Session, actor: Actor, route_id: UUID, version_id: UUID | None = None) -> dict[str, Any]:
    """The route's published version, or another of its versions, as the template wants it: five statements.

    Problems: forbidden, not_found (also of a route of which nothing is published), conflict (no stop has a position).
    """
    route = routes.get(session, actor, route_id)
    wanted = version_id or route.published_version_id
    if wanted is None:
        raise Problem("not_found", f"Nothing is published of route {route.code}; name a version.")
    version = routes.get_version(session, actor, wanted)
    if version.route_id != route.id:
        raise Problem("not_found", f"Route {route.code} has no version with id {wanted}.")
    rows = session.execute(
        select(Stop.sequence, ServicePoint.address, ServicePoint.location)
        .join(ServicePoint, ServicePoint.id == Stop.service_point_id)
        .where(Stop.route_version_id == version.id)
        .order_by(Stop.sequence)
    ).all()
    placed = [(row.sequence, point_of(bytes(row.location.data))) for row in rows if row.location is not None]
    if not placed:
        raise Problem("conflict", "No stop of that version has a position; there is nothing to draw.")
    points = np.array([point for _, point in placed], float)
    streets = [Line(name, line) for name, line in streets_around(session, points, AROUND_M)]
    picture = draw(points, [number for number, _ in placed], streets)
    left = len(rows) - len(placed)
    return {
        "code": route.code,
        "name": route.name,
        "number": version.number,
        "state": version.state,
        "length": f"{version.length_m / 1000:.1f} km as the crow flies" if version.length_m else "",
        "stops": [[str(row.sequence), row.address] for row in rows],
        "left": f"{left} stops have no position and are only in the list." if left else "",
        "svg": picture.svg,
    }
