"""Writes a utility in batches: the staff, the households of given places, meters on the shelf, routes and orders."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from curbstop.commands import bulk, numbering, reference, secrets, service_orders, staff
from curbstop.commands.service_orders import NewOrder
from curbstop.commands.work import Work, system_work
from curbstop.demo.households import STOCK, Household, Row, stock_meter
from curbstop.demo.people import PEOPLE
from curbstop.domain.actors import Actor
from curbstop.domain.numbers import Prefix
from curbstop.domain.permissions import Role
from curbstop.models.account import Account, Customer
from curbstop.models.base import Base, utc_now
from curbstop.models.engine import Sessions
from curbstop.models.ids import new_id
from curbstop.models.meter import Endpoint, Installation, Meter, Register
from curbstop.models.reading import Reading
from curbstop.models.route import Route, RouteVersion, Stop
from curbstop.models.service_point import ServicePoint
from curbstop.settings import Settings

CYCLES = 4
# What waits in the office's list on the first morning: type, by whom, and what for.
_ORDERS = (
    ("GEN", "carla", "Customer says that the lid rocks."),
    ("READ_RE", "carla", "Reading looks doubled."),
    ("CUT_OFF_REQ", "carla", "Moving out at the end of the week."),
    ("MTR_XCHG", "bill", "Meter is older than fifteen years."),
)
# Rows of a household: point, customer, account, meter, installation, endpoint, registers, readings. Two registers are
# the most, so this many households never make more than 1,000 rows.
HOUSEHOLDS = 1_000 // 20

Progress = Callable[[str, int, int], None]


class Loader:
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

    def households(self, homes: Sequence[Household], *, new_points: bool = True) -> None:
        """Inserts households; `new_points` is False where the service points are there already."""
        with self.work() as work:
            _number(work, homes, new_points=new_points)
            self._load(
                work,
                [
                    (Customer, [home.customer for home in homes]),
                    (ServicePoint, [home.point for home in homes] if new_points else []),
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


def _number(work: Work, homes: Sequence[Household], *, new_points: bool) -> None:
    """Numbers from the server's own sequences, and the gate codes sealed."""
    accounts = numbering.next_numbers(work, Prefix.ACCOUNT, len(homes))
    customers = numbering.next_numbers(work, Prefix.CUSTOMER, len(homes))
    for home, account, customer in zip(homes, accounts, customers, strict=True):
        home.account["number"], home.customer["number"] = account, customer
        code = home.gate_code
        home.point["gate_code_sealed"] = secrets.seal(work.settings, home.point["id"], code) if code else None
    if new_points:
        numbers = numbering.next_numbers(work, Prefix.SERVICE_POINT, len(homes))
        for home, number in zip(homes, numbers, strict=True):
            home.point["number"] = number


def people(loader: Loader) -> dict[str, UUID]:
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


def stock(loader: Loader) -> None:
    """New meters on the shelf, for change-outs."""
    meters, registers = zip(*(stock_meter(number) for number in range(1, STOCK + 1)), strict=True)
    loader.together([(Meter, meters), (Register, registers)])


def orders(loader: Loader, ids: dict[str, UUID], points: Sequence[UUID]) -> None:
    """Open orders, made by the same command as the office's own."""
    roles = {person.login: frozenset(person.roles) for person in PEOPLE}
    with loader.work() as work:
        for (type_code, login, instructions), point in zip(itertools.cycle(_ORDERS), points, strict=False):
            clerk = replace(work, actor=Actor(ids[login], login, roles[login]))
            service_orders.create(
                clerk, NewOrder(type_code=type_code, service_point_id=point, instructions=instructions)
            )
        loader.made("service_order", len(points))


def route(cycle: Row, number: int, points: Sequence[UUID]) -> list[tuple[type[Base], list[Row]]]:
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
