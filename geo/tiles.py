"""The grid of web map tiles (EPSG:3857): where a tile lies, and where on it a position is."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from curbstop.domain.problems import Problem

Floats = NDArray[np.float64]

# A tile's own coordinates go from 0 in its north-west corner to EXTENT in its south-east one.
EXTENT: Final = 4096
# Lines and areas go on beyond a tile's edge by so much, so that no seam shows.
BUFFER: Final = 64
GREATEST_ZOOM: Final = 22
# Where the square map ends.
MOST_LATITUDE: Final = math.degrees(math.atan(math.sinh(math.pi)))


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """A tile by zoom, column from the west and row from the north. Problem(`invalid`) for one that is not there."""

    z: int
    x: int
    y: int

    def __post_init__(self) -> None:
        if not 0 <= self.z <= GREATEST_ZOOM:
            raise Problem("invalid", f"There are zooms 0 to {GREATEST_ZOOM}, not {self.z}.", field="z")
        side = 1 << self.z
        for name, value in (("x", self.x), ("y", self.y)):
            if not 0 <= value < side:
                raise Problem("invalid", f"At zoom {self.z} {name} is 0 to {side - 1}, not {value}.", field=name)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees. What lies on the west or the north edge belongs to the tile."""
        return self.bounds_with(0)

    def bounds_with(self, buffer: int) -> tuple[float, float, float, float]:
        """The same with so many of the tile's units added on each side, within the map."""
        more, side = buffer / EXTENT, 1 << self.z
        west, east = ((max(0.0, min(side, x)) / side * 360 - 180) for x in (self.x - more, self.x + 1 + more))
        north, south = (_latitude(max(0.0, min(side, y)) / side) for y in (self.y - more, self.y + 1 + more))
        return west, south, east, north

    def place(self, degrees: Floats) -> Floats:
        """Where on the tile positions of shape (n, 2), longitude and latitude in degrees, are; y goes south."""
        side = (1 << self.z) * EXTENT
        placed = np.empty_like(degrees)
        placed[:, 0] = (degrees[:, 0] + 180) / 360 * side - self.x * EXTENT
        bent = np.log(np.tan(math.pi / 4 + np.radians(degrees[:, 1]) / 2))
        placed[:, 1] = (0.5 - bent / (2 * math.pi)) * side - self.y * EXTENT
        return placed

    def children(self, z: int) -> list["Tile"]:
        """The tiles of a deeper zoom that it is divided into, row by row."""
        by = 1 << (z - self.z)
        return [Tile(z, self.x * by + x, self.y * by + y) for y in range(by) for x in range(by)]

    def parent(self, z: int) -> "Tile":
        """The tile of a zoom above that it is a part of."""
        by = self.z - z
        return Tile(z, self.x >> by, self.y >> by)

    @staticmethod
    def spot(longitude: float, latitude: float, z: int) -> tuple[float, float]:
        """How many tiles of this zoom a position in degrees is from the map's west and from its north edge."""
        side = 1 << z
        latitude = max(-MOST_LATITUDE, min(MOST_LATITUDE, latitude))
        bent = math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2))
        return (longitude + 180) / 360 * side, (0.5 - bent / (2 * math.pi)) * side

    def __str__(self) -> str:
        return f"{self.z}/{self.x}/{self.y}"


def tile_at(longitude: float, latitude: float, z: int) -> Tile:
    """The tile of this zoom that a position in degrees is on."""
    latitude = max(-MOST_LATITUDE, min(MOST_LATITUDE, latitude))
    x, y = Tile(0, 0, 0).place(np.array([[longitude, latitude]]))[0] / EXTENT * (1 << z)
    last = (1 << z) - 1
    return Tile(z, max(0, min(last, math.floor(x))), max(0, min(last, math.floor(y))))


def _latitude(share: float) -> float:
    """Of a place so far down the square map, 0 to 1."""
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * share))))
