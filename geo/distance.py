"""Distances in meters over the WGS 84 ellipsoid, for points given as longitude and latitude in degrees."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod
from shapely import LineString

LonLat = tuple[float, float]
Floats = NDArray[np.float64]

WGS84: Final = Geod(ellps="WGS84")
_ECCENTRICITY_2: Final = WGS84.es


def distance_m(here: LonLat, there: LonLat) -> float:
    """The geodesic between two points."""
    return float(WGS84.inv(here[0], here[1], there[0], there[1])[2])


def distances_m(here: ArrayLike, there: ArrayLike) -> Floats:
    """The geodesics between two arrays of points, shape (n, 2) each; one point may stand for many."""
    one, other = np.broadcast_arrays(np.asarray(here, float), np.asarray(there, float))
    if not one.size:
        return np.zeros(one.shape[:-1])
    meters: Any = WGS84.inv(one[..., 0], one[..., 1], other[..., 0], other[..., 1])[2]
    return np.asarray(meters, float)


def length_m(line: LineString | Sequence[LonLat] | Floats) -> float:
    """How far it is to walk along a line from end to end; nothing for fewer than two points."""
    points = np.asarray(line.coords if isinstance(line, LineString) else line, float)
    if len(points) < 2:
        return 0.0
    return float(WGS84.line_length(points[:, 0], points[:, 1]))


def shifted(point: LonLat, azimuth: float, meters: float) -> LonLat:
    """The point so many meters away, in the direction `azimuth` (degrees clockwise from north)."""
    longitude, latitude, _ = WGS84.fwd(point[0], point[1], azimuth, meters)
    return float(longitude), float(latitude)


def plane_m(points: ArrayLike) -> Floats:
    """Points on a plane in meters around their middle, for work that needs many distances within a town.

    Uses the ellipsoid's radii at the middle; within 20 km distances differ from the geodesic by less than 0.3 %.
    """
    degrees = np.asarray(points, float).reshape(-1, 2)
    if not len(degrees):
        return degrees
    middle = (degrees.min(axis=0) + degrees.max(axis=0)) / 2
    sine = np.sin(np.radians(middle[1]))
    bend = 1 - _ECCENTRICITY_2 * sine**2
    east = WGS84.a / np.sqrt(bend) * np.cos(np.radians(middle[1]))
    north = WGS84.a * (1 - _ECCENTRICITY_2) / bend**1.5
    plane: Floats = np.radians(degrees - middle) * np.array([east, north])
    return plane
