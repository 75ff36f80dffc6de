"""Reads where a new service fits into the routes around it: the place between two stops that adds the least way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from curbstop.domain import sequences
from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.domain.sequences import RoutePolicy
from curbstop.models.calendar import in_force
from curbstop.models.route import Route, RouteVersion, Stop
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from curbstop.queries.spatial import MOST_RADIUS_M, nearest
from geo.distance import Floats, distances_m

# Looked around in steps, so that a place in town does not read the whole town.
RADII_M = (250, 1_000, MOST_RADIUS_M)
NEAR = 50


@dataclass(frozen=True, slots=True)
class Proposal:
    """Where the place would go on one route: behind a stop (None: at the beginning), with which number."""

    route_id: UUID
    route_code: str
    route_version_id: UUID
    after_stop_id: UUID | None
    after_address: str | None
    before_stop_id: UUID | None
    before_address: str | None
    sequence: int
    renumbered: int
    added_m: float


def propose(session: Session, actor: Actor, service_point_id: UUID) -> list[Proposal]:
    """The best place on each route nearby, the least added way first; nothing where no route is within 5 km.

    Problems: forbidden, not_found, conflict (nobody knows where the place is, or it is on a route).
    """
    require(actor, Action.VIEW_NETWORK)
    point = session.get(ServicePoint, service_point_id)
    if point is None:
        raise Problem("not_found", f"There is no service point with id {service_point_id}.")
    if point.location is None:
        raise Problem("conflict", f"Nobody has said where {point.number} is; a GIS editor places it first.")
    on = session.scalar(
        _published(select(Route.code)).where(Stop.service_point_id == point.id).limit(1)
    )  # fmt: skip
    if on is not None:
        raise Problem("conflict", f"{point.number} is on route {on} already.")
    here = point_of(bytes(point.location.data))
    policy = in_force(session).policy.routes
    by_version: dict[UUID, list[Row[Any]]] = {}
    for row in session.execute(_stops(_versions_near(session, here))):
        by_version.setdefault(row.route_version_id, []).append(row)
    found = [_best(here, stops, policy) for stops in by_version.values()]
    return sorted((one for one in found if one is not None), key=lambda one: (one.added_m, one.route_code))


def _versions_near(session: Session, here: tuple[float, float]) -> list[UUID]:
    for radius_m in RADII_M:
        near = [point_id for point_id, _ in nearest(session, *here, radius_m=radius_m, limit=NEAR)]
        wanted = _published(select(Stop.route_version_id)).where(Stop.service_point_id.in_(near)).distinct()
        versions = list(session.scalars(wanted))
        if versions:
            return versions
    return []


def _published(statement: Any) -> Any:
    return (
        statement.join_from(Stop, RouteVersion, RouteVersion.id == Stop.route_version_id)
        .join(Route, Route.id == RouteVersion.route_id)
        .where(RouteVersion.state == "published")
    )


def _stops(versions: Sequence[UUID]) -> Any:
    columns: tuple[Any, ...] = (
        Stop.id, Stop.sequence, Stop.route_version_id, Route.id.label("route_id"), Route.code, ServicePoint.address,
        ServicePoint.location,
    )  # fmt: skip
    return (
        _published(select(*columns))
        .join(ServicePoint, ServicePoint.id == Stop.service_point_id)
        .where(Stop.route_version_id.in_(versions))
        .order_by(Stop.route_version_id, Stop.sequence)
    )


def _best(here: tuple[float, float], stops: Sequence[Row[Any]], policy: RoutePolicy) -> Proposal | None:
    added = _added_m(here, [point_of(bytes(stop.location.data)) if stop.location else None for stop in stops])
    index = int(np.argmin(added))
    try:
        placed = sequences.insert([stop.sequence for stop in stops], index, policy)
    except Problem:
        return None  # The route is full: it is no place for another stop.
    before = stops[index - 1] if index else None
    after = stops[index] if index < len(stops) else None
    return Proposal(
        route_id=stops[0].route_id,
        route_code=stops[0].code,
        route_version_id=stops[0].route_version_id,
        after_stop_id=before.id if before is not None else None,
        after_address=before.address if before is not None else None,
        before_stop_id=after.id if after is not None else None,
        before_address=after.address if after is not None else None,
        sequence=placed.sequence,
        renumbered=placed.moved,
        added_m=round(float(added[index]), 1),
    )


def _added_m(here: tuple[float, float], places: Sequence[tuple[float, float] | None]) -> Floats:
    """How much longer the walk gets for each place between two stops, before the first and behind the last.

    A stop that nobody has placed is as far as can be: nothing is put beside it.
    """
    known = np.array([place is not None for place in places])
    points = np.array([place or here for place in places], float)
    to = np.where(known, distances_m(here, points), np.inf)
    between = distances_m(points[:-1], points[1:])
    inner = to[:-1] + to[1:] - np.where(np.isfinite(to[:-1] + to[1:]), between, 0.0)
    ends: Floats = np.concatenate([to[:1], inner, to[-1:]])
    return ends
