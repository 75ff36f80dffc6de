"""How far it is to walk from each of some places to each other, along the streets.

A street has two sides: what stands across it is as far as crossing it, and every corner costs a crossing too. Places
are taken to the nearest street; junctions are where the ends of streets meet. Where no street leads, the way is taken
to be a straight line and a third, and is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.distance import Floats, plane_m

# What crossing a street costs, in meters of walking: the width of one, and the wait.
CROSSING_M: Final = 12.0
# What a way that nobody knows is longer than a straight line; 1.2 to 1.4 is usual in towns.
DETOUR: Final = 4 / 3
# Ends of streets that are nearer than this are one junction, in meters.
_JUNCTION_M: Final = 0.05
# An edge of no length would be no edge in a sparse matrix.
_LEAST_M: Final = 0.001

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Distances:
    """Meters between places, symmetric, shape (n, n). `by_streets`: there is a street layer; `guessed`: how many of the
    pairs no street joins.
    """

    meters: Floats
    by_streets: bool
    guessed: int


def straight(points: ArrayLike) -> Distances:
    """As the crow flies, for places (longitude, latitude; shape (n, 2)): what is left without a street layer."""
    plane = plane_m(points)
    meters: Floats = np.hypot(*(plane[:, None, :] - plane[None, :, :]).transpose(2, 0, 1))
    return Distances(meters, by_streets=False, guessed=0)


def walking(points: ArrayLike, streets: Sequence[ArrayLike], *, crossing_m: float = CROSSING_M) -> Distances:
    """Along `streets`, each a line of (longitude, latitude) that others meet at its ends; `straight` without any.

    Meant for a route or a day with the streets around it: some thousand places and some ten thousand streets.
    """
    places = np.asarray(points, float).reshape(-1, 2)
    lines = [line for line in (np.asarray(street, float) for street in streets) if len(line) > 1]
    if not lines or not len(places):
        return straight(places)
    plane = plane_m(np.concatenate([places, *lines]))
    here, rest = plane[: len(places)], plane[len(places) :]
    of = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    graph, nodes = _graph(here, np.asarray(shapely.linestrings(rest, indices=of), object).reshape(-1), crossing_m)
    meters: Floats = dijkstra(graph, directed=False, indices=nodes)[:, nodes]
    unknown = ~np.isfinite(meters)
    meters = np.where(unknown, straight(places).meters * DETOUR, meters)
    return Distances(np.minimum(meters, meters.T), by_streets=True, guessed=int(unknown.sum()) // 2)


def _graph(here: Floats, lines: NDArray[np.object_], crossing_m: float) -> tuple[csr_array, Indices]:
    """The junctions, and of each place the two sides of its street; and the node of each place's own side."""
    ends = np.concatenate([shapely.get_coordinates(shapely.get_point(lines, at)) for at in (0, -1)])
    junctions, of_end = np.unique(np.round(ends / _JUNCTION_M).astype(np.int64), axis=0, return_inverse=True)
    first, last = of_end[: len(lines)], of_end[len(lines) :]
    street, along, left = _snapped(here, lines)
    lengths = shapely.length(lines)
    base = len(junctions)
    sides = base + 2 * np.arange(len(here))
    edges = [_edges(sides, sides + 1, np.full(len(here), crossing_m))]
    empty = np.setdiff1d(np.arange(len(lines)), street)
    edges.append(_edges(first[empty], last[empty], lengths[empty] + crossing_m))
    order = np.lexsort((along, street))
    starts = np.flatnonzero(np.append(True, np.diff(street[order]) > 0)) if len(order) else np.array([], int)
    for members in np.split(order, starts[1:]):
        line = street[members[0]]
        for side in (0, 1):
            chain = np.concatenate([[first[line]], base + 2 * members + side, [last[line]]])
            ways = np.diff(np.concatenate([[0.0], along[members], [lengths[line]]]))
            ways[0] += crossing_m / 2
            ways[-1] += crossing_m / 2
            edges.append(_edges(chain[:-1], chain[1:], ways))
    return _matrix(np.concatenate(edges), base + 2 * len(here)), sides + left


def _snapped(here: Floats, lines: NDArray[np.object_]) -> tuple[Indices, Floats, Indices]:
    """Of each place its street, how far along it, and the side: 1 is left of the way in which the line runs."""
    spots = shapely.points(here)
    street = np.asarray(shapely.STRtree(lines).nearest(spots), np.int64)
    along: Floats = shapely.line_locate_point(lines[street], spots)
    at, before, after = (
        shapely.get_coordinates(shapely.line_interpolate_point(lines[street], np.maximum(along + step, 0.0)))
        for step in (0.0, -0.5, 0.5)
    )
    way, off = after - before, here - at
    return street, along, (way[:, 0] * off[:, 1] - way[:, 1] * off[:, 0] > 0).astype(np.int64)


def _edges(one: Indices, other: Indices, meters: Floats) -> Floats:
    return np.column_stack([np.minimum(one, other), np.maximum(one, other), np.maximum(meters, _LEAST_M)])


def _matrix(edges: Floats, size: int) -> csr_array:
    """Of several ways between two nodes the shortest: a sparse matrix would add them up."""
    edges = edges[np.lexsort((edges[:, 2], edges[:, 1], edges[:, 0]))]
    new = np.append(True, np.any(np.diff(edges[:, :2], axis=0) != 0, axis=1))
    one, other, meters = edges[new].T
    return csr_array((meters, (one.astype(np.int64), other.astype(np.int64))), shape=(size, size))
