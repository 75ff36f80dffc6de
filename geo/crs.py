"""Brings coordinates of any system that PROJ knows to longitude and latitude (EPSG:4326), or says what is wrong.

Order is always x, y (longitude, latitude), whatever the system's own axes say. Units (meters, US survey feet) follow
the system. A wrong system is noticed when points come to lie outside the world or far outside its area of use.
"""

from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import ArrayLike
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from shapely.geometry.base import BaseGeometry

from curbstop.domain.problems import Problem
from geo.distance import Floats

WGS84_CODE: Final = "EPSG:4326"
# So many degrees outside a system's area of use a point may lie and still be believed.
_MARGIN: Final = 2.0


class ToWgs84:
    """From one coordinate system to longitude and latitude."""

    def __init__(self, crs: str | CRS) -> None:
        """Problem crs_unknown where PROJ does not know it."""
        self.crs = crs if isinstance(crs, CRS) else known_crs(crs)
        self.name = crs_name(self.crs)
        self._is_wgs84 = self.name in {WGS84_CODE, "OGC:CRS84"}
        try:
            self._transformer = Transformer.from_crs(self.crs, WGS84_CODE, always_xy=True)
        except ProjError as error:
            raise Problem("crs_unknown", f"{self.name} does not lead to longitude and latitude: {error}") from None

    def points(self, xy: ArrayLike) -> Floats:
        """Points of shape (n, 2). Problem crs_wrong where the first of them comes to lie in an impossible place."""
        given = np.asarray(xy, float).reshape(-1, 2)
        if self._is_wgs84:
            moved = given
        else:
            x, y = self._transformer.transform(given[:, 0], given[:, 1])
            moved = np.column_stack([np.asarray(x, float), np.asarray(y, float)])
        self._check(given, moved)
        return moved

    def shapes(self, shapes: list[BaseGeometry | None]) -> list[BaseGeometry | None]:
        """Shapes without their z; None stays None. Problem crs_wrong as for points."""
        flat: Any = shapely.force_2d(np.array(shapes, dtype=object))
        moved = shapely.transform(flat, self.points)
        return list(moved)

    def _check(self, given: Floats, moved: Floats) -> None:
        west, south, east, north = self._bounds()
        with np.errstate(invalid="ignore"):
            longitude, latitude = moved[:, 0], moved[:, 1]
            fits = (longitude >= west) & (longitude <= east) & (latitude >= south) & (latitude <= north)
        if fits.all():
            return
        first = int(np.argmin(fits))
        place = "nowhere on earth"
        if np.isfinite(moved[first]).all():
            place = f"at longitude {moved[first, 0]:.6g}, latitude {moved[first, 1]:.6g}"
        raise Problem(
            "crs_wrong",
            f"Wrong coordinate system ({self.name}): after transformation the point "
            f"{given[first, 0]:.10g}, {given[first, 1]:.10g} lies {place}; say --crs EPSG:xxxx.",
        )

    def _bounds(self) -> tuple[float, float, float, float]:
        area = self.crs.area_of_use
        # Some areas cross the 180th meridian; the world is then all that can be said.
        if area is None or area.west >= area.east:
            return -180.0, -90.0, 180.0, 90.0
        return (
            max(-180.0, area.west - _MARGIN),
            max(-90.0, area.south - _MARGIN),
            min(180.0, area.east + _MARGIN),
            min(90.0, area.north + _MARGIN),
        )


def known_crs(text: str) -> CRS:
    """A coordinate system by its code (EPSG:3547, or only 3547), URN, WKT or PROJ string. Problem crs_unknown."""
    try:
        return CRS.from_user_input(int(text) if text.strip().isdigit() else text.strip())
    except (CRSError, ValueError):
        short = text.strip().replace("\n", " ")[:60]
        raise Problem("crs_unknown", f"No coordinate system is called {short!r}; say --crs EPSG:xxxx.") from None


def crs_name(crs: CRS) -> str:
    """The code of a system where it has one (EPSG:3547), its name otherwise."""
    found = crs.to_authority(min_confidence=70)
    return f"{found[0]}:{found[1]}" if found else crs.name


def geojson_crs(member: object) -> str | None:
    """The code in an old-style `crs` member of a GeoJSON file; None where there is none. Problem crs_unknown."""
    if member is None:
        return None
    properties = member.get("properties") if isinstance(member, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str):
        raise Problem("crs_unknown", "The file's `crs` member names no coordinate system; say --crs EPSG:xxxx.")
    return name
