"""Vector tiles over a whole utility: each tile of zooms 10 to 16 once, against bare ST_AsMVT over the same rows."""

import gzip
import random
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from bench.figures import Figure, figure
from bench.place import Database, Place, database
from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Role
from curbstop.models.ids import new_id
from curbstop.models.service_point import ServicePoint
from curbstop.queries import tiles
from curbstop.queries.tile_layers import layer_of
from geo.tiles import Tile, tile_at

NAMES = ("maps.tiles", "maps.tiles_z14")
BAR, BAR_Z14 = 0.7, 150.0
SIDE_DEG, BLOCK_DEG = 0.2, 0.0012
CORNER = (-79.0, 35.6)
ZOOMS = range(10, 17)
WHO = Actor(UUID(int=1), "Bench", frozenset({Role.DSP}))


def measure(place: Place) -> Iterator[Figure]:
    """Tiles a second of all zooms and of zoom 14, packed as they are sent. The bar of the first is on PostGIS only."""
    with database(place) as base:
        build(base, place.amount(100_000, 10_000))
        base.settle()
        with base.sessions.read() as session:
            every = [tile for z in ZOOMS for tile in _over(z)]
            bare = None if base.sessions.is_sqlite else _rate(every, lambda tile: _bare(session, tile))
            rate = _rate(every, lambda tile: _ours(session, tile))
            bar = None if bare is None else BAR
            yield figure(NAMES[0], place, rate, unit="tiles/s", better="higher", bar=bar, baseline=bare)
            chosen = _over(14)
            rate = max(_rate(chosen, lambda tile: _ours(session, tile)) for _ in range(3))
            bar = BAR_Z14 if base.sessions.is_sqlite else None
            yield figure(NAMES[1], place, rate, unit="tiles/s", better="higher", bar=bar)


def build(base: Database, points: int) -> None:
    """Meters along the streets of a square town, 22 km a side, from a fixed seed."""
    chance = random.Random(5)
    blocks = int(SIDE_DEG / BLOCK_DEG)
    for start in range(0, points, 5_000):
        rows = []
        for number in range(start, min(points, start + 5_000)):
            along, across = chance.uniform(0, SIDE_DEG), chance.randrange(blocks) * BLOCK_DEG + 0.0001
            x, y = (along, across) if chance.random() < 0.5 else (across, along)
            rows.append(_row(number, (CORNER[0] + x * 1.23, CORNER[1] + y)))
        with base.work() as work:
            work.session.execute(insert(ServicePoint), rows)


def _row(number: int, at: tuple[float, float]) -> dict[str, Any]:
    return {
        "id": new_id(), "number": f"SP-{number:06d}", "address": f"{number % 1200} Street {number // 1200}",
        "city": "Durham", "physical_state": "on", "location": f"SRID=4326;POINT({at[0]} {at[1]})",
    }  # fmt: skip


def _over(z: int) -> list[Tile]:
    low = tile_at(CORNER[0], CORNER[1], z)
    high = tile_at(CORNER[0] + SIDE_DEG * 1.23, CORNER[1] + SIDE_DEG, z)
    return [Tile(z, x, y) for x in range(low.x, high.x + 1) for y in range(high.y, low.y + 1)]


def _rate(wanted: list[Tile], draw: Callable[[Tile], int]) -> float:
    """Tiles a second, the better of two rounds: the first one also warms up."""
    took = []
    for _ in range(2):
        began = time.perf_counter()
        found = [draw(tile) for tile in wanted]
        took.append(time.perf_counter() - began)
        assert median(found) > 0
    return len(wanted) / min(took)


def _ours(session: Session, tile: Tile) -> int:
    layer = layer_of("service_points")
    tiles.tag(session, WHO, layer)
    drawn = tiles.content(session, WHO, layer, tile)
    return len(gzip.compress(drawn, tiles.PACKING, mtime=0)) if drawn else 0


_BARE = """
    SELECT ST_AsMVT(one, 'points', 4096, 'geom') FROM (
        SELECT ST_AsMVTGeom(ST_Transform(location, 3857), ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4096, 0) AS geom,
            CAST(id AS text) AS id, number, address, physical_state
        FROM service_point
        WHERE location && ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4326)
    ) AS one
"""


def _bare(session: Session, tile: Tile) -> int:
    """What one writes by hand for PostGIS: no clusters, no tag, no packing."""
    where = {"z": tile.z, "x": tile.x, "y": tile.y}
    return len(bytes(session.connection().exec_driver_sql(_BARE, where).scalar() or b""))
