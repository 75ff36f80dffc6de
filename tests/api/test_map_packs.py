"""Map packs over HTTP: made by the worker where something changed, listed for a tablet's places, sent by ranges."""

import gzip
import hashlib
import os
import signal
import time
from base64 import b64encode
from datetime import timedelta
from typing import Any

import mapbox_vector_tile
import pytest
from pmtiles.reader import MemorySource, all_tiles
from sqlalchemy import select, update

from curbstop.commands import bulk
from curbstop.commands import map_packs as commands
from curbstop.models import Hydrant, MapSquare, Street
from curbstop.models.base import utc_now
from geo import packs
from geo.tiles import tile_at
from sync import map_packs
from tests.api.office import Client, Office
from tests.jobs import carry_out
from tests.town import Town

HERE, FAR = (-78.999, 35.0), (-77.0, 35.0)
DISTRICT = str(tile_at(*HERE, packs.DISTRICT))
FAR_DISTRICT = str(tile_at(*FAR, packs.DISTRICT))


@pytest.fixture
def tom(office: Office) -> Client:
    return office.as_("tom", tablet=office.enrolled().tablet_id)


@pytest.fixture
def streets(town: Town) -> None:
    """A street and a hydrant where Tom works, and others where nobody does."""
    with town.work() as work:
        for number, (x, y) in enumerate((HERE, FAR)):
            bulk.load(work, Street, [{"name": f"Main {number}", "line": f"SRID=4326;LINESTRING({x} {y}, {x} 35.002)"}])
            bulk.load(work, Hydrant, [_hydrant(f"H-{number}", x, y)])


def _hydrant(number: str, x: float, y: float) -> dict[str, Any]:
    return {"number": number, "location": f"SRID=4326;POINT({x} {y + 0.001})", "attributes": {}}


def _make(town: Town) -> int:
    """What the clock and the worker do."""
    with town.work() as work:
        asked = commands.ask(work)
    carry_out(town)
    return asked


def _offers(client: Client) -> dict[str, Any]:
    return {one["square"]: one for one in client.get("/sync/v1/map-packs").json["packs"]}


def test_a_tablet_carries_the_packs_of_its_places_and_gets_them_whole_or_by_ranges(
    office: Office, town: Town, tom: Client, streets: None
) -> None:
    """Clauses 14.1, 14.2 and 14.3."""
    assert office.as_("dana").get("/map-packs").json["squares"] == 0
    assert _make(town) == 1
    progress = office.as_("dana").get("/map-packs").json
    assert (progress["waiting"], progress["packs"] >= 4) == (0, True)
    assert _offers(tom) == {}, "no work, no map"
    place = town.place()
    town.order("GEN", place, to="tom")
    tom.post("/sync/v1/pull", json={"cursor": None, "schema_version": 1})
    offers = _offers(tom)
    assert DISTRICT in offers
    assert FAR_DISTRICT not in offers
    assert {packs.square_of(name).z for name in offers} == set(packs.ZOOMS)
    offer = offers[DISTRICT]
    url = f"/sync/v1/map-packs/{offer['sha256']}"
    whole = tom.get(url)
    assert (whole.status_code, whole.mimetype, len(whole.data)) == (200, packs.MEDIA_TYPE, offer["size"])
    assert hashlib.sha256(whole.data).hexdigest() == offer["sha256"]
    assert (offer["least_zoom"], offer["deepest_zoom"]) == (13, 16)
    part = tom.get(url, headers={"Range": "bytes=50-", "If-Range": f'"{offer["sha256"]}"'})
    assert (part.status_code, part.data) == (206, whole.data[50:])
    digest = b64encode(hashlib.sha256(part.data).digest()).decode()
    assert part.headers["Content-Digest"] == f"sha-256=:{digest}:"
    assert tom.get(url, headers={"Range": "bytes=5-", "If-Range": '"another"'}).status_code == 200
    assert tom.get(url, headers={"Range": f"bytes={offer['size']}-"}).json["code"] == "range_not_satisfiable"
    _same_as_the_endpoint(office.as_("dana"), whole.data)
    tess = office.as_("tess", tablet=office.enrolled().tablet_id)
    assert _offers(tess) == {}
    assert tess.get(url).status_code == 404
    assert tom.get(f"/sync/v1/map-packs/{'a' * 64}").status_code == 404
    assert office.as_("dana").get("/sync/v1/map-packs").status_code == 403
    assert office.as_("tom").get("/sync/v1/map-packs").json["code"] == "tablet_required"


