"""Writes Mapbox Vector Tiles (version 2.1) from arrays of Shapely geometries and columns of attributes.

https://github.com/mapbox/vector-tile-spec. Geometries come in the tile's own units, y going south (geo/tiles.py).
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.tiles import BUFFER, EXTENT

Value = str | int | float | bool | None
Ints = NDArray[np.int64]

POINT, LINE, AREA = 1, 2, 3
# Half a unit: nothing that is taken away would be seen.
TOLERANCE: Final = 0.5
_MOVE_ONE: Final = 9  # MoveTo, once
_LINE_TO, _CLOSE = 2, 15


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


# Nearly every number of a tile is among them: coordinates, lengths and indexes.
_SMALL: Final = [_varint(number) for number in range(1 << 14)]


def _number(number: int) -> bytes:
    return _SMALL[number] if number < len(_SMALL) else _varint(number)


def _part(head: bytes, content: bytes) -> bytes:
    return head + _number(len(content)) + content


def layer(name: str, kind: int, shapes: Sequence[bytes], columns: Mapping[str, Sequence[Value]]) -> bytes:
    """One layer of a tile; tiles are their layers one after the other. Nothing for no shapes.

    `shapes` come from `points`, `lines` or `areas`; each column has a value for each. What is None is left out.
    """
    if not shapes:
        return b""
    values = _Values()
    tagged = [[b""] * len(shapes)]
    tagged += [[*map(values.tagger(place), column)] for place, column in enumerate(columns.values())]
    begin = b"\x18" + _number(kind) + b"\x22"
    parts = [_part(b"\x0a", name.encode())]
    for tags, shape in zip(map(b"".join, zip(*tagged, strict=True)), shapes, strict=True):
        parts.append(_part(b"\x12", _part(b"\x12", tags) + begin + _number(len(shape)) + shape))
    parts += [_part(b"\x1a", key.encode()) for key in columns]
    parts += values.written
    parts += [b"\x28" + _number(EXTENT), b"\x78\x02"]
    return _part(b"\x1a", b"".join(parts))


class _Values:
    """The layer's values, each kept once."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def tagger(self, key: int) -> Callable[[Value], bytes]:
        """Turns a value of the column into its tag."""
        head, written = _number(key), self.written
        # Of one column; 1, 1.0 and True are equal to a dictionary and not to a map.
        seen: dict[tuple[type, Value], bytes] = {}

        def tag(value: Value) -> bytes:
            if value is None:
                return b""
            found = seen.get((type(value), value))
            if found is None:
                found = seen[type(value), value] = head + _number(len(written))
                written.append(_part(b"\x22", _value(value)))
            return found

        return tag


def _value(value: str | float | bool) -> bytes:
    if isinstance(value, str):
        return _part(b"\x0a", value.encode())
    if isinstance(value, bool):
        return b"\x38\x01" if value else b"\x38\x00"
    if isinstance(value, int):
        # As ST_AsMVT has it: unsigned where it can be.
        return b"\x28" + _number(value) if value >= 0 else b"\x30" + _number(-2 * value - 1)
    return b"\x19" + struct.pack("<d", value)


def points(places: Ints) -> list[bytes]:
    """Of points within the tile, shape (n, 2): each is one MoveTo."""
    return [b"\x09" + _SMALL[2 * x] + _SMALL[2 * y] for x, y in places.tolist()]


def lines(shapes: NDArray[Any]) -> tuple[list[int], list[bytes]]:
    """Lines cut to the tile: which of `shapes` are left, and each as it is written."""
    # On the grid before they are cut, as PostGIS does it.
    cut = shapely.clip_by_rect(shapely.transform(shapely.simplify(shapes, TOLERANCE), np.rint), *_BOX)
    parts, of = shapely.get_parts(cut, return_index=True)
    coordinates, part_of = shapely.get_coordinates(parts, return_index=True)
    return _written(np.rint(coordinates).astype(np.int64), part_of, of, closed=False)


def areas(shapes: NDArray[Any]) -> tuple[list[int], list[bytes]]:
    """Areas cut to the tile, valid on its grid, outlines clockwise as seen and holes against it."""
    cut = shapely.clip_by_rect(shapely.make_valid(shapely.simplify(shapes, TOLERANCE)), *_BOX)
    polygons, of = shapely.get_parts(shapely.set_precision(cut, 1.0), return_index=True)
    # With y going south, what the numbers call counter-clockwise is clockwise to the eye.
    real = (shapely.get_type_id(polygons) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(polygons)
    polygons, of = shapely.orient_polygons(polygons[real], exterior_cw=False), of[real]
    rings, ring_of = shapely.get_rings(polygons, return_index=True)
    coordinates, part_of = shapely.get_coordinates(rings, return_index=True)
    return _written(np.rint(coordinates).astype(np.int64), part_of, of[ring_of], closed=True)


_BOX: Final = (-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)


def _written(places: Ints, part_of: Ints, of: Ints, *, closed: bool) -> tuple[list[int], list[bytes]]:
    """The commands of each shape. `part_of` says which part a place is of, `of` which shape a part is of."""
    fresh = np.ones(len(places), bool)
    fresh[1:] = (part_of[1:] != part_of[:-1]) | (places[1:] != places[:-1]).any(axis=1)
    if closed:
        # A ring's last place is its first one, and is not said again.
        last = np.append(part_of[1:] != part_of[:-1], True)
        fresh &= ~last
    places, part_of = places[fresh], part_of[fresh]
    least = 3 if closed else 2
    starts = np.flatnonzero(np.append(True, part_of[1:] != part_of[:-1])) if len(places) else np.empty(0, np.int64)
    ends = np.append(starts[1:], len(places))
    long_enough = ends - starts >= least
    kept: dict[int, list[bytes]] = {}
    at: dict[int, tuple[int, int]] = {}
    listed = places.tolist()
    for start, end in zip(starts[long_enough].tolist(), ends[long_enough].tolist(), strict=True):
        shape = int(of[part_of[start]])
        written = kept.setdefault(shape, [])
        at[shape] = _part_commands(listed[start:end], at.get(shape, (0, 0)), written, closed=closed)
    return list(kept), [b"".join(written) for written in kept.values()]


def _part_commands(
    places: list[list[int]], cursor: tuple[int, int], written: list[bytes], *, closed: bool
) -> tuple[int, int]:
    """Adds the commands of one line or ring; where the cursor then is. Numbers are differences, zigzag."""
    was_x, was_y = cursor
    for number, (x, y) in enumerate(places):
        if number == 0:
            written.append(_SMALL[_MOVE_ONE])
        elif number == 1:
            written.append(_number((len(places) - 1) << 3 | _LINE_TO))
        by_x, by_y = x - was_x, y - was_y
        written += (_number(by_x << 1 ^ by_x >> 63), _number(by_y << 1 ^ by_y >> 63))
        was_x, was_y = x, y
    if closed:
        written.append(_SMALL[_CLOSE])
    return was_x, was_y
