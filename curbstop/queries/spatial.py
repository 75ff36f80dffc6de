"""Finds service points by where they are, through the spatial index of whichever database it is."""

from dataclasses import dataclass
from uuid import UUID

import shapely
from sqlalchemy import Boolean, ColumnElement, Float, and_, column, func, literal_column, select, table
from sqlalchemy.orm import Session

from curbstop.domain.problems import Problem
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from geo.distance import distances_m, shifted

# A radius over this is a map's question, not "what is near".
MOST_RADIUS_M = 5_000

_INDEX = table("idx_service_point_location", *(column(name) for name in ("id", "min_x", "max_x", "min_y", "max_y")))


@dataclass(frozen=True, slots=True)
class Bounds:
    """A box in degrees (EPSG:4326); it does not cross the date line."""

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        if not (-180 <= self.west <= self.east <= 180 and -90 <= self.south <= self.north <= 90):
            raise Problem("invalid", "Bounds are west,south,east,north in degrees, the smaller first.", field="bbox")


def read_bounds(text: str) -> Bounds:
    """Bounds from "west,south,east,north", or Problem(`invalid`)."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise Problem("invalid", "Give bbox as west,south,east,north in degrees.", field="bbox") from None
    return Bounds(west, south, east, north)


def within(session: Session, bounds: Bounds) -> ColumnElement[bool]:
    """The condition that a service point lies in the box, its edges included.

    Both indexes keep single-precision boxes rounded outward, so the exact coordinates are compared again.
    """
    if session.get_bind().dialect.name == "sqlite":
        return and_(_sqlite_candidates(bounds), *_exact("ST_MinX", "ST_MinY", bounds))
    box = func.ST_MakeEnvelope(bounds.west, bounds.south, bounds.east, bounds.north, 4326)
    return and_(ServicePoint.location.op("&&")(box), *_exact("ST_X", "ST_Y", bounds))


@dataclass(frozen=True, slots=True)
class Polygon:
    """A drawn area in degrees (EPSG:4326): its corners, at least three, the last one joined to the first."""

    corners: tuple[tuple[float, float], ...]

    @property
    def bounds(self) -> Bounds:
        xs, ys = zip(*self.corners, strict=True)
        return Bounds(min(xs), min(ys), max(xs), max(ys))

    @property
    def wkt(self) -> str:
        ring = ", ".join(f"{x!r} {y!r}" for x, y in (*self.corners, self.corners[0]))
        return f"POLYGON (({ring}))"


def read_polygon(text: str) -> Polygon:
    """A polygon from "lon lat,lon lat,lon lat", or Problem(`invalid`), also for one whose sides cross."""
    try:
        corners = tuple((float(x), float(y)) for x, y in (corner.split() for corner in text.split(",")))
        polygon = Polygon(corners)
        good = len(corners) >= 3 and bool(polygon.bounds) and bool(shapely.is_valid(shapely.from_wkt(polygon.wkt)))
    except (ValueError, shapely.errors.GEOSException):
        good = False
    if not good:
        detail = "Give polygon as lon lat,lon lat,lon lat in degrees, at least three corners, no sides that cross."
        raise Problem("invalid", detail, field="polygon")
    return polygon


def inside(session: Session, polygon: Polygon) -> ColumnElement[bool]:
    """The condition that a service point lies in the polygon, its sides included; through the spatial index."""
    if session.get_bind().dialect.name == "sqlite":
        exact = func.in_polygon(ServicePoint.location, polygon.wkt, type_=Boolean)
        return and_(_sqlite_candidates(polygon.bounds), exact)
    return func.ST_Intersects(ServicePoint.location, func.ST_GeomFromText(polygon.wkt, 4326), type_=Boolean)


def _sqlite_candidates(bounds: Bounds) -> ColumnElement[bool]:
    candidates = select(_INDEX.c.id).where(
        _INDEX.c.min_x <= bounds.east,
        _INDEX.c.max_x >= bounds.west,
        _INDEX.c.min_y <= bounds.north,
        _INDEX.c.max_y >= bounds.south,
    )
    # The index's ids are rowids of the table, which SQLAlchemy has no column for.
    rowid: ColumnElement[int] = literal_column("service_point.rowid")
    return rowid.in_(candidates)


def _exact(x: str, y: str, bounds: Bounds) -> list[ColumnElement[bool]]:
    longitude = getattr(func, x)(ServicePoint.location, type_=Float)
    latitude = getattr(func, y)(ServicePoint.location, type_=Float)
    return [longitude.between(bounds.west, bounds.east), latitude.between(bounds.south, bounds.north)]


def nearest(
    session: Session, longitude: float, latitude: float, *, radius_m: float, limit: int
) -> list[tuple[UUID, float]]:
    """The service points within `radius_m` meters of geodesic, nearest first, with their distances in meters.

    Problems: invalid (no place on earth, or a radius above MOST_RADIUS_M).
    """
    if not (0 < radius_m <= MOST_RADIUS_M and -180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise Problem("invalid", f"Give a position in degrees and a radius of at most {MOST_RADIUS_M} m.")
    rows = session.execute(
        select(ServicePoint.id, ServicePoint.location).where(within(session, _around(longitude, latitude, radius_m)))
    ).all()
    if not rows:
        return []
    meters = distances_m((longitude, latitude), [point_of(bytes(row.location.data)) for row in rows])
    near = [(float(m), row.id) for m, row in zip(meters, rows, strict=True) if m <= radius_m]
    return [(row_id, m) for m, row_id in sorted(near)[:limit]]


def _around(longitude: float, latitude: float, radius_m: float) -> Bounds:
    """A box that holds the circle; at the date line and the poles it is cut off there."""
    here = (longitude, latitude)
    # A box is widest at its edge toward the pole, where the degrees are shortest.
    north, south = shifted(here, 0, radius_m)[1], shifted(here, 180, radius_m)[1]
    poleward = north if abs(north) > abs(south) else south
    wide = abs(shifted((0.0, poleward), 90, radius_m)[0])
    return Bounds(max(-180, longitude - wide), south, min(180, longitude + wide), north)
