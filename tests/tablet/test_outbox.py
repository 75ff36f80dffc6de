"""Noted work is durable, its content never changes, and nothing but a final verdict takes it away."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from curbstop.tablet import FieldWork, NotAllowed, Store, outbox, pulling, view
from curbstop.tablet.pulling import Stream
from sync import contract

ROWS = contract.schemas()["pull/data.json"]["examples"][0]["data"]["rows"]
ORDER_ID, POINT_ID = ROWS[0]["id"], ROWS[1]["id"]


def _settle_in(store: Store, **changes: Any) -> None:
    order = {**ROWS[0], "body": {**ROWS[0]["body"], **changes}}
    checkpoint = {"history_id": ORDER_ID, "seq": 1, "removed_buckets": [], "acked_through_n": 0}
    data = [{"bucket": "tech:a", "reset": True, "rows": [order, ROWS[1]]}]
    pulling.apply(store, Stream(checkpoint, data, "cursor"), whole=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "tablet.db")
    _settle_in(store)
    yield store
    store.close()


def _ops(store: Store) -> list[dict[str, Any]]:
    return [json.loads(content) for content in outbox.next_batch(store)]


def test_every_verb_makes_an_op_as_the_contract_says(store: Store) -> None:
    """Clauses 3.2, 7.1."""
    work = FieldWork(store)
    work.travel(ORDER_ID)
    work.arrive(ORDER_ID, {"longitude": -79.0, "latitude": 35.0, "accuracy_m": 4})
    work.suspend(ORDER_ID, "rain")
    work.resume(ORDER_ID)
    work.attach_photo(f"service_order/{ORDER_ID}", "photo_register", b"picture")
    work.complete(ORDER_ID, "DONE", {"read": "00123"}, notes="fine", position={"longitude": -79.0, "latitude": 35.0})
    issue = work.report(POINT_ID, "FOLIAGE", note="hedge")
    work.attach_photo(f"access_issue/{issue}", "hedge", b"green")
    work.edit_place(POINT_ID, access_notes="Behind the shed.", hazards=["dog"])
    made = work.create("GEN", POINT_ID, instructions="Lid is cracked.")
    work.return_(made, "NEEDS_PARTS", notes="no lid", category="LID_BROKEN")
    ops = _ops(store)
    assert [op["n"] for op in ops] == list(range(1, 12))
    for op in ops:
        assert contract.check_op(op["kind"], op["kind_version"], op) == [], op["kind"]


def test_each_op_follows_the_one_before_it_of_its_aggregate(store: Store) -> None:
    """Clauses 3.2, 3.5."""
    work = FieldWork(store)
    first = work.travel(ORDER_ID)
    work.edit_place(POINT_ID, access_notes="x")
    outbox.take_verdicts(store, [{"op_id": first, "verdict": "applied"}])
    work.arrive(ORDER_ID)
    follows = {op["kind"]: op["follows"] for op in _ops(store)}
    assert follows == {"service_point.edit": None, "order.arrive": first}


def test_noted_work_survives_the_tablet_being_switched_off(store: Store, tmp_path: Path) -> None:
    FieldWork(store).travel(ORDER_ID)
    before = outbox.next_batch(store)
    store.close()
    again = Store(tmp_path / "tablet.db")
    assert outbox.next_batch(again) == before
    again.close()


def test_waiting_is_not_an_answer(store: Store) -> None:
    """Clause 3.9."""
    op_id = FieldWork(store).travel(ORDER_ID)
    outbox.take_verdicts(store, [{"op_id": op_id, "verdict": "waiting"}])
    assert outbox.unanswered(store) == 1
    assert outbox.next_batch(store) == []
    assert outbox.first_waiting(store) == 1
    outbox.take_verdicts(store, [{"op_id": op_id, "verdict": "applied"}])
    assert outbox.unanswered(store) == 0


def test_an_answer_that_comes_twice_counts_once(store: Store) -> None:
    op_id = FieldWork(store).travel(ORDER_ID)
    assert outbox.take_verdicts(store, [{"op_id": op_id, "verdict": "applied"}]) == 1
    assert outbox.take_verdicts(store, [{"op_id": op_id, "verdict": "applied"}]) == 0
    assert [verdict["verdict"] for verdict in outbox.verdicts(store)] == ["applied"]


def test_a_batch_keeps_to_the_limits(store: Store) -> None:
    work = FieldWork(store)
    for n in range(205):
        work.edit_place(POINT_ID, access_notes=f"note {n}")
    assert len(outbox.next_batch(store)) == outbox.MOST_OPS
    for _ in range(4):
        work.edit_place(POINT_ID, read_instructions="x" * 4_000)
    assert sum(map(len, outbox.next_batch(store))) <= outbox.MOST_BYTES


def test_numbers_go_on_after_the_outbox_was_emptied(store: Store) -> None:
    op_id = FieldWork(store).travel(ORDER_ID)
    outbox.take_verdicts(store, [{"op_id": op_id, "verdict": "applied"}])
    FieldWork(store).arrive(ORDER_ID)
    assert _ops(store)[0]["n"] == 2


def test_a_cut_off_is_not_begun_after_its_lease(store: Store) -> None:
    past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    _settle_in(store, type_code="CUT_OFF_NP", authorized_until=past)
    work = FieldWork(store)
    assert not work.may_start(ORDER_ID)
    with pytest.raises(NotAllowed, match="Sync first"):
        work.travel(ORDER_ID)
    with pytest.raises(NotAllowed):
        work.complete(ORDER_ID, "DONE", {})
    assert outbox.unanswered(store) == 0


def test_a_cut_off_that_was_begun_in_time_may_be_finished(store: Store) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    _settle_in(store, type_code="CUT_OFF_NP", authorized_until=until.isoformat())
    work = FieldWork(store)
    work.arrive(ORDER_ID)
    assert work.why_not_start(ORDER_ID, until + timedelta(hours=2)) is None


def test_another_order_needs_no_lease(store: Store) -> None:
    assert FieldWork(store).may_start(ORDER_ID)


def test_what_is_done_is_done(store: Store) -> None:
    work = FieldWork(store)
    work.complete(ORDER_ID, "DONE", {"read": "1"})
    with pytest.raises(NotAllowed, match="completed already"):
        work.travel(ORDER_ID)


def test_found_work_is_seen_at_once(store: Store) -> None:
    made = FieldWork(store).create("GEN", POINT_ID, instructions="Lid is cracked.")
    assert [order["id"] for order in view.orders(store) if order["type_code"] == "GEN"] == [made]


def test_the_beacon_tells_of_the_outbox(store: Store) -> None:
    """Clause 3.10."""
    FieldWork(store).travel(ORDER_ID)
    told = outbox.beacon(store)
    assert (told["outbox_count"], told["last_n"]) == (1, 1)
    assert told["oldest_op_at"] is not None
