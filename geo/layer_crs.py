"""The coordinate systems that layers are asked for and edited in, by the addresses that OGC gives them.

Everything is kept in longitude and latitude (EPSG:4326 by x, y). A system's axes are in the order of its authority:
EPSG:4326 is latitude first, CRS84 longitude first, a State Plane easting first.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer

from curbstop.domain.problems import Problem
from geo.crs import known_crs
from geo.distance import Floats

CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG: Final = "http://www.opengis.net/def/crs/EPSG/0/"
# A tenth of a millimeter: digits after the point of degrees, and of meters or feet.
_DEGREE_DIGITS, _LENGTH_DIGITS = 9, 4
# A box is bent by a projection and may hold a pole, so points along its edges and within it are looked at.
_ALONG: Final = 21
_WEB_EDGE: Final = 20037508.342789244

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class LayerCrs:
    """A coordinate system by its address (`uri`) and by what PROJ calls it (`code`)."""

    uri: str
    code: str

    @property
    def is_crs84(self) -> bool:
        return self.uri == CRS84

    @property
    def in_degrees(self) -> bool:
        return _crs(self.code).is_geographic

    @property
    def digits(self) -> int:
        return _DEGREE_DIGITS if self.in_degrees else _LENGTH_DIGITS

    def from_degrees(self, xy: ArrayLike) -> Floats:
        """Longitudes and latitudes of shape (n, 2), as coordinates of this system in its own order of axes."""
        given = np.asarray(xy, float).reshape(-1, 2)
        return given if self.is_crs84 else _moved(_transformer(CRS84_CODE, self.code), given)

    def to_degrees(self, xy: ArrayLike) -> Floats:
        """The other way. What is nowhere on earth becomes infinite."""
        given = np.asarray(xy, float).reshape(-1, 2)
        return given if self.is_crs84 else _moved(_transformer(self.code, CRS84_CODE), given)

    def box_to_degrees(self, box: Box) -> Box:
        """West, south, east, north of a box given by its least and greatest coordinates in this system's order.

        Of CRS84 and EPSG:4326 a west beyond the east is kept: the box crosses the 180th meridian.
        Problem(`bad_parameter`) for a box that is nowhere on earth.
        """
        first, second, third, fourth = box
        if self.is_crs84:
            return box
        if self.code == "EPSG:4326":
            return second, first, fourth, third
        if self.code == "EPSG:3857":
            # Beyond its edge the web's map begins anew.
            first, second, third, fourth = (max(-_WEB_EDGE, min(_WEB_EDGE, one)) for one in box)
        grid = np.meshgrid(np.linspace(first, third, _ALONG), np.linspace(second, fourth, _ALONG))
        degrees = self.to_degrees(np.column_stack([one.ravel() for one in grid]))
        if not np.isfinite(degrees).all():
            raise Problem("bad_parameter", f"bbox: the box is not within {self.uri}; check the order of its axes.")
        west, south = degrees.min(axis=0).tolist()
        east, north = degrees.max(axis=0).tolist()
        return west, south, east, north


CRS84_CODE: Final = "OGC:CRS84"
LONGITUDE_LATITUDE: Final = LayerCrs(CRS84, CRS84_CODE)
LATITUDE_LONGITUDE: Final = LayerCrs(f"{_EPSG}4326", "EPSG:4326")


@cache
def storage_crs(code: str) -> LayerCrs:
    """The utility's projected system, for editing: in degrees QGIS moves a meter by centimeters, for it rounds.

    Problem(`bad_setting`) unless it is a projected system of EPSG.
    """
    try:
        crs, number = known_crs(code), re.fullmatch(r"(?:EPSG:)?(\d+)", code.strip(), re.IGNORECASE)
    except Problem:
        crs, number = None, None
    if crs is None or number is None or not crs.is_projected:
        raise Problem("bad_setting", "CURBSTOP_LAYERS_CRS must be a projected system of EPSG, such as EPSG:2264.")
    return LayerCrs(f"{_EPSG}{number[1]}", f"EPSG:{number[1]}")


@cache
def offered(code: str) -> tuple[LayerCrs, ...]:
    """All systems that layers are given in, where the utility's own is this one; the first is the default."""
    return tuple(dict.fromkeys((LONGITUDE_LATITUDE, LATITUDE_LONGITUDE, storage_crs("EPSG:3857"), storage_crs(code))))


def crs_named(uri: str, code: str, parameter: str) -> LayerCrs:
    """One of those that are offered; Problem(`bad_parameter`) lists them."""
    for one in offered(code):
        # A "+" stands for a blank in a query, and some clients put the address into <>.
        if uri.strip().removeprefix("<").removesuffix(">") in {one.uri, one.uri.replace("http://", "https://")}:
            return one
    there = ", ".join(one.uri for one in offered(code))
    raise Problem("bad_parameter", f"{parameter}: {uri[:80]!r} is not offered; there are {there}.")


@cache
def _crs(code: str) -> CRS:
    return CRS.from_user_input(code)


@cache
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target)


def _moved(transformer: Transformer, given: NDArray[np.float64]) -> Floats:
    x, y = transformer.transform(given[:, 0], given[:, 1])
    return np.column_stack([np.asarray(x, float), np.asarray(y, float)])
