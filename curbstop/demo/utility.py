"""Loads the made-up utility: staff, town, customers, meters, readings, routes and open orders, from a fixed seed."""

import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from curbstop.commands import bulk, numbering, reference, secrets, service_orders, staff
from curbstop.commands.service_orders import NewOrder
from curbstop.commands.work import Work, system_work
from curbstop.demo.households import STOCK, Household, Row, furnish, stock_meter
from curbstop.demo.people import PEOPLE
from curbstop.demo.town import ZIP, Segment, Town
from curbstop.domain.actors import Actor
from curbstop.domain.numbers import Prefix
from curbstop.domain.permissions import Role
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
# What waits in the office's list on the first morning: type, by whom, and what for.
_ORDERS = (
    ("GEN", "carla", "Customer says that the lid rocks."),
    ("READ_RE", "carla", "Reading looks doubled."),
    ("CUT_OFF_REQ", "carla", "Moving out at the end of the week."),
    ("MTR_XCHG", "bill", "Meter is older than fifteen years."),
)
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
    ids = _people(loader)
    walk: list[UUID] = []
    numbered = enumerate(town.places(), start=1)
    while batch := list(itertools.islice(numbered, _HOUSEHOLDS)):
        homes = [furnish(place, number, chance, today) for number, place in batch]
        loader.households(homes)
        walk += [home.point["id"] for home in homes]
        tell("service points", len(walk), points)
    loader.rows(Street, [_street(segment) for segment in town.segments()])
    loader.rows(Hydrant, [_hydrant(n, at) for n, at in enumerate(town.corners(), start=1)])
    _stock(loader)
    _routes(loader, walk, tell)
    _orders(loader, ids, chance.sample(walk, min(len(walk), 60)))
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

    @contextmanager
    def work(self) -> Iterator[Work]:
        with self._sessions.write() as session:
            yield system_work(session, self._settings)

    def households(self, homes: Sequence[Household]) -> None:
        with self.work() as work:
            _number(work, homes)
            self._load(
                work,
                [
                    (Customer, [home.customer for home in homes]),
                    (ServicePoint, [home.point for home in homes]),
                    (Account, [home.account for home in homes]),
                    (Meter, [home.meter for home in homes]),
                    (Register, [register for home in homes for register in home.registers]),
                    (Endpoint, [home.endpoint for home in homes if home.endpoint]),
                    (Installation, [home.installation for home in homes]),
                    (Reading, [reading for home in homes for reading in home.readings]),
                ],
            )

    def together(self, parts: Iterable[tuple[type[Base], Sequence[Row]]]) -> None:
        with self.work() as work:
            self._load(work, parts)

    def _load(self, work: Work, parts: Iterable[tuple[type[Base], Sequence[Row]]]) -> None:
        for model, rows in parts:
            self.made(model.__tablename__, len(bulk.load(work, model, rows, action="demo")))

    def made(self, what: str, many: int) -> None:
        self._made[what] += many


def _number(work: Work, homes: Sequence[Household]) -> None:
    """Numbers from the server's own sequences, and the gate codes sealed."""
    points = numbering.next_numbers(work, Prefix.SERVICE_POINT, len(homes))
    accounts = numbering.next_numbers(work, Prefix.ACCOUNT, len(homes))
    customers = numbering.next_numbers(work, Prefix.CUSTOMER, len(homes))
    for home, point, account, customer in zip(homes, points, accounts, customers, strict=True):
        home.point["number"], home.account["number"], home.customer["number"] = point, account, customer
        code = home.gate_code
        home.point["gate_code_sealed"] = secrets.seal(work.settings, home.point["id"], code) if code else None


def _people(loader: _Loader) -> dict[str, UUID]:
    """The catalogue and the staff; the technicians are the lead's crew. Returns ids by login."""
    ids: dict[str, UUID] = {}
    with loader.work() as work:
        loader.made("order_type", reference.load_catalogue(work))
        for person in PEOPLE:
            lead = ids.get("lena") if person.roles == (Role.TECH,) else None
            made = staff.create(
                work,
                login=person.login,
                name=person.name,
                roles=person.roles,
                skills=person.skills,
                password=person.password,
                crew_lead_id=lead,
            )
            ids[person.login] = made.id
        loader.made("staff", len(ids))
    return ids


def _stock(loader: _Loader) -> None:
    """New meters on the shelf, for change-outs."""
    meters, registers = zip(*(stock_meter(number) for number in range(1, STOCK + 1)), strict=True)
    loader.together([(Meter, meters), (Register, registers)])


def _orders(loader: _Loader, ids: dict[str, UUID], points: Sequence[UUID]) -> None:
    """Open orders, made by the same command as the office's own."""
    roles = {person.login: frozenset(person.roles) for person in PEOPLE}
    with loader.work() as work:
        for (type_code, login, instructions), point in zip(itertools.cycle(_ORDERS), points, strict=False):
            clerk = replace(work, actor=Actor(ids[login], login, roles[login]))
            service_orders.create(
                clerk, NewOrder(type_code=type_code, service_point_id=point, instructions=instructions)
            )
        loader.made("service_order", len(points))


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
