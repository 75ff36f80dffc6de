"""The tablet's disk is full: it says so, keeps what it has, and goes on where it was when there is room again."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from curbstop.models import OpLedger
from curbstop.tablet import Store, outbox, view
from tests.faults import nemesis
from tests.faults.conftest import Ready
from tests.faults.fleet import Technician
from tests.town import Town


@pytest.fixture
def tom(in_process: int, ready: Ready) -> Iterator[Technician]:
    with ready(in_process) as technician:
        yield technician


def _report_without_end(tom: Technician, place: str) -> None:
    while True:
        tom.field.report(place, "DOG", note="x" * 3000)


def test_a_full_disk_refuses_new_work_aloud_and_keeps_the_old(town: Town, tom: Technician) -> None:
    """Clause 3.9: what was noted stays noted; what cannot be noted is an error on the screen, not a silent loss."""
    before = view.orders(tom.store)
    place = before[0]["service_point_id"]
    with nemesis.full_disk(tom.store), pytest.raises(sqlite3.OperationalError, match="full"):
        _report_without_end(tom, place)
    noted = [row["n"] for row in tom.store.query("SELECT n FROM outbox ORDER BY n")]
    assert noted == list(range(1, tom.store.fact("last_n") + 1))
    assert view.orders(tom.store) == before
    tom.insist(tom.client.sync)
    assert outbox.unanswered(tom.store) == 0


def test_a_pull_that_finds_the_disk_full_changes_nothing_and_is_done_again(town: Town, tom: Technician) -> None:
    """Clause 4.2: a checkpoint is applied whole or not at all, and its cursor only with it."""
    for _ in range(30):
        town.order("GEN", town.place(), to="tom")
    rows = tom.store.query("SELECT entity_type, id, version FROM server_row ORDER BY id")
    cursor = tom.store.fact("cursor")
    with nemesis.full_disk(tom.store), pytest.raises(sqlite3.OperationalError, match="full"):
        tom.client.pull()
    assert tom.store.query("SELECT entity_type, id, version FROM server_row ORDER BY id") == rows
    assert tom.store.fact("cursor") == cursor
    tom.insist(tom.client.sync)
    assert len(tom.store.query("SELECT 1 FROM server_row WHERE entity_type = 'service_order'")) == 31


def test_verdicts_that_do_not_fit_on_the_disk_are_asked_for_again(town: Town, tom: Technician) -> None:
    """Clauses 3.4, 3.9: an op leaves the outbox only with its verdict durably stored, and the retry gets the same."""
    # Many ops, so that their verdicts need new pages.
    place = view.orders(tom.store)[0]["service_point_id"]
    for number in range(60):
        tom.field.report(place, "DOG", note=f"{number} " + "x" * 1500)
    with nemesis.full_disk(tom.store), pytest.raises(sqlite3.OperationalError, match="full"):
        tom.client.push()
    assert outbox.unanswered(tom.store) == 61
    assert outbox.verdicts(tom.store) == []
    tom.insist(tom.client.sync)
    ledger = {str(row.op_id): row.verdict for row in town.all(select(OpLedger))}
    assert {one["op_id"]: one["verdict"] for one in outbox.verdicts(tom.store)} == ledger
    assert len(ledger) == 61


def test_a_store_that_was_closed_hard_opens_with_everything_that_was_noted(tmp_path: Path, town: Town) -> None:
    """Clause 3.9: noted is durable; another connection, as after an empty battery, sees it."""
    store = Store(tmp_path / "hard.db")
    outbox.append(store, "order.travel", "service_order/x", {}, None)
    again = Store(tmp_path / "hard.db")
    assert outbox.unanswered(again) == 1
    again.close()
    store.close()
