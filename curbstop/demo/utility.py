"""Loads the made-up utility: staff, town, customers, meters, readings, routes and open orders, from a fixed seed."""

import itertools
import math
import random
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from curbstop.demo import loading
from curbstop.demo.households import Row, furnish, point_row
from curbstop.demo.loading import CYCLES, HOUSEHOLDS, Loader, Progress
from curbstop.demo.town import ZIP, Segment, Town
from curbstop.models.asset import Hydrant, Street
from curbstop.models.base import utc_now
from curbstop.models.engine import Sessions
from curbstop.models.ids import new_id
from curbstop.models.route import Cycle
from curbstop.settings import Settings

POINTS, SEED = 5_000, 20_260_504
LEAST_STOPS, MOST_STOPS = 200, 400


def generate(
    sessions: Sessions, settings: Settings, points: int = POINTS, seed: int = SEED, progress: Progress | None = None
) -> dict[str, int]:
    """Loads the utility into an empty, migrated database and returns the rows made, by table.

    The same `points` and `seed` make the same town. `progress(what, done, of)` is called now and then.
    """
    tell = progress or _say_nothing
    made: Counter[str] = Counter()
    town = Town(points)
    loader = Loader(sessions, settings, made)
    chance = random.Random(seed)
    today = utc_now().replace(microsecond=0)
    ids = loading.people(loader)
    walk: list[UUID] = []
    numbered = enumerate(town.places(), start=1)
    while batch := list(itertools.islice(numbered, HOUSEHOLDS)):
        homes = [furnish(point_row(place, chance), number, chance, today) for number, place in batch]
        loader.households(homes)
        walk += [home.point["id"] for home in homes]
        tell("service points", len(walk), points)
    loader.rows(Street, [_street(segment) for segment in town.segments()])
    loader.rows(Hydrant, [_hydrant(n, at) for n, at in enumerate(town.corners(), start=1)])
    loading.stock(loader)
    _routes(loader, walk, tell)
    loading.orders(loader, ids, chance.sample(walk, min(len(walk), 60)))
    return dict(made)


def _say_nothing(what: str, done: int, of: int) -> None:
    """For callers without a progress bar."""


def _street(segment: Segment) -> Row:
    left_from, left_to, right_from, right_to = segment.ranges or (None, None, None, None)
    (x1, y1), (x2, y2) = segment.line
    return {
        "name": segment.name,
        "left_from": left_from,
        "left_to": left_to,
        "right_from": right_from,
        "right_to": right_to,
        "left_zip": ZIP,
        "right_zip": ZIP,
        "from_node": segment.nodes[0],
        "to_node": segment.nodes[1],
        "line": f"SRID=4326;LINESTRING({x1} {y1}, {x2} {y2})",
    }


def _hydrant(number: int, at: tuple[float, float]) -> Row:
    return {
        "number": f"H-{number:04d}",
        "manufacturer": "Norden",
        "flow_gpm": 900 + number % 7 * 50,
        "status": "in service",
        "attributes": {},
        "location": f"SRID=4326;POINT({at[0]} {at[1]})",
    }


def route_sizes(points: int) -> list[int]:
    """How many stops each route gets: about 300, between 200 and 400 wherever the number allows it."""
    if points == 0:
        return []
    routes = max(math.ceil(points / MOST_STOPS), round(points / 300), 1)
    return [points // routes + (route < points % routes) for route in range(routes)]


def _routes(loader: Loader, walk: Sequence[UUID], tell: Progress) -> None:
    """Divides the walk into routes and the routes into cycles; every route is published."""
    sizes = route_sizes(len(walk))
    cycles = [{"id": new_id(), "code": f"{n:02d}", "name": f"Cycle {n}"} for n in range(1, CYCLES + 1)]
    loader.rows(Cycle, cycles)
    start = 0
    for index, size in enumerate(sizes):
        cycle, place = divmod(index, math.ceil(len(sizes) / CYCLES))
        loader.together(loading.route(cycles[cycle], place + 1, walk[start : start + size]))
        start += size
        tell("routes", index + 1, len(sizes))