def _same_as_the_endpoint(dana: Client, pack: bytes) -> None:
    seen = 0
    for (z, x, y), data in all_tiles(MemorySource(pack)):
        for name, layer in mapbox_vector_tile.decode(gzip.decompress(data)).items():
            assert name in ("streets", "hydrants")
            theirs = mapbox_vector_tile.decode(dana.get(f"/tiles/{name}/{z}/{x}/{y}.mvt").data)[name]
            for one in theirs["features"]:
                del one["properties"]["id"]
            assert layer == theirs
            seen += 1
    assert seen >= 8


def test_only_what_changed_is_made_anew(town: Town, streets: None) -> None:
    _make(town)

    def packs_by_square() -> dict[str, tuple[Any, ...]]:
        return {one.name: (one.sha256, one.built_at) for one in town.all(select(MapSquare))}

    before = packs_by_square()
    assert _make(town) == 0, "nothing changed"
    with town.work() as work:
        bulk.load(work, Hydrant, [_hydrant("H-9", *HERE)])
    assert _make(town) == 1
    after = packs_by_square()
    moved = {name for name in after if before[name] != after[name]}
    around = {str(one) for z in packs.ZOOMS for one in packs.squares_around((*HERE, HERE[0], 35.001), z)}
    assert DISTRICT in moved
    assert moved <= around
    # A row that was written and draws the same is the same file.
    with town.work() as work:
        work.session.execute(update(Hydrant).values(version=Hydrant.version + 1))
        assert commands.take_survey(work, "x", map_packs.survey(town.sessions).prints) == []
    with town.work() as work:
        commands.take_survey(work, "y", map_packs.survey(town.sessions).prints)
    carry_out(town)
    again = packs_by_square()
    assert {name: one[0] for name, one in again.items()} == {name: one[0] for name, one in after.items()}
    assert again[DISTRICT][1] > after[DISTRICT][1]


def test_a_worker_that_is_killed_leaves_no_half_pack_and_the_next_one_makes_it(
    town: Town, streets: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = town.settings.packs_dir
    child = os.fork()
    if not child:
        # Half of the bytes are on the disk; nothing is cleaned up after SIGKILL.
        monkeypatch.setattr(os, "fsync", lambda _: os.kill(os.getpid(), signal.SIGKILL))
        map_packs._write(folder, "a" * 64, b"half a pack")
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    [half] = folder.iterdir()
    assert half.suffix != ".pmtiles"

    def broken(*_: object) -> None:
        raise OSError(28, "no space left on the device")

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", broken)
        with pytest.raises(OSError, match="no space"):
            _make(town)
    assert list(folder.iterdir()) == [half]
    assert not any(town.all(select(MapSquare.sha256)))
    carry_out(town)
    names = {f"{sha256}.pmtiles" for sha256 in town.all(select(MapSquare.sha256)) if sha256}
    assert names == {path.name for path in folder.iterdir()} - {half.name}
    long_ago = time.time() - 7200
    os.utime(half, (long_ago, long_ago))
    with town.work() as work:
        assert commands.forget_files(work) == 1
    assert not half.exists()


def test_a_lost_job_is_asked_for_again_and_a_late_one_changes_nothing(town: Town, streets: None) -> None:
    with town.work() as work:
        due = commands.take_survey(work, commands.state_of_layers(work.session), map_packs.survey(town.sessions).prints)
    late = map_packs.write(town.sessions, town.settings, due)
    with town.sessions.write() as session:
        session.execute(update(MapSquare).values(wanted="another print"))
    with town.work() as work:
        assert commands.keep(work, late) == 0
        work.session.connection().exec_driver_sql("DELETE FROM outbox")
    with town.work() as work:
        assert commands.ask(work) == 0, "it may still be at work"
    with town.sessions.write() as session:
        session.execute(update(MapSquare).values(wanted_at=utc_now() - timedelta(hours=1)))
    assert _make(town) == 1
    assert all(town.all(select(MapSquare.built == MapSquare.wanted)))
    assert map_packs.build_all(town.sessions, town.settings, lambda *_: None) == 0
