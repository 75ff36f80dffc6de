"""The encoder of vector tiles, read back by an independent reader."""

from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.problems import Problem
from geo import mvt
from geo.tiles import Tile, tile_at


def _read(data: bytes) -> list[dict[str, Any]]:
    layer = mapbox_vector_tile.decode(data, default_options={"y_coord_down": True})["town"]
    assert (layer["extent"], layer["version"]) == (4096, 2)
    features: list[dict[str, Any]] = layer["features"]
    return features


def _areas(*shapes: shapely.Geometry) -> tuple[list[int], list[Any]]:
    kept, written = mvt.areas(np.array(shapes))
    found = _read(mvt.layer("town", mvt.AREA, written, {"n": kept})) if kept else []
    return kept, [shapely.geometry.shape(one["geometry"]) for one in found]


VALUES = st.one_of(st.none(), st.text(), st.integers(-(2**31), 2**63 - 1), st.booleans(), st.floats(allow_nan=False))


@given(st.lists(st.tuples(st.integers(0, 4095), st.integers(0, 4095), VALUES, VALUES), min_size=1, max_size=40))
def test_points_and_their_attributes_come_back_as_they_were(rows: list[tuple[int, int, Any, Any]]) -> None:
    places = np.array([row[:2] for row in rows])
    columns = {"one": [row[2] for row in rows], "other": [row[3] for row in rows]}
    found = _read(mvt.layer("town", mvt.POINT, mvt.points(places), columns))
    assert [tuple(one["geometry"]["coordinates"]) for one in found] == [row[:2] for row in rows]
    for one, row in zip(found, rows, strict=True):
        told = {name: value for name, value in zip(columns, row[2:], strict=True) if value is not None}
        assert one["properties"] == told
        assert [type(value) for value in one["properties"].values()] == [type(value) for value in told.values()]


def test_lines_are_cut_to_the_tile_with_its_margin_and_crumbs_are_left_out() -> None:
    across = shapely.LineString([(-9000, 100.4), (9000, 100.4)])
    twice = shapely.LineString([(10, -500), (10, 200), (400, 200), (400, -500)])
    outside, crumb = shapely.LineString([(-900, -900), (-800, 0)]), shapely.LineString([(5, 5), (5.2, 5.3)])
    kept, written = mvt.lines(np.array([across, outside, twice, crumb]))
    assert kept == [0, 2]
    found = [shapely.geometry.shape(one["geometry"]) for one in _read(mvt.layer("town", mvt.LINE, written, {}))]
    assert found[0].equals(shapely.LineString([(-64, 100), (4160, 100)]))
    assert found[1].equals(shapely.LineString([(10, -64), (10, 200), (400, 200), (400, -64)]))
    comes_back = shapely.LineString([(100, 100), (5000, 100), (5000, 200), (100, 200)])
    _, written = mvt.lines(np.array([comes_back]))
    [both] = _read(mvt.layer("town", mvt.LINE, written, {"name": ["Main St"]}))
    assert both["geometry"]["type"] == "MultiLineString"


def test_areas_wind_as_the_format_wants_and_are_valid_on_the_grid() -> None:
    holed = shapely.box(100, 100, 900, 900).difference(shapely.box(300, 300, 500, 500))
    # Read by hand: the reader would mend the order of corners by itself.
    for shape in (holed, shapely.reverse(holed)):
        _, [written] = mvt.areas(np.array([shape]))
        rings = _rings(written)
        assert [_area_of(ring) > 0 for ring in rings] == [True, False]
    bow = shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    beyond, speck = shapely.box(-9000, -9000, 9000, 9000), shapely.box(5, 5, 5.1, 5.1)
    kept, found = _areas(holed, bow, beyond, speck, shapely.box(9000, 9000, 9100, 9100))
    assert kept == [0, 1, 2]
    assert all(shape.is_valid for shape in found)
    assert found[0].equals(holed)
    assert found[1].area == pytest.approx(5_000, rel=0.01)
    assert found[2].equals(shapely.box(-64, -64, 4160, 4160))


def _rings(written: bytes) -> list[list[tuple[int, int]]]:
    numbers, number, shift = [], 0, 0
    for byte in written:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(number)
            number = shift = 0
    rings: list[list[tuple[int, int]]] = []
    x = y = at = 0
    while at < len(numbers):
        command, count = numbers[at] & 7, numbers[at] >> 3
        at += 1
        if command == 1:
            rings.append([])
        for _ in range(count if command != 7 else 0):
            x += numbers[at] >> 1 ^ -(numbers[at] & 1)
            y += numbers[at + 1] >> 1 ^ -(numbers[at + 1] & 1)
            rings[-1].append((x, y))
            at += 2
    return rings


def _area_of(ring: list[tuple[int, int]]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True)) / 2


@pytest.mark.parametrize(("z", "x", "y", "field"), [(23, 0, 0, "z"), (3, 8, 0, "x"), (3, 0, 8, "y"), (0, 1, 0, "x")])
def test_a_tile_that_is_not_there_is_refused_by_the_number_that_is_wrong(z: int, x: int, y: int, field: str) -> None:
    with pytest.raises(Problem) as refused:
        Tile(z, x, y)
    assert (refused.value.code, refused.value.extra["field"]) == ("invalid", field)


def test_a_tile_is_its_children_and_positions_beyond_the_map_are_on_its_edge() -> None:
    tile = tile_at(-78.9, 35.7, 13)
    assert {child.parent(13) for child in tile.children(16)} == {tile}
    assert len(set(tile.children(16))) == 64
    assert tile_at(180.0, 89.9, 4) == Tile(4, 15, 0)
    assert tile_at(-180.0, -90.0, 4) == Tile(4, 0, 15)
