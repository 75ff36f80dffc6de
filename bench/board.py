"""The dispatch board over HTTP, with ten thousand open orders in front of a year of finished ones."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import requests
from geoalchemy2 import WKBElement
from sqlalchemy import insert

from bench.figures import Figure, figure
from bench.place import Database, Place, api, database, signed_in
from curbstop.commands import reference, staff, staff_calendars
from curbstop.domain.permissions import Role
from curbstop.models.ids import new_id
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_ewkb

NAMES = ("office.board_p95",)
# Milliseconds, of the larger board.
BAR = 100.0
TECHNICIANS = 20
# Assigned orders of today and tomorrow; all others lie on the pile.
ASSIGNED = 1_000
WARM, ASKED = 20, 200
BATCH = 5_000


def measure(place: Place) -> Iterator[Figure]:
    """The 95th percentile of a dispatcher's looks at the board; beside it that of a board of a tenth as many orders."""
    sizes = (place.amount(1_000, 500), place.amount(10_000, 5_000))
    took: list[list[float]] = [[], []]
    with ExitStack() as stack:
        askers = [_asker(stack, place, open_orders) for open_orders in sizes]
        for number in range(WARM + ASKED):
            for size, (client, url) in enumerate(askers):
                took[size].append(_ask(client, url, number))
    small, large = (sorted(times[WARM:])[int(ASKED * 0.95)] * 1000 for times in took)
    yield figure(NAMES[0], place, large, unit="ms", better="lower", bar=BAR, baseline=small, of_value=True)


def _asker(stack: ExitStack, place: Place, open_orders: int) -> tuple[requests.Session, str]:
    base = stack.enter_context(database(place))
    build(base, open_orders, closed=place.amount(30_000, 3_000))
    url = stack.enter_context(api(base))
    return stack.enter_context(signed_in(base, url, Role.DSP)), url


def _ask(client: requests.Session, url: str, number: int) -> float:
    """What a dispatcher looks at in turn: today, the week, what is late, a part of the town, one technician's type."""
    looks: tuple[dict[str, Any], ...] = (
        {},
        {"days": 7},
        {"standing": "late"},
        {"standing": "at_risk", "limit": 200},
        {"bbox": "-79.0,35.0,-78.95,35.05"},
        {"polygon": "-79.0 35.0,-78.9 35.0,-78.95 35.1"},
        {"type_code": "GEN", "state": "ready"},
        {"sort": "priority", "limit": 200},
    )
    began = time.perf_counter()
    answer = client.get(f"{url}/dispatch/board", params=looks[number % len(looks)], timeout=60)
    took = time.perf_counter() - began
    answer.raise_for_status()
    return took


def build(base: Database, open_orders: int, *, closed: int) -> None:
    """A utility with technicians on shift, orders on the pile and in their days, and finished ones behind them."""
    chance, now = random.Random(5), datetime.now(UTC)
    today = now.astimezone(base.settings.zone).date()
    with base.work() as work:
        reference.load_catalogue(work)
        people = []
        for number in range(TECHNICIANS):
            one = staff.create(work, login=f"tech-{number}", name=f"Tech {number}", roles=[Role.TECH])
            staff_calendars.set_shifts(work, one.id, dict.fromkeys(range(7), ("07:30", "16:00")))
            people.append(one.id)
    for start in range(0, open_orders + closed, BATCH):
        numbers = range(start, min(start + BATCH, open_orders + closed))
        points = [_point(chance, number) for number in numbers]
        rows = [
            _order(chance, number, point["id"], people, (now, today), is_open=number < open_orders)
            for number, point in zip(numbers, points, strict=True)
        ]
        with base.work() as work:
            work.session.execute(insert(ServicePoint), points)
            work.session.execute(insert(ServiceOrder), rows)
    base.settle()


def _point(chance: random.Random, number: int) -> dict[str, Any]:
    where = point_ewkb(-79 + chance.random() / 5, 35 + chance.random() / 5)
    location = WKBElement(where, srid=4326, extended=True)
    return {"id": new_id(), "number": f"SP-{number:06d}", "address": f"{number} Main St", "location": location}


def _order(
    chance: random.Random, number: int, point: UUID, people: list[UUID], at: tuple[datetime, date], *, is_open: bool
) -> dict[str, Any]:  # fmt: skip
    now, today = at
    due = now + timedelta(hours=chance.randrange(-24, 24 * 14))
    row: dict[str, Any] = {
        "id": new_id(), "number": f"SO-2026-{number:06d}",
        "type_code": chance.choice(("GEN", "READ_RE", "CUT_OFF_REQ")),
        "type_version": 1, "state": "ready", "priority": chance.randrange(1, 6), "service_point_id": point,
        "due_at": due, "due_on": due.date(), "technician_id": None, "scheduled_on": None, "place": None,
        "window_start": None, "window_end": None,
    }  # fmt: skip
    if not is_open:
        back = today - timedelta(days=chance.randrange(1, 250))
        return {**row, "state": "posted", "technician_id": chance.choice(people), "scheduled_on": back, "place": 1}
    if number < ASSIGNED:
        row |= {"state": "assigned", "technician_id": people[number % TECHNICIANS], "place": number // TECHNICIANS}
        row["scheduled_on"] = today + timedelta(days=number % 2)
        if number % 8 == 0:
            row |= {"window_start": now, "window_end": now + timedelta(hours=4)}
    return row
