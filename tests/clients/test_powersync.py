"""PowerSync's own client against this server; it checks every bucket's checksum itself."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
from sqlalchemy import select, update

from curbstop.commands import routes, service_points
from curbstop.models import OpLedger, RouteSession
from curbstop.models.change_log import SyncHistory
from tests.clients.conftest import SignedIn, World
from tests.clients.npm import Client
from tests.clients.proxy import Proxy
from tests.sync.model_tablet import cut_off

ORDERS = "SELECT id FROM service_order"
MISMATCH = re.compile("checksum", re.IGNORECASE)


def online(tablet: Client, me: SignedIn, url: str | None = None) -> None:
    tablet.ask("online", url=url or me.url, token=me.token, api=me.url)


def count(tablet: Client, sql: str = ORDERS) -> int:
    return len(tablet.ask("rows", sql=sql))


def test_a_first_sync_brings_everything_and_a_change_follows_at_once(world: World, tmp_path: Path) -> None:
    """Clauses 13.2, 13.3."""
    place = world.town.place()
    order = world.town.order("CUT_OFF_REQ", place, to="tom")
    me = world.sign_in("tom")
    with Client("powersync", tmp_path) as tablet:
        online(tablet, me)
        tablet.until("state", "dispatched", id=str(order))
        assert tablet.ask("rows", sql="SELECT address FROM service_point") == [{"address": "1 Main St"}]
        assert count(tablet, "SELECT id FROM code") > 10
        second = world.town.order("GEN", place, to="tom")
        tablet.until("state", "dispatched", id=str(second))
        assert not MISMATCH.search(tablet.errors())


def test_a_local_write_reaches_the_server_and_comes_back(world: World, tmp_path: Path) -> None:
    """Clauses 13.1, 13.5, I6: the row is the server's again only with the ops' effects in it."""
    place = world.town.place()
    order = world.town.order("CUT_OFF_REQ", place, to="tom")
    me = world.sign_in("tom")
    with Client("powersync", tmp_path) as tablet:
        online(tablet, me)
        tablet.until("state", "dispatched", id=str(order))
        tablet.ask("onTheWay", id=str(order))
        assert tablet.ask("state", id=str(order)) == "en_route"
        tablet.ask("note", id=str(place.id), notes="Behind the shed.")
        tablet.until("pending", 0)
        held = "SELECT access_notes FROM service_point WHERE row_version > 1"
        tablet.until("rows", [{"access_notes": "Behind the shed."}], sql=held)
        assert world.town.read_order(order).state == "en_route"
        tablet.ask("done", id=str(order), captures=cut_off(place)["captures"])
        tablet.until("pending", 0)
        outcome = "SELECT outcome FROM service_order"
        tablet.until("rows", [{"outcome": "DONE"}], sql=outcome)
        assert [row.verdict for row in world.town.all(select(OpLedger).order_by(OpLedger.n))] == ["applied"] * 3
        assert not MISMATCH.search(tablet.errors())


def test_what_was_refused_gives_way_to_the_servers_row(world: World, tmp_path: Path) -> None:
    """Clause 13.5: none of the tablet's rows has changed on the server, and the stream speaks all the same."""
    place = world.town.place()
    order = world.town.order("CUT_OFF_REQ", place, to="tom")
    me = world.sign_in("tom")
    with Client("powersync", tmp_path) as tablet:
        online(tablet, me)
        tablet.until("state", "dispatched", id=str(order))
        tablet.ask("done", id=str(order), captures={}, outcome="NO_SUCH_CODE")
        assert tablet.ask("state", id=str(order)) == "completed"
        tablet.until("pending", 0)
        tablet.until("state", "dispatched", id=str(order))
        assert [row.verdict for row in world.town.all(select(OpLedger))] == ["parked"]


def test_an_order_that_moved_away_goes_after_its_pending_op_was_sent(world: World, tmp_path: Path) -> None:
    """Clauses 13.4, 13.5, I12: kept while an op of it waits, gone afterwards, and the work is not lost."""
    place = world.town.place()
    order, other = (world.town.order("CUT_OFF_REQ", spot, to="tom") for spot in (place, world.town.place()))
    me = world.sign_in("tom")
    with Client("powersync", tmp_path) as tablet, Proxy(world.url) as pushes:
        tablet.ask("online", url=me.url, token=me.token, api=pushes.url)
        tablet.until("state", "dispatched", id=str(order))
        pushes.refuses = True
        tablet.ask("onTheWay", id=str(order))
        world.town.assign(order, "tess")
        third = world.town.order("GEN", world.town.place(), to="tom")
        tablet.until("rows", lambda _: "due to local data" in tablet.errors(), sql="SELECT 1")
        assert tablet.ask("state", id=str(order)) == "en_route"
        assert tablet.ask("pending") == 2
        pushes.refuses = False
        tablet.until("state", None, id=str(order))
        tablet.until("pending", 0)
        assert {row["id"] for row in tablet.ask("rows", sql=ORDERS)} == {str(other), str(third)}
        assert [row.verdict for row in world.town.all(select(OpLedger))] == ["superseded_noop"]


