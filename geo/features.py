"""Writes rows of a layer as GeoJSON features (RFC 7946), in whichever coordinate system was asked for."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import shapely

from geo.distance import Floats
from geo.layer_crs import LayerCrs

# EWKB of a point: 9 bytes of head, then two doubles.
_POINT: Final = np.dtype([("head", "V9"), ("at", "<f8", 2)])
_ENCODE: Final = msgspec.json.Encoder().encode
Json = dict[str, Any]


def features(names: Sequence[str], rows: Sequence[Sequence[Any]], crs: LayerCrs, *, points: bool) -> list[Json]:
    """The features of rows of id, EWKB in degrees, and the values of `names`; ready for `encoded`."""
    places = [row[1] for row in rows]
    shapes = _points(places, crs) if points else _shapes(places, crs)
    return [
        {"type": "Feature", "id": row[0], "geometry": shape, "properties": dict(zip(names, row[2:], strict=True))}
        for row, shape in zip(rows, shapes, strict=True)
    ]


def encoded(content: Any) -> bytes:
    """JSON of features and of what is around them; what is no number becomes null."""
    return _ENCODE(content)


def _points(places: list[bytes | None], crs: LayerCrs) -> list[Json | None]:
    there = [place for place in places if place is not None]
    at = _told(np.frombuffer(b"".join(there), _POINT)["at"], crs).tolist() if there else []
    found = iter(at)
    return [None if place is None else {"type": "Point", "coordinates": next(found)} for place in places]


def _shapes(places: list[bytes | None], crs: LayerCrs) -> list[Any]:
    if not places:
        return []
    moved = shapely.transform(shapely.from_wkb(places), lambda xy: _told(xy, crs))
    return [None if text is None else msgspec.Raw(text.encode()) for text in shapely.to_geojson(moved).tolist()]


def _told(degrees: Floats, crs: LayerCrs) -> Floats:
    rounded: Floats = np.round(crs.from_degrees(degrees), crs.digits)
    return rounded
