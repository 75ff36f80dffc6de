"""Vector tiles: the same content from both databases, nothing lost or told twice, and versions that move with rows."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from sqlalchemy import insert
from sqlalchemy.orm import Session

from curbstop.commands.import_rows import line_element
from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Role
from curbstop.models import Cycle, Hydrant, Route, RouteVersion, ServiceOrder, ServicePoint, Stop, Street
from curbstop.models.base import Base
from curbstop.models.engine import Sessions, make_engine
from curbstop.queries import tiles
from curbstop.queries.tile_layers import LAYERS, layer_of
from geo.tiles import Tile, tile_at
from tests.services import databases, programs

ANYBODY = Actor(UUID(int=1), "Dana", frozenset({Role.DSP}))
EDITOR = Actor(UUID(int=2), "Gus", frozenset({Role.GIS}))
HERE = (-78.9, 35.7)
AROUND = tile_at(*HERE, 13)


def rows(seed: int = 3) -> list[tuple[type[Base], list[dict[str, Any]]]]:
    """A small town from a seed, the same in both databases: around one tile, over its edges and exactly on them."""
    chance = random.Random(seed)
    ids = (UUID(int=chance.getrandbits(128), version=4) for _ in iter(int, 1))
    west, south, east, north = AROUND.bounds

    def somewhere() -> tuple[float, float]:
        wide, high = east - west, north - south
        return west + wide * chance.uniform(-0.3, 1.3), south + high * chance.uniform(-0.3, 1.3)

    edges = [(west, (south + north) / 2), (east, south), (west, north), ((west + east) / 2, north)]
    points = [
        {
            "id": next(ids), "number": f"SP-{n}", "address": f"{n} Größe St", "city": "Here", "location": _point(at),
            "physical_state": chance.choice(["on", "off"]),
        }
        for n, at in enumerate([*edges, *(somewhere() for _ in range(400))])
    ]  # fmt: skip
    streets = []
    for n in range(60):
        x, y = somewhere()
        way = [(x + chance.gauss(0, 0.004) * k, y + chance.gauss(0, 0.004) * k) for k in range(chance.choice((2, 5)))]
        streets.append({"id": next(ids), "name": f"Street {n}", "line": line_element(way)})
    hydrants = [
        {"id": next(ids), "number": f"H-{n}", "flow_gpm": chance.choice([None, 900]), "location": _point(somewhere())}
        for n in range(40)
    ]
    cycle, route, version = next(ids), next(ids), next(ids)
    stops = [
        {"id": next(ids), "route_version_id": version, "service_point_id": one["id"], "sequence": 10 * n}
        for n, one in enumerate(points[:50], start=1)
    ]
    orders = [
        {
            "id": next(ids), "number": f"SO-{n}", "type_code": "GEN", "type_version": 1, "service_point_id": one["id"],
            "state": "assigned" if n % 3 else "posted",
        }
        for n, one in enumerate(points[:60])
    ]  # fmt: skip
    return [
        (ServicePoint, points), (Street, streets), (Hydrant, hydrants),
        (Cycle, [{"id": cycle, "code": "C1", "name": "One"}]),
        (Route, [{"id": route, "code": "R1", "name": "One", "cycle_id": cycle}]),
        (RouteVersion, [{"id": version, "route_id": route, "number": 1, "state": "published"}]),
        (Stop, stops), (ServiceOrder, orders),
    ]  # fmt: skip


def _point(at: tuple[float, float]) -> str:
    return f"SRID=4326;POINT({at[0]!r} {at[1]!r})"


def _fill(session: Session) -> None:
    for model, many in rows():
        session.execute(insert(model), many)


@contextmanager
def _town(folder: Path, backend: str) -> Iterator[Session]:
    url = databases.new_database(folder, backend)
    engine = make_engine(url)
    try:
        with Sessions(engine).write() as session:
            _fill(session)
        with Sessions(engine).read() as session:
            yield session
    finally:
        engine.dispose()
        databases.drop_database(folder, url)


def drawn(session: Session, name: str, tile: Tile, actor: Actor = ANYBODY) -> dict[str, dict[str, Any]]:
    """The tile's features by their id, as an independent reader has them; clusters by their place."""
    data = tiles.content(session, actor, layer_of(name), tile)
    if not data:
        return {}
    [(said, layer)] = mapbox_vector_tile.decode(data, default_options={"y_coord_down": True}).items()
    assert (said, layer["extent"], layer["version"]) == (name, 4096, 2)
    found = {str(one["properties"].get("id", one["geometry"]["coordinates"])): one for one in layer["features"]}
    assert len(found) == len(layer["features"])
    return found


