"""Coordinates of any system come to the right place, and a wrong system is noticed."""

import numpy as np
import pytest
from pyproj import Transformer
from shapely import Point

from curbstop.domain.problems import Problem
from geo.crs import ToWgs84, geojson_crs, known_crs


def test_us_survey_feet_come_to_kentucky() -> None:
    point = ToWgs84("EPSG:3547").points([(4971350.0, 3905604.0)])[0]
    assert point == pytest.approx([-85.2, 37.75], abs=0.5)
    back = Transformer.from_crs("EPSG:4326", "EPSG:3547", always_xy=True).transform(*point)
    assert back == pytest.approx((4971350.0, 3905604.0), abs=0.01)


@pytest.mark.parametrize("name", ["EPSG:4326", "4326", "urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326"])
def test_longitude_comes_first_whatever_the_systems_axes_say(name: str) -> None:
    assert ToWgs84(name).points([(-71.1, 42.3)])[0] == pytest.approx([-71.1, 42.3])


def test_shapes_lose_their_height_and_nothing_stays_nothing() -> None:
    shapes = ToWgs84("EPSG:3857").shapes([Point(-7_914_000, 5_214_000, 12), None])
    assert isinstance(shapes[0], Point)
    assert not shapes[0].has_z
    assert shapes[1] is None


@pytest.mark.parametrize("points", [[(4971350.0, 3905604.0)], [(-71.1, 42.3), (np.nan, 1.0)], [(42.3, -171.1)]])
def test_coordinates_outside_the_world_are_a_wrong_system(points: list[tuple[float, float]]) -> None:
    with pytest.raises(Problem, match="say --crs EPSG:xxxx") as caught:
        ToWgs84("EPSG:4326").points(points)
    assert caught.value.code == "crs_wrong"


def test_feet_taken_for_meters_are_noticed() -> None:
    with pytest.raises(Problem, match="after transformation"):
        ToWgs84("EPSG:26986").points([(4971350.0, 3905604.0)])


@pytest.mark.parametrize("name", ["EPSG:999999", "nonsense", "", "EPSG:"])
def test_an_unknown_system_is_a_problem_in_one_line(name: str) -> None:
    with pytest.raises(Problem) as caught:
        known_crs(name)
    assert caught.value.code == "crs_unknown"
    assert "\n" not in str(caught.value)


def test_an_old_style_member_names_the_system() -> None:
    assert geojson_crs({"type": "name", "properties": {"name": "EPSG:3547"}}) == "EPSG:3547"
    assert geojson_crs(None) is None
    with pytest.raises(Problem):
        geojson_crs({"type": "link", "properties": {"href": "x"}})
