"""Finds rows of a layer by where they are, through the spatial index of whichever database it is."""

from collections.abc import Sequence
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Boolean, ColumnElement, Float, and_, column, func, literal_column, or_, select, table
from sqlalchemy.orm import Session

from geo.layer_crs import Box
from geo.layers import Layer

# Of more rows than this in a box, SQLite walks by the key instead: it would sort them all for each page.
MOST_BY_INDEX: Final = 5_000
# How PostGIS calls the relations that `spatial_relation` of the embedded default knows by these names.
RELATIONS: Final = ("intersects", "disjoint", "equals", "touches", "crosses", "overlaps", "within", "contains")


def in_boxes(session: Session, layer: Layer, boxes: Sequence[Box]) -> ColumnElement[bool]:
    """The condition that the shape meets one of the boxes in degrees, their edges included."""
    return or_(*(_in_box(session, layer, box) for box in boxes))


def split_box(box: Box) -> list[Box]:
    """The box as boxes that do not cross the 180th meridian; a west beyond the east says that it does."""
    west, south, east, north = box
    return [box] if west <= east else [(west, south, 180.0, north), (-180.0, south, east, north)]


def related(
    session: Session, layer: Layer, relation: str, shape: BaseGeometry, *, by_index: bool = True
) -> ColumnElement[bool]:
    """The condition that the row's shape is `relation` to a shape in degrees.

    `by_index` is not for what stands within a NOT: rows without a place would be false there instead of unknown.
    """
    wkb = shapely.to_wkb(shape)
    if session.get_bind().dialect.name != "sqlite":
        ask = getattr(func, f"ST_{relation.capitalize()}")
        asked: ColumnElement[bool] = ask(layer.place, func.ST_GeomFromWKB(wkb, 4326), type_=Boolean)
        return asked
    exact = func.spatial_relation(relation, layer.place, wkb, type_=Boolean)
    if relation == "disjoint" or not by_index:
        return exact
    west, south, east, north = shape.bounds
    return and_(_candidates(layer, (west, south, east, north)), exact)


def _in_box(session: Session, layer: Layer, box: Box) -> ColumnElement[bool]:
    if session.get_bind().dialect.name != "sqlite":
        return func.ST_Intersects(layer.place, func.ST_MakeEnvelope(*box, 4326), type_=Boolean)
    few = session.connection().scalar(select(func.count()).select_from(_some(layer, box).subquery())) or 0
    exact = _exactly(layer, box)
    return exact if few > MOST_BY_INDEX else and_(_candidates(layer, box), exact)


def _exactly(layer: Layer, box: Box) -> ColumnElement[bool]:
    # The index keeps single-precision boxes rounded outward, so the exact coordinates are compared again.
    west, south, east, north = box
    if not layer.is_points:
        return func.spatial_relation("intersects", layer.place, shapely.to_wkb(shapely.box(*box)), type_=Boolean)
    longitude, latitude = func.ST_MinX(layer.place, type_=Float), func.ST_MinY(layer.place, type_=Float)
    return and_(longitude.between(west, east), latitude.between(south, north))


def _candidates(layer: Layer, box: Box) -> ColumnElement[bool]:
    # The index's ids are rowids of the table, which SQLAlchemy has no column for.
    rowid: ColumnElement[int] = literal_column(f"{layer.place.class_.__tablename__}.rowid")
    return rowid.in_(_inside(layer, box))


def _some(layer: Layer, box: Box) -> Any:
    return _inside(layer, box).limit(MOST_BY_INDEX + 1)


def _inside(layer: Layer, box: Box) -> Any:
    west, south, east, north = box
    names = ("id", "min_x", "max_x", "min_y", "max_y")
    index = table(f"idx_{layer.place.class_.__tablename__}_{layer.place.key}", *(column(name) for name in names))
    return select(index.c.id).where(
        index.c.min_x <= east, index.c.max_x >= west, index.c.min_y <= north, index.c.max_y >= south
    )