def _wanted() -> list[Tile]:
    """Over, beside and within the town, at every zoom that some layer is drawn at."""
    found = [AROUND, AROUND.parent(12), AROUND.parent(11), AROUND.parent(9), *AROUND.children(14)]
    return [*found, *(AROUND.children(15)[::5]), *(AROUND.children(16)[::13]), Tile(14, 0, 0)]


def test_both_databases_draw_the_same(run_folder: Path) -> None:
    if programs.missing():
        pytest.skip("; ".join(programs.missing()))
    compared = 0
    with _town(run_folder, "embedded") as ours, _town(run_folder, "services") as theirs:
        for name, layer in LAYERS.items():
            for tile in _wanted():
                if tile.z < layer.least_zoom:
                    continue
                mine, other = drawn(ours, name, tile), drawn(theirs, name, tile)
                if layer.is_points:
                    assert mine == other, (name, str(tile))
                else:
                    _check_lines(mine, other)
                compared += len(mine)
    assert compared > 900


def _check_lines(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    """PostGIS simplifies a little otherwise: the same features, and no line more than two units from the other."""
    shapes = [{key: shapely.geometry.shape(one["geometry"]) for key, one in many.items()} for many in (mine, theirs)]
    for key in mine.keys() | theirs.keys():
        if not all(key in many for many in shapes):
            # A crumb of a line at the very edge, which one of them leaves out.
            assert next(many[key] for many in shapes if key in many).length <= 3
            continue
        assert mine[key]["properties"] == theirs[key]["properties"]
        assert shapes[0][key].hausdorff_distance(shapes[1][key]) <= 2


def test_every_point_is_on_one_tile_of_each_zoom_and_clusters_count_them_all(session: Session) -> None:
    _fill(session)
    total = {"service_points": 404, "stops": 50, "hydrants": 40}
    for name, count in total.items():
        layer = layer_of(name)
        over = [Tile(AROUND.z, AROUND.x + dx, AROUND.y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        single = [key for tile in over for child in tile.children(14) for key in drawn(session, name, child)]
        assert len(single) == len(set(single)) == count
        for z in range(layer.least_zoom, 13):
            clusters = [c for tile in {one.parent(z) for one in over} for c in drawn(session, name, tile).values()]
            assert sum(cluster["properties"]["count"] for cluster in clusters) == count
            assert all(set(cluster["properties"]) == {"count"} for cluster in clusters)
    # Open work only, and two of three orders are open.
    tile = next(tile for tile in AROUND.children(14) if drawn(session, "order_locations", tile))
    seen = drawn(session, "order_locations", tile)
    assert {one["properties"]["state"] for one in seen.values()} == {"assigned"}


def test_positions_on_a_tile_are_where_web_maps_have_them() -> None:
    from pyproj import Transformer

    to_meters = Transformer.from_crs(4326, 3857, always_xy=True)
    for z, at in ((14, HERE), (16, (-122.4194, 37.7749)), (10, (151.2, -33.86)), (3, (0.0, 0.0))):
        tile = tile_at(*at, z)
        x, y = to_meters.transform(*at)
        half, side = 20037508.342789244, 4096 * 2**z
        expected = ((x + half) / (2 * half) * side - tile.x * 4096, (half - y) / (2 * half) * side - tile.y * 4096)
        assert np.allclose(tile.place(np.array([at]))[0], expected, atol=1e-3)
        west, south, east, north = tile.bounds
        assert west <= at[0] < east
        assert south < at[1] <= north


def test_an_editor_of_maps_sees_where_work_is_and_nobody_it_is_given_to(session: Session) -> None:
    _fill(session)
    for tile in AROUND.children(14):
        mine, office = (drawn(session, "order_locations", tile, who) for who in (EDITOR, ANYBODY))
        assert mine.keys() == office.keys()
        for one in mine.values():
            assert set(one["properties"]) == {"id", "number", "type_code", "state", "priority"}
