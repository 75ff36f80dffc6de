"""Two hundred orders move from one tablet to another: the move itself, and until both tablets show it."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import requests
from sqlalchemy import select

from bench import city
from bench.figures import Figure, figure
from bench.place import PASSWORD, Database, Place, api, database, signed_in
from curbstop.commands import dispatch, moves, reference, service_orders, staff, tablets
from curbstop.commands.service_orders import NewOrder
from curbstop.commands.work import Work
from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Role
from curbstop.models.service_point import ServicePoint

NAMES = ("sync.reassign_200", "sync.move_200")
ORDERS = 200
BAR_S = 1.0


@dataclass
class Tablet:
    """A tablet in somebody's hands, and the orders that it holds."""

    url: str
    staff_id: UUID
    client: requests.Session
    cursor: str | None = None
    orders: set[str] = field(default_factory=set)

    def pull(self) -> None:
        body = {"cursor": self.cursor, "schema_version": 1}
        answer = self.client.post(f"{self.url}/sync/v1/pull", json=body, timeout=300)
        answer.raise_for_status()
        for line in map(json.loads, answer.text.splitlines()):
            for row in line.get("data", {}).get("rows", ()):
                if row["entity_type"] == "service_order":
                    (self.orders.discard if row["gone"] else self.orders.add)(row["id"])
            if "checkpoint_complete" in line:
                self.cursor = line["checkpoint_complete"]["cursor"]


def measure(place: Place) -> Iterator[Figure]:
    """From A to B: one request for all, against one for each; then both tablets pull at once."""
    with database(place) as base:
        orders = _orders(base)
        with api(base) as url:
            first, second = _tablet(base, url, "bench-a"), _tablet(base, url, "bench-b")
            office = signed_in(base, url, Role.DSP)
            today = datetime.now(base.settings.zone).date()
            with base.work() as work:
                moves.move(_dispatching(work, first), orders, technician_id=first.staff_id, scheduled_on=today)
            first.pull()
            second.pull()
            assert (len(first.orders), len(second.orders)) == (ORDERS, 0)
            began = time.perf_counter()
            body: dict[str, Any] = {"technician_id": str(second.staff_id), "scheduled_on": today.isoformat()}
            answer = office.post(
                f"{url}/dispatch/move", json={**body, "order_ids": [str(one) for one in orders]}, timeout=300
            )
            answer.raise_for_status()
            moved = time.perf_counter() - began
            began = time.perf_counter()
            with ThreadPoolExecutor(2) as both:
                list(both.map(Tablet.pull, (first, second)))
            shown = time.perf_counter() - began
            assert (len(first.orders), len(second.orders)) == (0, ORDERS)
            yield figure(NAMES[0], place, shown, unit="s", better="lower", bar=BAR_S)
            yield figure(NAMES[1], place, moved, unit="s", better="lower", baseline=_one_by_one(base, orders, first))


def _one_by_one(base: Database, orders: list[UUID], back_to: Tablet) -> float:
    """The same orders, each moved by itself in a transaction of its own, without HTTP."""
    began = time.perf_counter()
    for order_id in orders:
        with base.work() as work:
            today = work.at.astimezone(base.settings.zone).date()
            dispatch.assign(_dispatching(work, back_to), order_id, technician_id=back_to.staff_id, scheduled_on=today)
    return time.perf_counter() - began


def _dispatching(work: Work, tablet: Tablet) -> Work:
    """The system assigns nothing; somebody has to."""
    return replace(work, actor=Actor(tablet.staff_id, "Bench", frozenset({Role.DSP})))


def _orders(base: Database) -> list[UUID]:
    city.build(base, ORDERS)
    with base.work() as work:
        reference.load_catalogue(work)
    with base.work() as work:
        points = work.session.scalars(select(ServicePoint.id)).all()
        made = [NewOrder(type_code="READ_RE", service_point_id=point, source="bench") for point in points]
        return [service_orders.create(work, new).id for new in made]


def _tablet(base: Database, url: str, login: str) -> Tablet:
    with base.work() as work:
        person = staff.create(work, login=login, name=login, roles=[Role.TECH])
        staff.edit(work, person.id, {"daily_capacity": 10 * ORDERS})
        staff.reset_password(work, person.id, PASSWORD)
        enrolled = tablets.enrol(work, tablets.make_code(work, login).code, install_id=login)
    client = requests.Session()
    device = {"tablet_id": str(enrolled.tablet_id), "tablet_key": enrolled.tablet_key}
    answer = client.post(f"{url}/auth/sign-in", json={"login": login, "password": PASSWORD, **device}, timeout=60)
    answer.raise_for_status()
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return Tablet(url, person.id, client)
