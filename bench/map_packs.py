"""A district's map pack: 4 x 4 km of a dense town's streets and hydrants, drawn, packed and hashed."""

import hashlib
import random
import time
from collections.abc import Iterator

from sqlalchemy import insert

from bench.figures import Figure, figure
from bench.place import Database, Place, database
from curbstop.commands.import_rows import line_element
from curbstop.models.asset import Hydrant, Street
from curbstop.models.ids import new_id
from curbstop.queries import map_packs
from geo import packs
from geo.tiles import tile_at

NAMES = ("maps.pack", "maps.pack_size")
BAR_S, BAR_KB = 1.0, 250.0
# As dense as the reference city: 62,000 segments on 22 x 22 km.
BLOCK_M, HYDRANT_EVERY = 125.0, 5
# The middle of Durham; a tile of zoom 13 is 3.96 km a side there.
SQUARE = tile_at(-78.9, 35.99, packs.DISTRICT)


def measure(place: Place) -> Iterator[Figure]:
    """Seconds from rows to the finished file, the better of three, and its size; the town goes on around the square."""
    with database(place) as base:
        _build(base)
        base.settle()
        took, pack = [], b""
        for _ in range(3):
            began = time.perf_counter()
            with base.sessions.read() as session:
                pack = packs.packed(SQUARE, map_packs.content(session, SQUARE), map_packs.metadata()) or b""
            hashlib.sha256(pack).hexdigest()
            took.append(time.perf_counter() - began)
        assert pack
        yield figure(NAMES[0], place, min(took), unit="s", better="lower", bar=BAR_S)
        yield figure(NAMES[1], place, len(pack) / 1000, unit="KB", better="lower", bar=BAR_KB)


def _build(base: Database) -> None:
    """Streets with a bend between crossings, from a fixed seed, on the square and 400 m around it."""
    chance = random.Random(5)
    west, south, east, north = SQUARE.bounds_with(400)
    step_y = BLOCK_M / 111_000
    step_x = step_y / 0.809
    columns, rows = int((east - west) / step_x), int((north - south) / step_y)
    nodes = {
        (i, j): (west + step_x * (i + chance.gauss(0, 0.15)), south + step_y * (j + chance.gauss(0, 0.15)))
        for i in range(columns + 1)
        for j in range(rows + 1)
    }
    ways = [((i, j), (i + 1, j)) for i in range(columns) for j in range(rows + 1)]
    ways += [((i, j), (i, j + 1)) for i in range(columns + 1) for j in range(rows)]
    streets, hydrants = [], []
    for number, (one, other) in enumerate(ways):
        (x, y), (to_x, to_y) = nodes[one], nodes[other]
        middle = ((x + to_x) / 2 + chance.gauss(0, step_x / 12), (y + to_y) / 2 + chance.gauss(0, step_y / 12))
        along, at = ("Street", one[1]) if one[1] == other[1] else ("Avenue", one[0])
        streets.append({"id": new_id(), "name": f"{at} {along}", "line": line_element([(x, y), middle, (to_x, to_y)])})
        if number % HYDRANT_EVERY == 0:
            hydrants.append(
                {
                    "id": new_id(), "number": f"H-{number:05d}", "status": "in service", "flow_gpm": 500 + number % 900,
                    "attributes": {}, "location": f"SRID=4326;POINT({middle[0]} {middle[1]})",
                }
            )  # fmt: skip
    with base.work() as work:
        work.session.execute(insert(Street), streets)
        work.session.execute(insert(Hydrant), hydrants)
