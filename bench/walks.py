"""The shortest walk through a route: 450 stops among 20,000 streets, from the database to the order."""

import random
import time
from collections.abc import Iterator
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import insert

from bench.figures import Figure, figure
from bench.place import Database, Place, database
from curbstop.commands import route_versions, routes
from curbstop.commands.import_rows import line_element
from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Role
from curbstop.models.asset import Street
from curbstop.models.ids import new_id
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_ewkb
from curbstop.queries import route_walks

NAMES = ("maps.sequence", "maps.sequence_length")
BAR_S, BAR_LENGTH = 2.0, 1.005
BLOCKS, BLOCK_DEG = 100, 0.001
CORNER = (-79.0, 35.6)
STOPS = 450
WHO = Actor(UUID(int=1), "Bench", frozenset({Role.GIS}))


def measure(place: Place) -> Iterator[Figure]:
    """Seconds with the matrix; and the walk's length over that of the same solver with a minute."""
    with database(place) as base:
        version_id, start = build(base, place.amount(BLOCKS, 30))
        base.settle()
        began = time.perf_counter()
        with base.sessions.read() as session:
            stops = route_walks.gather(session, WHO, version_id)
        walk = route_walks.propose(stops, start=start)
        yield figure(NAMES[0], place, time.perf_counter() - began, unit="s", better="lower", bar=BAR_S)
        long = route_walks.propose(stops, start=start, seconds=place.amount(60, 3))
        yield figure(
            NAMES[1], place, walk.length_after_m, unit="m", better="lower", bar=BAR_LENGTH,
            baseline=long.length_after_m,
        )  # fmt: skip


def build(base: Database, blocks: int) -> tuple[UUID, UUID]:
    """Square blocks, and a route through stops on both sides of the streets of some of them, in no order."""
    chance = random.Random(11)
    with base.work() as work:
        for row in range(blocks):
            lines = []
            for column in range(blocks):
                here, east, north = (_at(column + right, row + up) for right, up in ((0, 0), (1, 0), (0, 1)))
                lines += [_street(here, east), _street(here, north)]
            work.session.execute(insert(Street), lines)
        rows, places = [], [new_id() for _ in range(STOPS)]
        for number, place in enumerate(places):
            along, across = chance.uniform(4, 16), chance.randrange(4, 16) + chance.choice((-0.06, 0.06))
            x, y = (along, across) if chance.random() < 0.5 else (across, along)
            point = WKBElement(point_ewkb(*_at(x, y)), srid=4326, extended=True)
            rows.append({"id": place, "number": f"SP-{number:06d}", "address": f"{number} Main St", "city": "Town",
                         "location": point, "hazards": [], "field_versions": {}, "version": 1})  # fmt: skip
        work.session.execute(insert(ServicePoint), rows)
        cycle = routes.create_cycle(work, code="C1", name="Cycle")
        route = routes.create(work, code="R1", name="Route", cycle_id=cycle.id)
        version = route_versions.draft(work, route.id, places)
        return version.id, places[0]


def _at(x: float, y: float) -> tuple[float, float]:
    return CORNER[0] + x * BLOCK_DEG * 1.23, CORNER[1] + y * BLOCK_DEG


def _street(one: tuple[float, float], other: tuple[float, float]) -> dict[str, object]:
    return {"id": new_id(), "name": "Street", "line": line_element([one, other]), "version": 1}
