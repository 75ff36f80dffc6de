"""Walking along streets: no shorter than a straight line, both sides, crossings; and tours over it."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.distance import Floats, shifted
from geo.network import CROSSING_M, DETOUR, straight, walking
from geo.tours import length_m, tour

HERE = (-79.0, 35.0)


def at(east: float, north: float) -> tuple[float, float]:
    """A point so many meters from here."""
    return shifted(shifted(HERE, 90, east), 0, north)


def grid(blocks: int = 4, block_m: float = 100) -> list[Floats]:
    """Streets between the corners of square blocks."""
    corners = [[at(column * block_m, row * block_m) for column in range(blocks + 1)] for row in range(blocks + 1)]
    lines = []
    for row in range(blocks + 1):
        for column in range(blocks + 1):
            if column < blocks:
                lines.append(np.array([corners[row][column], corners[row][column + 1]]))
            if row < blocks:
                lines.append(np.array([corners[row][column], corners[row + 1][column]]))
    return lines


def test_neighbors_are_near_and_who_lives_across_is_a_crossing_away() -> None:
    south, next_door, across = at(30, -5), at(50, -5), at(30, 5)
    found = walking([south, next_door, across], grid())
    assert found.by_streets
    assert found.meters[0, 1] == pytest.approx(20, abs=0.1)
    assert found.meters[0, 2] == pytest.approx(CROSSING_M, abs=0.1)
    assert found.meters[1, 2] == pytest.approx(20 + CROSSING_M, abs=0.1)


def test_around_the_block_is_no_way_through_the_gardens() -> None:
    """Back to back, ten meters apart, and a walk of half the block away."""
    one, other = at(50, 45), at(50, 55)
    [_, [back, _]] = walking([one, other], grid()).meters
    assert back == pytest.approx(0 + 100 + 2 * 50, abs=2 * CROSSING_M + 10)
    assert straight([one, other]).meters[0, 1] == pytest.approx(10, abs=0.1)


def test_of_two_streets_between_the_same_corners_the_shorter_counts() -> None:
    bow = np.array([at(0, 0), at(50, 80), at(100, 0)])
    [_, [way, _]] = walking([at(-40, 3), at(140, 3)], [*_in_line(), bow]).meters
    assert way == pytest.approx(180, abs=3 * CROSSING_M)


def _in_line() -> list[Floats]:
    return [np.array([at(east, 0), at(east + 100, 0)]) for east in (-100, 0, 100)]


def test_what_no_street_joins_is_guessed_and_counted() -> None:
    islands = [np.array([at(0, 0), at(100, 0)]), np.array([at(0, 500), at(100, 500)])]
    found = walking([at(10, 2), at(90, 2), at(10, 498)], islands)
    assert found.guessed == 2
    assert found.meters[0, 2] == pytest.approx(496 * DETOUR, rel=0.01)


def test_without_streets_it_is_the_crows_flight_and_says_so() -> None:
    found = walking([at(0, 0), at(30, 40)], [])
    assert (found.by_streets, round(found.meters[0, 1], 1)) == (False, 50.0)


meters = st.floats(-20, 420)


@settings(max_examples=40)
@given(st.lists(st.tuples(meters, meters), min_size=1, max_size=12))
def test_walks_are_symmetric_obey_the_triangle_and_are_no_shorter_than_the_way_along_the_streets(
    places: list[tuple[float, float]],
) -> None:
    found = walking([at(*place) for place in places], grid()).meters
    assert np.allclose(found, found.T)
    assert np.allclose(np.diag(found), 0)
    through = (found[:, :, None] + found[None, :, :]).min(axis=1)
    assert (found <= through + 1e-6).all()
    # Each place lies within half a block of its street, so no way is shorter than the crow's less both.
    crow = straight([at(*place) for place in places]).meters
    assert (found >= crow - 2 * 50 * np.sqrt(2) - 1).all()


@settings(max_examples=30)
@given(
    st.lists(st.tuples(meters, meters), min_size=1, max_size=7, unique=True),
    st.sampled_from(["open", "start", "end", "both", "closed"]),
)
def test_a_short_tour_is_the_shortest_there_is(places: list[tuple[float, float]], how: str) -> None:
    found = straight([at(*place) for place in places]).meters
    first, last = 0, len(places) - 1
    start = first if how in ("start", "both", "closed") else None
    end = last if how in ("end", "both") else first if how == "closed" else None
    if how == "both" and first == last:
        return
    best = tour(found, start=start, end=end, seconds=0.05)
    assert sorted(best.order) == list(range(len(places)))
    ways = [
        way
        for way in permutations(range(len(places)))
        if (start is None or way[0] == start) and (end is None or how == "closed" or way[-1] == end)
    ]
    if how == "closed":
        assert best.order[0] == first
        shortest = min(length_m(found, (*way, first)) for way in ways)
    else:
        assert start is None or best.order[0] == start
        assert end is None or best.order[-1] == end
        shortest = min(length_m(found, way) for way in ways)
    # The solver counts in steps of a thirty-thousandth of the longest way.
    assert best.length_m <= shortest + len(places) * found.max(initial=0.0) / 30_000 + 1e-6


def test_a_tour_from_a_place_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="no place 3"):
        tour(np.zeros((3, 3)), start=3)
