"""RxDB's own replication against this server."""

from pathlib import Path
from uuid import uuid4

from sqlalchemy import select, update

from curbstop.models import OpLedger
from curbstop.models.change_log import SyncHistory
from tests.clients.conftest import World
from tests.clients.npm import Client
from tests.clients.proxy import Proxy


def test_documents_come_change_live_and_go_back_as_ops(world: World, tmp_path: Path) -> None:
    """Clauses 13.7, 13.8: a state is an event, notes are an edit; nothing writes a row."""
    place = world.town.place()
    order = world.town.order("GEN", place, to="tom")
    me = world.sign_in("tom")
    with Client("rxdb", tmp_path) as tablet:
        tablet.ask("online", url=me.url, token=me.token)
        tablet.until("state", "dispatched", id=str(order))
        second = world.town.order("READ_RE", place, to="tom")
        tablet.until("state", "dispatched", id=str(second))
        tablet.ask("edit", table="service_order", id=str(order), values={"state": "en_route"})
        tablet.ask("edit", table="service_point", id=str(place.id), values={"access_notes": "Behind the shed."})

        def back(rows: list[dict[str, object]]) -> bool:
            return [(row["access_notes"], row["row_version"]) for row in rows] == [("Behind the shed.", 2)]

        tablet.until("rows", back, table="service_point")
        tablet.until("rows", lambda _: world.town.read_order(order).state == "en_route", table="service_order")
        assert {row.kind for row in world.town.all(select(OpLedger))} == {"order.travel", "service_point.edit"}


def test_what_no_op_says_comes_back_as_a_conflict(world: World, tmp_path: Path) -> None:
    """Clause 13.8."""
    order = world.town.order("GEN", world.town.place(), to="tom")
    me = world.sign_in("tom")
    with Client("rxdb", tmp_path) as tablet:
        tablet.ask("online", url=me.url, token=me.token)
        tablet.until("state", "dispatched", id=str(order))
        tablet.ask("edit", table="service_order", id=str(order), values={"state": "posted"})
        tablet.until("state", "dispatched", id=str(order))
        assert world.town.all(select(OpLedger)) == []


def test_an_order_that_moved_away_goes_after_its_edit_was_sent(world: World, tmp_path: Path) -> None:
    """Clauses 13.8, I12."""
    order = world.town.order("GEN", world.town.place(), to="tom")
    me = world.sign_in("tom")
    with Client("rxdb", tmp_path) as tablet, Proxy(me.url) as proxy:
        tablet.ask("online", url=proxy.url, token=me.token)
        tablet.until("state", "dispatched", id=str(order))
        proxy.refuses = True
        proxy.cut()
        tablet.ask("edit", table="service_order", id=str(order), values={"state": "en_route"})
        world.town.assign(order, "tess")
        assert tablet.ask("state", id=str(order)) == "en_route"
        proxy.refuses = False
        tablet.until("state", None, id=str(order))
        assert [row.verdict for row in world.town.all(select(OpLedger))] == ["superseded_noop"]


def test_a_restored_server_is_noticed_and_a_new_replication_goes_on(world: World, tmp_path: Path) -> None:
    """Clauses 13.7, I18."""
    order = world.town.order("GEN", world.town.place(), to="tom")
    me = world.sign_in("tom")
    with Client("rxdb", tmp_path) as tablet:
        tablet.ask("online", url=me.url, token=me.token)
        tablet.until("state", "dispatched", id=str(order))
        with world.town.sessions.write() as session:
            session.execute(update(SyncHistory).values(history_id=uuid4()))
        second = world.town.order("GEN", world.town.place(), to="tom")
        tablet.until("rows", lambda _: "history_changed" in tablet.errors(), table="service_order")
        tablet.ask("offline")
        tablet.ask("online", url=me.url, token=me.token, identifier="curbstop-2")
        tablet.until("state", "dispatched", id=str(second))
