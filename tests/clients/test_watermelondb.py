"""WatermelonDB's own synchronize() against this server."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
from sqlalchemy import select, update

from curbstop.models import OpLedger
from curbstop.models.change_log import SyncHistory
from tests.clients.conftest import SignedIn, World
from tests.clients.npm import Client


def ids(tablet: Client, table: str = "service_order") -> set[str]:
    return {row["id"] for row in tablet.ask("rows", table=table)}


def pulled(me: SignedIn, last: int | str, migration: str = "null") -> dict[str, Any]:
    answer = requests.get(
        f"{me.url}/compat/watermelondb/sync",
        params={"last_pulled_at": str(last), "schema_version": "2", "migration": migration},
        headers={"Authorization": f"Bearer {me.token}"},
        timeout=60,
    )
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def test_rows_come_change_and_go_back_as_ops(world: World, tmp_path: Path) -> None:
    """Clauses 13.9, 13.10."""
    place = world.town.place()
    order = world.town.order("GEN", place, to="tom")
    me = world.sign_in("tom")
    to = {"url": me.url, "token": me.token}
    with Client("watermelondb", tmp_path) as tablet:
        tablet.ask("sync", **to)
        assert ids(tablet) == {str(order)}
        tablet.ask("edit", table="service_point", id=str(place.id), values={"access_notes": "Behind the shed."})
        tablet.ask("edit", table="service_order", id=str(order), values={"state": "en_route"})
        tablet.ask("sync", **to)
        assert world.town.read_order(order).state == "en_route"
        second = world.town.order("READ_RE", place, to="tom")
        tablet.ask("sync", **to)
        assert ids(tablet) == {str(order), str(second)}
        [point] = tablet.ask("rows", table="service_point")
        assert (point["access_notes"], point["row_version"], point["_status"]) == ("Behind the shed.", 2, "synced")


def test_what_was_refused_is_the_servers_row_after_the_next_pull(world: World, tmp_path: Path) -> None:
    """Clause 13.10."""
    order = world.town.order("GEN", world.town.place(), to="tom")
    me = world.sign_in("tom")
    with Client("watermelondb", tmp_path) as tablet:
        tablet.ask("sync", url=me.url, token=me.token)
        tablet.ask("edit", table="service_order", id=str(order), values={"state": "posted"})
        tablet.ask("sync", url=me.url, token=me.token)
        tablet.ask("sync", url=me.url, token=me.token)
        assert [row["state"] for row in tablet.ask("rows", table="service_order")] == ["dispatched"]


def test_an_op_outlives_the_order_that_moved_away(world: World, tmp_path: Path) -> None:
    """Clauses 13.10, I12."""
    order = world.town.order("GEN", world.town.place(), to="tom")
    me = world.sign_in("tom")
    with Client("watermelondb", tmp_path) as tablet:
        tablet.ask("sync", url=me.url, token=me.token)
        tablet.ask("note", n=1, kind="order.travel", aggregate=f"service_order/{order}", args={})
        world.town.assign(order, "tess")
        tablet.ask("sync", url=me.url, token=me.token)
        assert ids(tablet) == set()
        assert [row.verdict for row in world.town.all(select(OpLedger))] == ["superseded_noop"]


def test_a_restored_server_replaces_and_keeps_what_was_not_sent(world: World, tmp_path: Path) -> None:
    """Clauses 13.9, I18."""
    order = world.town.order("GEN", world.town.place(), to="tom")
    me = world.sign_in("tom")
    with Client("watermelondb", tmp_path) as tablet:
        tablet.ask("sync", url=me.url, token=me.token)
        tablet.ask("note", n=1, kind="order.travel", aggregate=f"service_order/{order}", args={})
        with world.town.sessions.write() as session:
            session.execute(update(SyncHistory).values(history_id=uuid4()))
        tablet.ask("sync", url=me.url, token=me.token)
        assert ids(tablet) == {str(order)}
        assert world.town.read_order(order).state == "en_route"


def test_a_migration_brings_the_tables_with_new_columns_and_no_others(world: World) -> None:
    """Clauses 13.9, I20."""
    world.town.order("GEN", world.town.place(), to="tom")
    me = world.sign_in("tom")
    first = pulled(me, "null")
    assert pulled(me, first["timestamp"])["changes"]["service_point"]["updated"] == []
    said = '{"from": 1, "tables": [], "columns": [{"table": "service_point", "columns": ["hazards"]}]}'
    then = pulled(me, first["timestamp"], said)["changes"]
    assert then["service_point"]["updated"] == first["changes"]["service_point"]["updated"]
    assert then["service_order"]["updated"] == []
