"""Divides a town's points into cycles and walkable routes: balanced, in one piece, whole stretches of street together.

The town is cut again and again across its longer side, always between stretches of a street, so that every part gets
its share of routes. Where cutting between stretches would leave a route too small or too large, a stretch is cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.distance import Floats, plane_m

LEAST_STOPS: Final = 200
MOST_STOPS: Final = 400
# Points of one street that are cut apart only in need: about both sides of a block.
_STRETCH: Final = 24

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Division:
    """For each point the number of its cycle and of its route, from 0; a route lies within one cycle."""

    cycle: NDArray[np.int64]
    route: NDArray[np.int64]

    @property
    def routes(self) -> int:
        return int(self.route.max()) + 1 if len(self.route) else 0

    def members(self, route: int) -> Indices:
        """The indices of a route's points, ascending."""
        return np.flatnonzero(self.route == route)


def divide(
    points: ArrayLike,
    streets: Sequence[str] | None = None,
    cycles: int = 4,
    least: int = LEAST_STOPS,
    most: int = MOST_STOPS,
) -> Division:
    """Divides points (longitude, latitude; shape (n, 2)), each into exactly one route.

    Every route has `least` to `most` points; a town of fewer than `least` is one route. `streets` names each point's
    street. There are never more cycles than routes. `most` has to be at least twice `least`.
    """
    if most < 2 * least or least < 1 or cycles < 1:
        raise ValueError("most is at least twice least, and both and cycles are positive")
    degrees = np.asarray(points, float).reshape(-1, 2)
    division = Division(np.zeros(len(degrees), np.int64), np.zeros(len(degrees), np.int64))
    if not len(degrees):
        return division
    names = np.unique(np.asarray(streets if streets is not None else [""] * len(degrees)), return_inverse=True)[1]
    cutter = _Cutter(plane_m(degrees), names, least, most)
    count = _routes_for(len(degrees), least, most)
    shares = [len(part) for part in np.array_split(np.arange(count), min(cycles, count))]
    route = 0
    for number, (members, share) in enumerate(cutter.cycles(np.arange(len(degrees)), shares)):
        division.cycle[members] = number
        for part in cutter.routes(members, share):
            division.route[part] = route
            route += 1
    return division


def _routes_for(points: int, least: int, most: int) -> int:
    """As many routes as make each about halfway between the bounds."""
    wished = max(1, round(points / ((least + most) / 2)))
    return max(min(wished, points // least), -(-points // most), 1)


class _Cutter:
    def __init__(self, plane: Floats, streets: NDArray[np.intp], least: int, most: int) -> None:
        self._plane, self._streets, self._least, self._most = plane, streets, least, most

    def cycles(self, members: Indices, shares: list[int]) -> list[tuple[Indices, int]]:
        """Parts of the town with as many routes as `shares` says, in an order in which neighbors follow each other."""
        if len(shares) == 1:
            return [(members, shares[0])]
        half = len(shares) // 2
        one, other = self._cut(members, sum(shares[:half]), sum(shares[half:]))
        return self.cycles(one, shares[:half]) + self.cycles(other, shares[half:])

    def routes(self, members: Indices, count: int) -> list[Indices]:
        if count == 1:
            return [members]
        one, other = self._cut(members, count // 2, count - count // 2)
        return self.routes(one, count // 2) + self.routes(other, count - count // 2)

    def _cut(self, members: Indices, first: int, second: int) -> tuple[Indices, Indices]:
        """Two parts for so many routes each, across the longer side."""
        along = self._along(members)
        ordered, starts = self._stretches(members, along)
        total, wished = len(members), len(members) * first / (first + second)
        low = max(first * self._least, total - second * self._most)
        high = min(first * self._most, total - second * self._least)
        cuts = [cut for cut in starts if low <= cut <= high]
        at = min(cuts, key=lambda cut: (abs(cut - wished), cut)) if cuts else round(min(max(wished, low), high))
        return np.sort(ordered[:at]), np.sort(ordered[at:])

    def _along(self, members: Indices) -> Floats:
        """Each member's place along the direction in which the part is longest: east, north or a diagonal."""
        plane = self._plane[members]
        ways = [plane @ np.array([np.cos(angle), np.sin(angle)]) for angle in np.radians([0, 45, 90, 135])]
        return max(ways, key=lambda way: float(np.percentile(way, 95) - np.percentile(way, 5)))

    def _stretches(self, members: Indices, along: Floats) -> tuple[Indices, list[int]]:
        """The members with each stretch of street in one piece, and where the stretches begin."""
        by_street = np.lexsort((members, along, self._streets[members]))
        streets = self._streets[members][by_street]
        new = np.flatnonzero(np.append(True, streets[1:] != streets[:-1]))
        pieces: list[Indices] = []
        for start, end in pairwise([*new.tolist(), len(members)]):
            pieces += np.array_split(by_street[start:end], -(-(end - start) // _STRETCH))
        pieces.sort(key=lambda piece: (float(along[piece].mean()), int(members[piece[0]])))
        sizes = np.cumsum([len(piece) for piece in pieces])
        return members[np.concatenate(pieces)], sizes[:-1].tolist()
