"""Turns: big answers are bounded, and whoever has to wait is told how long."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from api.core.context import EXTENSION
from api.core.turns import AT_WORK, LONGEST_WAIT_S, Turns
from curbstop.domain.problems import Problem
from tests.api.office import Office


class Clock:
    """A clock that only moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def wait_of(turns: Turns) -> int:
    with pytest.raises(Problem) as refused:
        turns.take()
    assert refused.value.code == "unavailable"
    return int(refused.value.extra["retry_after_s"])


def test_a_turn_that_was_given_back_can_be_taken_again(clock: Clock) -> None:
    turns = Turns(2, clock=clock)
    first, _ = turns.take(), turns.take()
    assert wait_of(turns) == 1
    first()
    # Given back twice, it is still one turn.
    first()
    turns.take()
    wait_of(turns)


def test_whoever_is_sent_away_comes_back_one_after_the_other(clock: Clock) -> None:
    turns = Turns(2, clock=clock)
    for _ in range(60):
        give_back = turns.take()
        clock.now += 4.0
        give_back()
    turns.take(), turns.take()
    waits = [wait_of(turns) for _ in range(8)]
    assert waits == sorted(waits)
    # Two at a time, of four seconds each: one every two seconds.
    assert 13 <= waits[-1] <= 17
    assert max(wait_of(turns) for _ in range(100)) == LONGEST_WAIT_S


def test_only_so_many_pieces_are_made_at_the_same_moment() -> None:
    turns, busy, most, lock = Turns(20), 0, 0, threading.Lock()
    together = threading.Event()

    def pieces() -> Iterator[bytes]:
        nonlocal busy, most
        for _ in range(20):
            with lock:
                busy += 1
                most = max(most, busy)
                if most == AT_WORK:
                    together.set()
            # The first at work stays there until it is joined.
            together.wait(10)
            with lock:
                busy -= 1
            yield b"."

    threads = [threading.Thread(target=lambda: b"".join(turns.paced(pieces()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most == AT_WORK


def test_a_pull_without_a_turn_is_asked_to_come_back(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clause 1.6."""
    turns = Turns(1)
    context: Any = office.app.extensions[EXTENSION]
    monkeypatch.setitem(office.app.extensions, EXTENSION, _with(context, turns))
    tess = office.as_("tess", tablet=office.enrolled().tablet_id)
    everything = {"cursor": None, "schema_version": 1}
    give_back = turns.take()
    refused = tess.send("POST", "/sync/v1/pull", json=everything)
    assert (refused.status_code, refused.json["code"]) == (503, "unavailable")
    assert int(refused.headers["Retry-After"]) >= 1
    give_back()
    for _ in range(3):
        answer = tess.send("POST", "/sync/v1/pull", json=everything)
        assert answer.status_code == 200
        assert b"checkpoint_complete" in answer.data
        answer.close()


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/compat/powersync/sync/stream"), ("GET", "/compat/watermelondb/sync")]
)
def test_an_adapters_answer_takes_a_turn_and_holds_no_snapshot_while_it_is_read(
    office: Office, engine: Engine, method: str, path: str
) -> None:
    """Clauses 1.6, 13.2, 13.9: however slow its reader is."""
    tess = office.as_("tess", tablet=office.enrolled().tablet_id)
    turns = Turns(1)
    office.app.extensions[EXTENSION] = _with(office.app.extensions[EXTENSION], turns)
    asked: dict[str, Any] = {"json": {"buckets": []}} if method == "POST" else {}
    give_back = turns.take()
    refused = tess.send(method, path, **asked)
    assert (refused.status_code, refused.json["code"]) == (503, "unavailable")
    give_back()
    for _ in range(2):
        answer = tess.send(method, path, **asked)
        assert answer.status_code == 200
        assert next(answer.iter_encoded())
        assert engine.pool.checkedout() == 0  # type: ignore[attr-defined] # of the pools that have one
        answer.close()


def _with(context: Any, turns: Turns) -> Any:
    return replace(context, turns=turns)
