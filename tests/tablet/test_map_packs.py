"""Map packs on a tablet: fetched once, gone on with after a break, verified, replaced whole, let go of after a week."""

import gzip
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import mapbox_vector_tile
import pytest
from pmtiles.reader import Reader
from sqlalchemy import select

from curbstop.commands import bulk
from curbstop.commands import map_packs as commands
from curbstop.models import Hydrant, MapSquare, Street
from curbstop.tablet import Offline, map_packs
from geo.tiles import tile_at
from sync import map_packs as server
from tests.tablet.conftest import NewTablet, Tablet
from tests.tablet.test_first_sync import heard
from tests.town import Town

HERE = (-78.999, 35.0)
DISTRICT = str(tile_at(*HERE, 13))
__all__ = ["heard"]
Heard = list[tuple[str, Any, int]]


@pytest.fixture
def tom(town: Town, new_tablet: NewTablet) -> Tablet:
    """Has an order in a place with streets, enough of them that a pack comes in more than one piece."""
    x, y = HERE
    ways = [
        {"name": f"Street {n * n}", "line": f"SRID=4326;LINESTRING({x + n % 97 / 7e3} {y}, {x + n / 3e4} {y + 0.01})"}
        for n in range(500)
    ]
    with town.work() as work:
        bulk.load(work, Street, ways)
    _make(town)
    town.order("GEN", town.place(), to="tom")
    return new_tablet("tom")


def _make(town: Town) -> None:
    server.build_all(town.sessions, town.settings, lambda *_: None)


def _held(tablet: Tablet) -> dict[str, str]:
    return {one["square"]: one["sha256"] for one in map_packs.held(tablet.store)}


def _files(calls: Heard) -> list[tuple[str, Any, int]]:
    return [call for call in calls if call[0].startswith("/sync/v1/map-packs/")]


def test_packs_are_fetched_once_and_drawn_from_without_a_network(town: Town, tom: Tablet, heard: Heard) -> None:
    """Clauses 14.1 and 14.4."""
    assert tom.client.sync().packs >= 2
    assert DISTRICT in _held(tom)
    asked = len(_files(heard))
    assert tom.client.sync().packs == 0
    assert len(_files(heard)) == asked == len(_held(tom))
    tom.network.online = False
    sha256 = _held(tom)[DISTRICT]
    z, x, y = map(int, DISTRICT.split("/"))
    tile = Reader(lambda at, length: map_packs.read(tom.store, sha256, at, length)).get(z, x, y)
    assert len(mapbox_vector_tile.decode(gzip.decompress(tile))["streets"]["features"]) > 400


def test_a_broken_download_goes_on_behind_its_last_byte_and_nothing_half_is_drawn(
    town: Town, tom: Tablet, heard: Heard
) -> None:
    """Clauses 14.2 and 14.4."""
    tom.client.pull()
    for _ in range(3):
        tom.network.break_streams = 1
        with pytest.raises(Offline):
            tom.client.fetch_maps()
        assert _held(tom) == {}
    assert tom.client.fetch_maps() == len(_held(tom)) >= 2
    assert {status for _, _, status in _files(heard)} == {206}
    first = _files(heard)[0][0]
    begins = [int(span[6:-1]) for path, span, _ in _files(heard) if path == first]
    assert begins == sorted(set(begins))
    assert len(begins) == 4
    for square, sha256 in _held(tom).items():
        [size] = town.all(select(MapSquare.size).where(MapSquare.name == square))
        file = commands.path_of(town.settings.packs_dir, sha256).read_bytes()
        assert map_packs.read(tom.store, sha256, 0, size) == file


def test_what_is_not_what_its_name_says_is_never_drawn_and_fetched_again(town: Town, tom: Tablet) -> None:
    """Clause 14.4."""
    [good] = town.all(select(MapSquare.sha256).where(MapSquare.name == DISTRICT))
    path = commands.path_of(town.settings.packs_dir, good)
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    tom.client.sync()
    assert DISTRICT not in _held(tom)
    path.write_bytes(data)
    assert tom.client.sync().packs == 1, "asked again at once, though no row came"
    assert _held(tom)[DISTRICT] == good


def test_a_square_keeps_its_old_pack_until_the_new_one_is_whole(town: Town, tom: Tablet) -> None:
    """Clause 14.4."""
    tom.client.sync()
    old = _held(tom)[DISTRICT]
    with town.work() as work:
        hydrant = {"number": "H-9", "location": f"SRID=4326;POINT({HERE[0]} {HERE[1]})", "attributes": {}}
        bulk.load(work, Hydrant, [hydrant])
    _make(town)
    assert tom.client.sync().packs == 0, "not an hour later"
    tom.network.break_streams = 1
    with pytest.raises(Offline):
        tom.client.fetch_maps()
    assert _held(tom)[DISTRICT] == old
    tom.client.sync()
    assert _held(tom)[DISTRICT] != old
    assert len([one for one in map_packs.held(tom.store) if one["square"] == DISTRICT]) == 1
    assert tom.store.query("SELECT 1 FROM map_piece WHERE sha256 = ?", old) == []


def test_a_pack_out_of_scope_stays_for_a_week_and_goes_with_its_bytes(town: Town, tom: Tablet) -> None:
    """Clause 14.5."""
    tom.client.sync()
    carried = _held(tom)
    [order] = tom.store.query("SELECT id FROM server_row WHERE entity_type = 'service_order'")
    town.assign(UUID(order["id"]), "tess")
    tom.client.sync()
    assert _held(tom) == carried
    [left_at] = {row["left_at"] for row in tom.store.query("SELECT left_at FROM map_pack")}
    week_ago = (datetime.fromisoformat(left_at) - timedelta(days=7)).isoformat()
    with tom.store.transaction() as db:
        db.execute("UPDATE map_pack SET left_at = ?", (week_ago,))
    tom.client.fetch_maps()
    assert _held(tom) == {}
    assert tom.store.query("SELECT 1 FROM map_piece") == []