def test_a_route_that_is_over_leaves_with_its_whole_bucket(world: World, tmp_path: Path) -> None:
    """Clause 13.4."""
    places = [world.town.place() for _ in range(3)]
    world.town.order("GEN", places[0], to="tom")
    world.town.route(places, to="tom")
    me = world.sign_in("tom")
    with Client("powersync", tmp_path) as tablet:
        online(tablet, me)
        tablet.until("rows", lambda rows: len(rows) == 3, sql="SELECT id FROM stop")
        [walked] = world.town.all(select(RouteSession.id))
        with world.town.work("sue") as work:
            routes.close_session(work, walked)
        world.town.order("READ_RE", places[0], to="tom")
        tablet.until("rows", [], sql="SELECT id FROM stop")
        # The place of the order is in the technician's bucket, too.
        assert count(tablet, "SELECT id FROM service_point") == 1
        assert not MISMATCH.search(tablet.errors())


def test_a_restored_server_is_noticed_and_the_outbox_is_kept(world: World, tmp_path: Path) -> None:
    """Clauses 13.6, I18."""
    place = world.town.place()
    order = world.town.order("CUT_OFF_REQ", place, to="tom")
    me = world.sign_in("tom")
    with Client("powersync", tmp_path) as tablet:
        online(tablet, me)
        tablet.until("state", "dispatched", id=str(order))
        tablet.ask("offline")
        before = {bucket["name"] for bucket in tablet.ask("buckets")}
        tablet.ask("onTheWay", id=str(order))
        with world.town.sessions.write() as session:
            session.execute(update(SyncHistory).values(history_id=uuid4()))
        online(tablet, me)
        tablet.until("pending", 0)
        tablet.until("buckets", lambda now: now and not before & {bucket["name"] for bucket in now})
        tablet.until("state", "en_route", id=str(order))
        assert world.town.read_order(order).state == "en_route"


def test_the_client_refuses_a_checksum_that_was_altered_on_its_way(world: World, tmp_path: Path) -> None:
    """Clause 13.3, I14: what is not whole is never shown, and the next try brings it."""
    order = world.town.order("GEN", world.town.place(), to="tom")
    me = world.sign_in("tom")

    def corrupt(piece: bytes) -> bytes:
        """One digit of the check of an op in a technician's bucket."""

        def other(found: re.Match[bytes]) -> bytes:
            return found[1] + (b"1" if found[2] != b"1" else b"2")

        return re.sub(rb'("object_type":"service_order".{0,200}?"checksum":)(\d)', other, piece)

    with Client("powersync", tmp_path) as tablet, Proxy(me.url) as proxy:
        proxy.alter = corrupt
        online(tablet, me, proxy.url)
        tablet.until("rows", lambda _: MISMATCH.search(tablet.errors()), sql="SELECT 1")
        assert count(tablet) == 0
        assert not tablet.ask("synced")
        proxy.alter = bytes
        tablet.until("state", "dispatched", id=str(order))


def test_a_cut_midway_loses_nothing_and_doubles_nothing(world: World, tmp_path: Path) -> None:
    """Clauses 13.3, I15: wherever the line breaks, the sums agree after the next stream."""
    places = [world.town.place() for _ in range(60)]
    world.town.route(places, to="tom")
    for place in places[:20]:
        world.town.order("GEN", place, to="tom")
    me = world.sign_in("tom")
    with Client("powersync", tmp_path) as tablet, Proxy(me.url) as proxy:
        proxy.left = 20_000
        online(tablet, me, proxy.url)
        for place, cut in zip(places[20:23], (30_000, 45_000, 60_000), strict=True):
            tablet.until("rows", lambda _: proxy.left is None, sql="SELECT 1")
            world.town.order("GEN", place, to="tom")
            proxy.left = cut
        proxy.left = None
        tablet.until("rows", lambda rows: len(rows) == 23, sql=ORDERS)
        assert count(tablet, "SELECT id FROM stop") == 60
        assert not MISMATCH.search(tablet.errors())


def lines(me: SignedIn, buckets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One checkpoint as a client hears it."""
    answer = requests.post(
        f"{me.url}/compat/powersync/sync/stream",
        json={"buckets": buckets, "client_id": "c", "include_checksum": True},
        headers={"Authorization": f"Token {me.token}"},
        stream=True,
        timeout=30,
    )
    answer.raise_for_status()
    found = []
    with answer:
        for line in answer.iter_lines():
            found.append(json.loads(line))
            if "checkpoint_complete" in found[-1]:
                return found
    raise AssertionError("the stream ended early")


def test_a_client_that_stopped_behind_any_op_comes_to_the_same_sum(world: World) -> None:
    """Clause 13.3, I14, I15: the sum does not depend on which streams brought the ops."""
    places = [world.town.place() for _ in range(4)]
    world.town.route(places, to="tom")
    orders = [world.town.order("CUT_OFF_REQ", place, to="tom") for place in places]
    me = world.sign_in("tom")
    first = lines(me, [])
    for place, order in zip(places, orders, strict=True):
        with world.town.work("sue") as work:
            service_points.edit(work, place.id, {"access_notes": f"Note {place.serial}"}, if_version=1)
        if order is orders[1]:
            world.town.assign(order, "tess")
    data = [line["data"] for line in first if "data" in line]
    ends = [(one["bucket"], op["op_id"], i) for one in data for i, op in enumerate(one["data"])]
    for name, op_id, index in ends:
        [had] = [one["data"][: index + 1] for one in data if one["bucket"] == name]
        then = lines(me, [{"name": name, "after": op_id}])
        [wanted] = [b["checksum"] for b in then[0]["checkpoint"]["buckets"] if b["bucket"] == name]
        got = [op for line in then if line.get("data", {}).get("bucket") == name for op in line["data"]["data"]]
        if "codes" not in name:
            assert sum(op["checksum"] for op in [*had, *got]) % 2**32 == wanted, (name, op_id)
