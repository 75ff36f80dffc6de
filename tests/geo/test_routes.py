"""A town is divided without losing a point, and walks get shorter, never longer."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.distance import Floats, length_m, plane_m
from geo.divide import divide
from geo.sequence import walk

RANDOM = np.random.default_rng(7)


def town(points: int, seed: int = 7) -> tuple[Floats, list[str]]:
    """Points along streets a hundred meters apart."""
    chance = np.random.default_rng(seed)
    rows = chance.integers(0, 40, points)
    return np.column_stack([-79.4 + chance.random(points) * 0.05, 35.6 + rows * 0.0009]), [
        f"street {row}" for row in rows
    ]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 3_000), st.integers(1, 6), st.integers(0, 1_000))
def test_every_point_is_in_one_route_and_every_route_is_walkable(points: int, cycles: int, seed: int) -> None:
    where, streets = town(points, seed)
    division = divide(where, streets, cycles)
    assert len(division.route) == len(division.cycle) == points
    members = [division.members(route) for route in range(division.routes)]
    assert sorted(int(one) for route in members for one in route) == list(range(points))
    if points >= 200:
        assert all(200 <= len(route) <= 400 for route in members)
    assert all(len(set(division.cycle[route].tolist())) == 1 for route in members)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 1_200))
def test_points_in_one_spot_are_divided_too(points: int) -> None:
    division = divide(np.full((points, 2), [-79.4, 35.6]), ["Main St"] * points)
    sizes = np.bincount(division.route)
    assert sizes.sum() == points
    assert points < 200 or (sizes.min() >= 200 and sizes.max() <= 400)


def test_twenty_thousand_points_take_a_few_seconds_and_the_same_town_gives_the_same_routes() -> None:
    where, streets = town(20_000)
    began = time.monotonic()
    one, other = divide(where, streets), divide(where, streets)
    assert time.monotonic() - began < 20
    assert (one.route == other.route).all()
    assert (one.cycle == other.cycle).all()


def test_routes_are_compact_and_keep_blocks_together() -> None:
    where, streets = town(6_000)
    division = divide(where, streets)
    plane = plane_m(where)
    extents = [np.ptp(plane[division.members(route)], axis=0).max() for route in range(division.routes)]
    assert np.mean(extents) < np.ptp(plane, axis=0).max() / 2


def test_bounds_that_cannot_be_held_are_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        divide([(0.0, 0.0)], least=300, most=400)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 60), st.integers(0, 1_000))
def test_a_walk_visits_every_stop_once(stops: int, seed: int) -> None:
    where = np.random.default_rng(seed).random((stops, 2)) * 0.01 + [-79.4, 35.6]
    found = walk(where)
    assert sorted(found.order) == list(range(stops))
    assert found.length_m == pytest.approx(length_m(where[list(found.order)]))


def test_a_walk_begins_where_it_is_told_to() -> None:
    where = RANDOM.random((50, 2)) * 0.01 + [-79.4, 35.6]
    assert walk(where, start=17).order[0] == 17


def test_a_street_is_walked_from_end_to_end() -> None:
    along = RANDOM.permutation(80)
    found = walk(np.column_stack([-79.4 + along * 0.0002, np.full(80, 35.6)]))
    assert [along[stop] for stop in found.order] == list(range(80))


def test_a_walk_is_near_the_best_that_is_known_for_random_points() -> None:
    """Nearest neighbor is about a quarter above the best; 2-opt with Or-opt about a twentieth."""
    lengths = []
    for _ in range(5):
        where = RANDOM.random((300, 2)) * 0.02 + [-79.4, 35.6]
        plane = plane_m(where)
        area = float(np.prod(np.ptp(plane, axis=0)))
        lengths.append(walk(where).length_m / np.sqrt(300 * area))
    # The best tour of random points is about 0.7124 times the root of count and area (Beardwood and others).
    assert np.mean(lengths) < 0.86


@settings(max_examples=10, deadline=None)
@given(st.integers(2, 300))
def test_stops_in_one_spot_make_a_walk_of_no_length(stops: int) -> None:
    assert walk(np.full((stops, 2), [-79.4, 35.6])).length_m == pytest.approx(0, abs=1e-6)
