"""Gives plain SQLite the few spatial functions that GeoAlchemy2's types and the R*Tree triggers call, by Shapely.

Most Pythons cannot load SpatiaLite, so geometry is kept as EWKB in a BLOB. Only what is used is here: two converters
for GeoAlchemy2, the four bounds for the index triggers, how a row's shape lies to another one, and lower case beyond
ASCII. Everything else is asked of Shapely in Python.
"""

import sqlite3
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import shapely

# Little-endian EWKB of a point with an SRID: byte order, type with the SRID flag, SRID, x, y.
_POINT: Final = struct.Struct("<BIIdd")
_POINT_WITH_SRID: Final = 0x20000001


def point_ewkb(longitude: float, latitude: float) -> bytes:
    """EWKB of a point in EPSG:4326, degrees."""
    return _POINT.pack(1, _POINT_WITH_SRID, 4326, longitude, latitude)


def point_of(ewkb: bytes) -> tuple[float, float]:
    """Longitude and latitude of a point's EWKB, in degrees; many times quicker than a Shapely object for each row."""
    if len(ewkb) == _POINT.size and ewkb[0] == 1:
        _order, kind, _srid, x, y = _POINT.unpack(ewkb)
        if kind == _POINT_WITH_SRID:
            return x, y
    shape = shapely.from_wkb(ewkb)
    return float(shapely.get_x(shape)), float(shapely.get_y(shape))


def _from_ewkt(value: str | bytes | None) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    srid, _, wkt = value.rpartition(";")
    shape = shapely.from_wkt(wkt)
    number = int(srid.upper().removeprefix("SRID=") or 4326)
    encoded: bytes = shapely.to_wkb(shapely.set_srid(shape, number), include_srid=True, byte_order=1)
    return encoded


def _bound(index: int) -> Callable[[bytes | None], float | None]:
    def bound(ewkb: bytes | None) -> float | None:
        if ewkb is None:
            return None
        if len(ewkb) == _POINT.size:
            return point_of(ewkb)[index % 2]
        return float(shapely.bounds(shapely.from_wkb(ewkb))[index])

    return bound


@lru_cache(maxsize=16)
def _prepared(wkt: str) -> shapely.Geometry:
    polygon = shapely.from_wkt(wkt)
    shapely.prepare(polygon)
    return polygon


def _in_polygon(ewkb: bytes | None, wkt: str) -> bool | None:
    return None if ewkb is None else bool(shapely.intersects_xy(_prepared(wkt), *point_of(ewkb)))


@lru_cache(maxsize=16)
def _shape(wkb: bytes) -> shapely.Geometry:
    shape = shapely.from_wkb(wkb)
    shapely.prepare(shape)
    return shape


# The prepared shape is asked, so that each question is turned round.
_ASKED: Final = {"within": shapely.contains, "contains": shapely.within} | {
    name: getattr(shapely, name) for name in ("intersects", "disjoint", "equals", "touches", "crosses", "overlaps")
}


def _relation(name: str, ewkb: bytes | None, wkb: bytes) -> bool | None:
    if ewkb is None:
        return None
    shape = _shape(wkb)
    if name == "intersects" and len(ewkb) == _POINT.size:
        return bool(shapely.intersects_xy(shape, *point_of(ewkb)))
    return bool(_ASKED[name](shape, shapely.from_wkb(ewkb)))


def install(connection: sqlite3.Connection) -> None:
    """Registers the functions on a new connection."""
    connection.create_function("GeomFromEWKT", 1, _from_ewkt, deterministic=True)
    connection.create_function("AsEWKB", 1, lambda ewkb: ewkb, deterministic=True)
    # GeoAlchemy2 calls this after creating a table; the migrations keep `geometry_columns` themselves.
    connection.create_function("RecoverGeometryColumn", 5, lambda *_: 1)
    connection.create_function("in_polygon", 2, _in_polygon, deterministic=True)
    connection.create_function("spatial_relation", 3, _relation, deterministic=True)
    # SQLite's own knows no letters beyond ASCII.
    connection.create_function("lower_text", 1, lambda text: None if text is None else text.lower(), deterministic=True)
    for index, name in enumerate(("ST_MinX", "ST_MinY", "ST_MaxX", "ST_MaxY")):
        connection.create_function(name, 1, _bound(index), deterministic=True)
