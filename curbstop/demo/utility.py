"""Loads the made-up utility: town, customers, meters, readings, routes and staff, from a fixed seed."""

import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from curbstop.commands import bulk
from curbstop.commands.work import Work, system_work
from curbstop.demo.households import Household, Row, furnish
from curbstop.demo.town import ZIP, Segment, Town
from curbstop.models.account import Account, Customer
from curbstop.models.asset import Hydrant, Street
from curbstop.models.base import Base, utc_now
from curbstop.models.engine import Sessions
from curbstop.models.ids import new_id
from curbstop.models.meter import Endpoint, Installation, Meter, Register
from curbstop.models.reading import Reading
from curbstop.models.route import Cycle, Route, RouteVersion, Stop
from curbstop.models.service_point import ServicePoint
from curbstop.settings import Settings

POINTS, SEED = 5_000, 20_260_504
CYCLES = 4
LEAST_STOPS, MOST_STOPS = 200, 400
# Rows of a household: point, customer, account, meter, installation, endpoint, registers, readings. Two registers are
# the most, so this many households never make more than 1,000 rows.
_HOUSEHOLDS = 1_000 // 20

Progress = Callable[[str, int, int], None]


def generate(
    sessions: Sessions, settings: Settings, points: int = POINTS, seed: int = SEED, progress: Progress | None = None
) -> dict[str, int]:
    """Loads the utility into an empty, migrated database and returns the rows made, by table.

    The same `points` and `seed` make the same town. `progress(what, done, of)` is called now and then.
    """
    tell = progress or _say_nothing
    made: Counter[str] = Counter()
    town = Town(points)
    loader = _Loader(sessions, settings, made)
    chance = random.Random(seed)
    today = utc_now().replace(microsecond=0)
    walk: list[UUID] = []
    numbered = enumerate(town.places(), start=1)
    while batch := list(itertools.islice(numbered, _HOUSEHOLDS)):
        homes = [furnish(place, number, chance, today) for number, place in batch]
        loader.households(homes)
        walk += [home.point["id"] for home in homes]
        tell("service points", len(walk), points)
    loader.rows(Street, [_street(segment) for segment in town.segments()])
    loader.rows(Hydrant, [_hydrant(n, at) for n, at in enumerate(town.corners(), start=1)])
    _routes(loader, walk, tell)
    return dict(made)


def _say_nothing(what: str, done: int, of: int) -> None:
    """For callers without a progress bar."""


class _Loader:
    """Writes batches, each in a transaction of its own."""

    def __init__(self, sessions: Sessions, settings: Settings, made: Counter[str]) -> None:
        self._sessions, self._settings, self._made = sessions, settings, made

    def rows(self, model: type[Base], rows: Sequence[Row]) -> None:
        for start in range(0, len(rows), bulk.MOST_ROWS):
            self.together([(model, rows[start : start + bulk.MOST_ROWS])])

    def households(self, homes: Sequence[Household]) -> None:
        self.together(
            [
                (Customer, [home.customer for home in homes]),
                (ServicePoint, [home.point for home in homes]),
                (Account, [home.account for home in homes]),
                (Meter, [home.meter for home in homes]),
                (Register, [register for home in homes for register in home.registers]),
                (Endpoint, [home.endpoint for home in homes if home.endpoint]),
                (Installation, [home.installation for home in homes]),
                (Reading, [reading for home in homes for reading in home.readings]),
            ]
        )

    def together(self, parts: Iterable[tuple[type[Base], Sequence[Row]]]) -> None:
        with self._sessions.write() as session:
            work: Work = system_work(session, self._settings)
            for model, rows in parts:
                self._made[model.__tablename__] += len(bulk.load(work, model, rows, action="demo"))


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


def _routes(loader: _Loader, walk: Sequence[UUID], tell: Progress) -> None:
    """Divides the walk into routes and the routes into cycles; every route is published."""
    sizes = route_sizes(len(walk))
    cycles = [{"id": new_id(), "code": f"{n:02d}", "name": f"Cycle {n}"} for n in range(1, CYCLES + 1)]
    loader.rows(Cycle, cycles)
    start = 0
    for index, size in enumerate(sizes):
        cycle, place = divmod(index, math.ceil(len(sizes) / CYCLES))
        loader.together(_route(cycles[cycle], place + 1, walk[start : start + size]))
        start += size
        tell("routes", index + 1, len(sizes))


def _route(cycle: Row, number: int, points: Sequence[UUID]) -> list[tuple[type[Base], list[Row]]]:
    route_id, version_id = new_id(), new_id()
    code = f"{cycle['code']}{number:02d}"
    version: dict[str, Any] = {
        "id": version_id, "route_id": route_id, "number": 1, "state": "published", "stop_count": len(points),
        "published_at": utc_now(),
    }  # fmt: skip
    stops = [
        {"route_version_id": version_id, "service_point_id": point, "sequence": 10 * place, "version": 1}
        for place, point in enumerate(points, start=1)
    ]
    return [
        (Route, [{"id": route_id, "code": code, "name": f"Route {code}", "cycle_id": cycle["id"]}]),
        (RouteVersion, [version]),
        (Stop, stops),
    ]
