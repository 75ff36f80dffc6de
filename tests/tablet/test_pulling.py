"""A pull is taken over whole or not at all, and no unanswered work goes with a row that leaves."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curbstop.tablet import FieldWork, NotAllowed, Offline, Store, outbox, pulling, view
from curbstop.tablet.pulling import Stream
from sync import contract

ORDER = contract.schemas()["pull/data.json"]["examples"][0]["data"]["rows"][0]
ORDER_ID = ORDER["id"]
HISTORY = "0192f4a0-7c1e-7d2a-8f00-0000000000c1"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "tablet.db")
    yield store
    store.close()


def _stream(*rows: dict[str, Any], acked: int = 0, removed: tuple[str, ...] = (), bucket: str = "tech:a") -> Stream:
    checkpoint = {
        "history_id": HISTORY, "seq": 1, "server_time": "2026-05-04T13:30:00Z", "buckets": [],
        "removed_buckets": list(removed), "acked_through_n": acked,
    }  # fmt: skip
    data = [{"bucket": bucket, "reset": False, "rows": list(rows)}] if rows else []
    return Stream(checkpoint, data, "cursor")


def _gone() -> dict[str, Any]:
    return {**{key: ORDER[key] for key in ("entity_type", "id", "version")}, "gone": True}


def _answer(store: Store, op_id: str, verdict: str = "applied") -> None:
    outbox.take_verdicts(store, [{"op_id": op_id, "verdict": verdict}])


def _state(store: Store) -> str | None:
    found = view.find(store, "service_order", ORDER_ID)
    return found["state"] if found else None


HEAD = json.dumps({"checkpoint": {"history_id": HISTORY, "seq": 1, "buckets": [{"id": "tech:a"}],
                                  "removed_buckets": [], "acked_through_n": 0}}).encode()  # fmt: skip
END = b'{"checkpoint_complete": {"seq": 1, "cursor": "c"}}'


def _data(*rows: dict[str, Any], mark: str = "m", reset: bool = False, bucket: str = "tech:a") -> bytes:
    return json.dumps({"data": {"bucket": bucket, "reset": reset, "next": mark, "rows": list(rows)}}).encode()


def test_a_stream_without_its_end_is_staged_and_shown_to_nobody(store: Store) -> None:
    """Clauses 4.2 and 4.11, I7."""
    assert pulling.stage(store, [HEAD, _data(ORDER, reset=True, mark="first")]) is None
    assert pulling.marks(store) == ["first"]
    assert _state(store) is None


def test_a_stream_without_any_line_is_a_broken_one(store: Store) -> None:
    with pytest.raises(Offline):
        pulling.stage(store, [HEAD])


def test_a_line_cut_in_the_middle_is_not_staged(store: Store) -> None:
    with pytest.raises(Offline):
        pulling.stage(store, [HEAD, _data(ORDER, mark="first"), _data(ORDER, mark="second")[:-9]])
    assert pulling.marks(store) == ["first"]


def test_what_was_staged_is_taken_over_with_the_end_and_then_forgotten(store: Store) -> None:
    pulling.stage(store, [HEAD, _data(ORDER, reset=True)])
    stream = pulling.stage(store, [HEAD, _data(mark="second"), END])
    assert stream is not None
    assert pulling.apply(store, stream, whole=True) == 1
    assert (_state(store), pulling.marks(store)) == ("dispatched", [])


def test_a_bucket_that_is_not_ours_any_more_is_not_staged_either(store: Store) -> None:
    pulling.stage(store, [HEAD.replace(b"tech:a", b"route:r"), _data(ORDER, reset=True, bucket="route:r")])
    stream = pulling.stage(store, [HEAD, END])
    assert stream is not None
    assert pulling.apply(store, stream, whole=True) == 0


def test_a_reset_line_replaces_what_was_staged_of_its_bucket(store: Store) -> None:
    pulling.stage(store, [HEAD, _data(ORDER, reset=True), _data(mark="second")])
    pulling.stage(store, [HEAD, _data(reset=True, mark="third")])
    assert pulling.marks(store) == ["third"]
    assert len(store.query("SELECT * FROM staged")) == 1


def test_another_person_takes_over_nothing_that_was_staged(store: Store) -> None:
    pulling.stage(store, [HEAD, _data(ORDER, reset=True)])
    store.forget_rows()
    assert pulling.marks(store) == []


def test_a_stream_that_cannot_be_taken_changes_nothing(store: Store) -> None:
    broken = _stream(ORDER, {"entity_type": "stop", "id": "x"})
    with pytest.raises(KeyError):
        pulling.apply(store, broken, whole=True)
    assert store.query("SELECT * FROM server_row") == []
    assert store.fact("cursor") is None


def test_a_row_goes_when_the_last_bucket_lets_go(store: Store) -> None:
    pulling.apply(store, _stream(ORDER), whole=True)
    pulling.apply(store, _stream(ORDER, bucket="route:r"), whole=False)
    pulling.apply(store, _stream(_gone()), whole=False)
    assert _state(store) == "dispatched"
    pulling.apply(store, _stream(removed=("route:r",)), whole=False)
    assert _state(store) is None


def test_a_row_with_unanswered_work_stays_readable_until_it_is_answered(store: Store) -> None:
    """Clause 4.5, I12."""
    pulling.apply(store, _stream(ORDER), whole=True)
    op_id = FieldWork(store).travel(ORDER_ID)
    pulling.apply(store, _stream(_gone()), whole=False)
    assert _state(store) == "en_route"
    with pytest.raises(NotAllowed):
        FieldWork(store).arrive(ORDER_ID)
    _answer(store, op_id, "parked")
    assert _state(store) is None


def test_a_leaving_row_that_comes_back_may_be_worked_on_again(store: Store) -> None:
    pulling.apply(store, _stream(ORDER), whole=True)
    FieldWork(store).travel(ORDER_ID)
    pulling.apply(store, _stream(_gone()), whole=False)
    pulling.apply(store, _stream(ORDER), whole=False)
    FieldWork(store).arrive(ORDER_ID)
    assert _state(store) == "on_site"


def test_an_answered_op_is_shown_until_a_pull_brings_its_effect(store: Store) -> None:
    """Clause 4.6, I6."""
    pulling.apply(store, _stream(ORDER), whole=True)
    op_id = FieldWork(store).travel(ORDER_ID)
    _answer(store, op_id)
    assert _state(store) == "en_route"
    pulling.apply(store, _stream(acked=0), whole=False)
    assert _state(store) == "en_route"
    pulling.apply(store, _stream(ORDER, acked=1), whole=False)
    assert _state(store) == "dispatched"


def test_a_refused_op_is_not_shown(store: Store) -> None:
    pulling.apply(store, _stream(ORDER), whole=True)
    op_id = FieldWork(store).travel(ORDER_ID)
    _answer(store, op_id, "parked")
    assert _state(store) == "dispatched"


def test_a_pull_without_a_cursor_forgets_what_it_does_not_name(store: Store) -> None:
    """Clause 4.4."""
    pulling.apply(store, _stream(ORDER), whole=True)
    pulling.apply(store, _stream(), whole=True)
    assert _state(store) is None
