"""Distances agree with known geodesics and with each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString

from geo.distance import distance_m, distances_m, length_m, plane_m, shifted

longitudes = st.floats(-120, -70)
latitudes = st.floats(25, 49)


def test_a_degree_of_latitude_is_as_long_as_the_ellipsoid_says() -> None:
    assert distance_m((-79.0, 35.0), (-79.0, 36.0)) == pytest.approx(110_941, abs=10)


def test_many_distances_are_the_single_ones() -> None:
    here = [(-79.0, 35.0), (-79.1, 35.1)]
    there = [(-79.2, 35.0), (-79.1, 35.4)]
    assert distances_m(here, there) == pytest.approx([distance_m(a, b) for a, b in zip(here, there, strict=True)])
    assert distances_m(here, there[0]).shape == (2,)
    assert distances_m(np.zeros((0, 2)), np.zeros((0, 2))).shape == (0,)


def test_a_walk_is_the_sum_of_its_legs() -> None:
    line = LineString([(-79.0, 35.0), (-79.0, 35.01), (-79.01, 35.01)])
    legs = distance_m((-79.0, 35.0), (-79.0, 35.01)) + distance_m((-79.0, 35.01), (-79.01, 35.01))
    assert length_m(line) == pytest.approx(legs)
    assert length_m([(-79.0, 35.0)]) == 0


@given(longitudes, latitudes, st.floats(0, 359), st.floats(0.1, 5_000))
def test_going_so_far_ends_so_far_away(longitude: float, latitude: float, azimuth: float, meters: float) -> None:
    there = shifted((longitude, latitude), azimuth, meters)
    assert distance_m((longitude, latitude), there) == pytest.approx(meters, abs=1e-3)


@given(longitudes, latitudes, st.floats(0, 359), st.floats(1, 10_000))
def test_the_plane_keeps_distances_within_a_town(
    longitude: float, latitude: float, azimuth: float, meters: float
) -> None:
    there = shifted((longitude, latitude), azimuth, meters)
    plane = plane_m([(longitude, latitude), there])
    assert np.hypot(*(plane[0] - plane[1])) == pytest.approx(meters, rel=3e-3)
