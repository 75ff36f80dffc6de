"""The coordinate systems of layers: axes in the order of each authority, positions right to a tenth of a millimeter."""

import math

import numpy as np
import pytest
from pyproj import Transformer

from curbstop.domain.problems import Problem
from geo.layer_crs import CRS84, LATITUDE_LONGITUDE, LONGITUDE_LATITUDE, crs_named, offered, storage_crs

RALEIGH = (-78.6382, 35.7796)


def test_axes_are_in_the_order_of_the_authority() -> None:
    assert LONGITUDE_LATITUDE.from_degrees([RALEIGH]).tolist() == [list(RALEIGH)]
    assert LATITUDE_LONGITUDE.from_degrees([RALEIGH]).tolist() == [list(RALEIGH[::-1])]
    assert LATITUDE_LONGITUDE.to_degrees([RALEIGH[::-1]]).tolist() == [list(RALEIGH)]
    # EPSG:31467 (Gauss-Krueger) has northing first, EPSG:2264 (North Carolina, US survey feet) easting first.
    assert storage_crs("EPSG:31467").from_degrees([(9.0, 50.0)])[0] == pytest.approx((5540294, 3500089), abs=200)
    east, north = storage_crs("2264").from_degrees([RALEIGH])[0]
    assert (east, north) == pytest.approx(Transformer.from_crs(4326, 2264, always_xy=True).transform(*RALEIGH))
    assert 2_000_000 < east < 2_200_000


@pytest.mark.parametrize("code", ["EPSG:3857", "EPSG:2264", "EPSG:3089", "EPSG:32617"])
def test_a_position_comes_back_to_a_tenth_of_a_millimeter(code: str) -> None:
    crs = storage_crs(code)
    at = (-84.5, 38.0) if code == "EPSG:3089" else RALEIGH
    told = np.round(crs.from_degrees([at]), crs.digits)
    assert np.abs(crs.to_degrees(told) - [at]).max() < 1.5e-9


def test_a_box_covers_what_lies_in_it_whatever_its_system() -> None:
    assert LATITUDE_LONGITUDE.box_to_degrees((35, -79, 36, -78)) == (-79, 35, -78, 36)
    # Across the 180th meridian.
    assert LONGITUDE_LATITUDE.box_to_degrees((179, -20, -179, -10)) == (179, -20, -179, -10)
    crs = storage_crs("EPSG:2264")
    corners = crs.from_degrees([(-84, 34), (-76, 36.5), (-80, 36.5), (-80, 34)])
    low, high = corners.min(axis=0), corners.max(axis=0)
    west, south, east, north = crs.box_to_degrees((low[0], low[1], high[0], high[1]))
    assert west <= -84
    assert east >= -76
    # The box's edge is bent, so in its middle it reaches further than at its corners.
    assert south < 34
    assert north > 36.5
    # Zoomed out to a continent, and beyond the edge of the web's map.
    west, south, east, north = crs.box_to_degrees((-1e8, -1e8, 1e8, 1e8))
    assert west < RALEIGH[0] < east
    assert south < RALEIGH[1] < north
    west, south, east, north = storage_crs("EPSG:3857").box_to_degrees((-3e7, -3e7, 3e7, 3e7))
    assert (west, south, east, north) == pytest.approx((-180, -85.0511, 180, 85.0511), abs=1e-4)
    with pytest.raises(Problem, match="order of its axes"):
        storage_crs("EPSG:32617").box_to_degrees((1e30, 0, 1e31, 5))


def test_a_system_that_is_not_offered_is_refused_with_those_that_are() -> None:
    assert [one.code for one in offered("EPSG:2264")] == ["OGC:CRS84", "EPSG:4326", "EPSG:3857", "EPSG:2264"]
    assert len(offered("EPSG:3857")) == 3
    assert crs_named(f"<{CRS84}>", "EPSG:3857", "crs") == LONGITUDE_LATITUDE
    with pytest.raises(Problem, match="CRS84, http") as caught:
        crs_named("EPSG:25832", "EPSG:3857", "crs")
    assert caught.value.code == "bad_parameter"
    for code in ("EPSG:4326", "nonsense", "EPSG:999999", "+proj=utm +zone=17"):
        with pytest.raises(Problem, match="CURBSTOP_LAYERS_CRS"):
            storage_crs(code)
    assert math.isinf(storage_crs("EPSG:3857").to_degrees([(math.inf, 0)])[0, 0])
