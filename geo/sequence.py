"""Puts the stops of a route into an order for walking: nearest neighbor, then 2-opt and Or-opt, in straight lines.

The walk is open: it ends where it ends. Distances are taken on a plane around the route's middle (a route is small
enough for that); the length that is reported is geodesic. The same stops always give the same walk.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.distance import Floats, length_m, plane_m

Order = NDArray[np.intp]
# Rounds of improvement; a route of 400 stops settles after about ten.
_MOST_ROUNDS: Final = 60
_GAIN_M: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Walk:
    """The stops' indices in walking order, and the walk's length."""

    order: tuple[int, ...]
    length_m: float


def walk(points: ArrayLike, start: int | None = None) -> Walk:
    """Orders points (longitude, latitude; shape (n, 2)), each once.

    The walk begins at `start`, or at the southwestern end where none is given. Meant for up to about 2,000 stops.
    """
    degrees = np.asarray(points, float).reshape(-1, 2)
    if len(degrees) < 2:
        return Walk(tuple(range(len(degrees))), 0.0)
    plane = plane_m(degrees)
    meters = np.hypot(*(plane[:, None, :] - plane[None, :, :]).transpose(2, 0, 1))
    first = int(np.argmin(plane.sum(axis=1))) if start is None else start
    order = _nearest_neighbors(meters, first)
    for _ in range(_MOST_ROUNDS):
        # Turning is the cheaper of the two, so it is done to its end before stops are moved.
        if not _two_opt(order, meters) and not _or_opt(order, meters):
            break
    return Walk(tuple(order.tolist()), length_m(degrees[order]))


def _nearest_neighbors(meters: Floats, first: int) -> Order:
    left = np.ones(len(meters), bool)
    order = np.empty(len(meters), np.intp)
    here = first
    for place in range(len(meters)):
        order[place] = here
        left[here] = False
        here = int(np.argmin(np.where(left, meters[here], np.inf)))
    return order


def _two_opt(order: Order, meters: Floats) -> bool:
    """Turns stretches around while that saves way; the first stop stays, the last may change."""
    better = False
    for before in range(len(order) - 2):
        here, after = order[before], order[before + 1]
        ends = order[before + 2 :]
        nexts = np.append(order[before + 3 :], -1)
        # Turning the stretch from `after` to an end: here meets the end, `after` meets what follows the end.
        joined = np.where(nexts >= 0, meters[after, nexts] - meters[ends, nexts], 0.0)
        gains = meters[here, after] - meters[here, ends] - joined
        best = int(np.argmax(gains))
        if gains[best] > _GAIN_M:
            end = before + 2 + best
            order[before + 1 : end + 1] = order[before + 1 : end + 1][::-1]
            better = True
    return better


def _or_opt(order: Order, meters: Floats) -> bool:
    """Moves one, two or three stops that follow each other to a better place, turned around or not."""
    better = False
    for size in (1, 2, 3):
        for at in range(1, len(order) - size + 1):
            better |= _move(order, meters, at, size)
    return better


def _move(order: Order, meters: Floats, at: int, size: int) -> bool:
    piece = order[at : at + size].copy()
    rest = np.concatenate([order[:at], order[at + size :]])
    before = rest[at - 1]
    saved = meters[before, piece[0]]
    if at < len(rest):
        saved += meters[piece[-1], rest[at]] - meters[before, rest[at]]
    follows = np.append(rest[1:], -1)
    gap = np.where(follows >= 0, meters[rest, follows], 0.0)

    def cost(head: int, tail: int) -> Floats:
        added: Floats = meters[rest, head] + np.where(follows >= 0, meters[tail, follows], 0.0) - gap
        return added

    ways = (cost(piece[0], piece[-1]), cost(piece[-1], piece[0]))
    best = [int(np.argmin(way)) for way in ways]
    turned = int(ways[1][best[1]] < ways[0][best[0]])
    if saved - ways[turned][best[turned]] <= _GAIN_M:
        return False
    place = best[turned] + 1
    order[:] = np.concatenate([rest[:place], piece[::-1] if turned else piece, rest[place:]])
    return True
