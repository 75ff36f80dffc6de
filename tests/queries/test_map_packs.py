"""Map packs: what the office's map draws, in one file, and prints that move only where something changed."""

import gzip
from typing import Any
from uuid import UUID

import mapbox_vector_tile
import pytest
from pmtiles.reader import MemorySource, Reader, all_tiles
from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Role
from curbstop.domain.problems import Problem
from curbstop.models import Hydrant, ServicePoint, Street
from curbstop.queries import map_packs, tiles
from curbstop.queries.tile_layers import layer_of
from geo import packs
from geo.tiles import Tile
from tests.queries.test_tiles import AROUND, HERE, rows

ANYBODY = Actor(UUID(int=1), "Dana", frozenset({Role.DSP}))
LAYERS = ("streets", "hydrants")


@pytest.fixture
def town(session: Session) -> Session:
    """Streets and hydrants around one square, and meters that no pack may have."""
    for model, values in rows():
        if model in (Street, Hydrant, ServicePoint):
            session.execute(insert(model), values)
    return session


def _pack(session: Session, square: Tile) -> bytes:
    pack = packs.packed(square, map_packs.content(session, square), map_packs.metadata())
    assert pack is not None
    return pack


def _features(data: bytes) -> list[tuple[str, Any, Any]]:
    """(layer, attributes without the id, geometry), in an order of their own."""
    found = mapbox_vector_tile.decode(data) if data else {}
    told = [
        (name, {key: value for key, value in one["properties"].items() if key != "id"}, one["geometry"])
        for name, layer in found.items()
        for one in layer["features"]
    ]
    return sorted(told, key=repr)


@pytest.mark.parametrize("z", list(packs.ZOOMS))
def test_a_pack_has_every_tile_just_as_the_office_sees_it_and_no_other(town: Session, z: int) -> None:
    square = AROUND if z == AROUND.z else AROUND.parent(z)
    pack = _pack(town, square)
    assert pack == _pack(town, square), "the same rows make the same bytes"
    source = MemorySource(pack)
    header = Reader(source).header()
    assert (header["min_zoom"], header["max_zoom"], header["clustered"]) == (
        packs.ZOOMS[z].start, packs.ZOOMS[z].stop - 1, True,
    )  # fmt: skip
    inside = {Tile(*zxy): gzip.decompress(data) for zxy, data in all_tiles(source)}
    seen = 0
    for tile in packs.tiles_of(square):
        drawn = b"".join(tiles.content(town, ANYBODY, layer_of(name), tile) for name in LAYERS)
        assert _features(inside.pop(tile, b"")) == _features(drawn), str(tile)
        seen += len(_features(drawn))
    assert seen > 20
    assert inside == {}
    [streets, hydrants] = Reader(source).metadata()["vector_layers"]
    assert (streets["id"], list(streets["fields"])) == ("streets", ["name"])
    assert (hydrants["id"], list(hydrants["fields"])) == ("hydrants", ["number", "status", "flow_gpm"])


def test_nothing_of_places_where_customers_live_is_in_a_pack(town: Session) -> None:
    pack = _pack(town, AROUND)
    for _, data in all_tiles(MemorySource(pack)):
        plain = gzip.decompress(data)
        assert b"SP-" not in plain
        assert "Größe".encode() not in plain
        assert set(mapbox_vector_tile.decode(plain)) <= set(LAYERS)


def test_the_print_of_a_square_moves_with_what_lies_on_it_and_with_nothing_else(town: Session) -> None:
    away = (HERE[0] + 1, HERE[1])
    town.execute(insert(Hydrant), [{"id": UUID(int=7), "number": "H-X", "location": _point(away), "attributes": {}}])

    def moved(since: dict[Tile, str]) -> set[Tile]:
        now = map_packs.survey(town)
        return {square for square in now.keys() | since.keys() if now.get(square) != since.get(square)}

    before = map_packs.survey(town)
    assert AROUND in before
    assert moved(before) == set()
    town.execute(update(ServicePoint).values(version=99))
    assert moved(before) == set()
    town.execute(update(Hydrant).where(Hydrant.id == UUID(int=7)).values(version=2, location=_point(HERE)))
    there = {packs.squares_around((*away, *away), z)[0] for z in packs.ZOOMS}
    here = {packs.squares_around((*HERE, *HERE), z)[0] for z in packs.ZOOMS}
    assert moved(before) == there | here
    before = map_packs.survey(town)
    assert not there & before.keys()
    town.execute(delete(Hydrant).where(Hydrant.id == UUID(int=7)))
    assert moved(before) == here


def test_every_tile_on_which_a_street_shows_is_of_a_square_that_was_surveyed(town: Session) -> None:
    """Lines show a little beyond the tiles that they lie on."""
    surveyed = map_packs.survey(town)
    for z in packs.ZOOMS:
        middle = AROUND if z == AROUND.z else AROUND.parent(z)
        for x in range(middle.x - 2, middle.x + 3):
            for y in range(middle.y - 2, middle.y + 3):
                square = Tile(z, x, y)
                if any(data for _, data in map_packs.content(town, square)):
                    assert square in surveyed


@pytest.mark.parametrize("name", ["", "13/1", "13/1/1/1", "13/x/1", "12/1/1", "13/9000/1", "13/-1/1", "13/²/1"])
def test_what_names_no_square_gets_a_problem(name: str) -> None:
    with pytest.raises(Problem) as raised:
        packs.square_of(name)
    assert raised.value.code == "invalid"


def test_a_square_without_anything_has_no_pack() -> None:
    square = packs.square_of("13/5/6")
    assert str(square) == "13/5/6"
    assert packs.packed(square, ((tile, b"") for tile in packs.tiles_of(square)), {}) is None


def _point(at: tuple[float, float]) -> str:
    return f"SRID=4326;POINT({at[0]} {at[1]})"
