"""Proposes a shorter way through a route's stops, along the streets around them."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import numpy as np
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.models.asset import Street
from curbstop.models.route import Stop
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from curbstop.queries import routes
from curbstop.queries.layer_places import in_boxes
from geo import network, tours
from geo.distance import Floats, shifted
from geo.layer_crs import Box
from geo.layers import STREETS

# Streets so far around the stops are taken in: whoever walks a route leaves it by no more.
AROUND_M: Final = 600.0
# A reader's day is 200 to 400 stops; the matrix of more would take seconds and hundreds of megabytes.
MOST_STOPS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Stops:
    """What a proposal is made of: the version's places in their order, those with a position, and the streets."""

    version_id: UUID
    route_id: UUID
    service_point_ids: tuple[UUID, ...]
    placed: tuple[UUID, ...]
    points: Floats
    streets: tuple[Floats, ...]


@dataclass(frozen=True, slots=True)
class RouteWalk:
    """The places in the proposed order, those without a position last; lengths in meters, before and after.

    `by_streets`: the way was found on the street layer, not as the crow flies; `guessed` pairs no street joins.
    """

    service_point_ids: tuple[UUID, ...]
    length_before_m: float
    length_after_m: float
    by_streets: bool
    guessed: int
    unplaced: int


def gather(session: Session, actor: Actor, version_id: UUID) -> Stops:
    """A version's stops and the streets around them, in three statements. Problems: forbidden, not_found, too_large."""
    if Grant.YES not in require(actor, Action.PROPOSE_ROUTE):
        raise Problem("forbidden", "Technicians propose changes to a route; others draft it.")
    version = routes.get_version(session, actor, version_id)
    if version.stop_count > MOST_STOPS:
        raise Problem("too_large", f"A walk is found through at most {MOST_STOPS} stops; split the route.")
    rows = session.execute(
        select(Stop.service_point_id, ServicePoint.location)
        .join(ServicePoint, ServicePoint.id == Stop.service_point_id)
        .where(Stop.route_version_id == version_id)
        .order_by(Stop.sequence)
    ).all()
    placed = [(row.service_point_id, point_of(bytes(row.location.data))) for row in rows if row.location is not None]
    points = np.array([point for _, point in placed], float).reshape(-1, 2)
    return Stops(
        version_id=version_id,
        route_id=version.route_id,
        service_point_ids=tuple(row.service_point_id for row in rows),
        placed=tuple(place for place, _ in placed),
        points=points,
        streets=tuple(line for _, line in streets_around(session, points, AROUND_M)) if len(points) else (),
    )


def propose(
    stops: Stops, *, start: UUID | None = None, end: UUID | None = None, seconds: float = tours.SECONDS
) -> RouteWalk:
    """The shortest way through the stops, in about so many seconds; no statement.

    It begins and ends at those places, where they are given; with the same place for both it comes back to it. Problem
    (`invalid`) names one that is no stop with a position.
    """
    where = {place: at for at, place in enumerate(stops.placed)}
    for name, place in (("start_service_point_id", start), ("end_service_point_id", end)):
        if place is not None and place not in where:
            raise Problem("invalid", f"{place} is no stop of that version that has a position.", field=name)
    distances = network.walking(stops.points, stops.streets)
    found = tours.tour(
        distances.meters,
        start=None if start is None else where[start],
        end=None if end is None else where[end],
        seconds=seconds,
    )
    left = [place for place in stops.service_point_ids if place not in where]
    return RouteWalk(
        service_point_ids=(*(stops.placed[at] for at in found.order), *left),
        length_before_m=tours.length_m(distances.meters, tuple(range(len(stops.placed)))),
        length_after_m=found.length_m,
        by_streets=distances.by_streets,
        guessed=distances.guessed,
        unplaced=len(left),
    )


def streets_around(session: Session, points: Floats, around_m: float) -> list[tuple[str, Floats]]:
    """The streets in the box around places (longitude, latitude) and so far beyond it, by name and corners."""
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    low = shifted(shifted((west, south), 180, around_m), 270, around_m)
    high = shifted(shifted((east, north), 0, around_m), 90, around_m)
    box: Box = (*low, *high)
    lines = select(Street.name, Street.line).where(in_boxes(session, STREETS, [box])).order_by(Street.id)
    rows = session.execute(lines)
    return [(row.name, shapely.get_coordinates(shapely.from_wkb(bytes(row.line.data)))) for row in rows]
