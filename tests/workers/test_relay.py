"""Holds the way from the outbox through the queue: nothing lost, nothing done twice, whatever stops in between."""

import socket
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from curbstop.models.base import utc_now
from curbstop.models.outbox import JobDone
from tests.workers import processes
from tests.workers.conftest import Enqueue, Line
from workers import jobs
from workers import queue as queues
from workers.relay import Relay


def test_a_job_has_its_effect_and_leaves_the_outbox(line: Line, enqueue: Enqueue) -> None:
    ids = {enqueue() for _ in range(3)}
    assert line.drain() == 3
    assert line.marks() == 3
    assert line.waiting() == []
    with line.sessions.read() as session:
        assert set(session.scalars(select(JobDone.outbox_id))) == ids


def test_a_job_that_was_rolled_back_never_runs(line: Line, enqueue: Enqueue) -> None:
    from curbstop.commands import journal
    from curbstop.commands.work import system_work

    def fail() -> None:
        with line.sessions.write() as session:
            journal.enqueue(system_work(session, line.settings), "test.mark", {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert line.drain() == 0


@pytest.mark.parametrize("forward", [False, True], ids=["before_the_queue_got_it", "after_the_queue_got_it"])
def test_a_relay_killed_while_it_enqueues_loses_nothing_and_doubles_nothing(
    line: Line, enqueue: Enqueue, forward: bool
) -> None:
    outbox_id = enqueue()
    with processes.middle(line.settings.redis_url, forward=forward) as (middle, url):
        relay = processes.start(line.settings, "--relay", redis_url=url)
        assert middle.enqueued.wait(30)
        relay.kill()
        relay.communicate()
    assert [row.id for row in line.waiting()] == [outbox_id]
    assert line.queue.job_ids == ([str(outbox_id)] if forward else [])
    line.drain()
    assert line.marks() == 1
    assert line.waiting() == []


def test_a_second_delivery_has_no_second_effect(line: Line, enqueue: Enqueue) -> None:
    enqueue()
    row = line.waiting()[0]
    jobs.use(line.settings, line.sessions)
    jobs.run(str(row.id), row.topic, row.payload)
    jobs.run(str(row.id), row.topic, row.payload)
    assert line.marks() == 1


def test_a_job_put_in_twice_is_under_one_id(line: Line, enqueue: Enqueue) -> None:
    enqueue()
    rows = line.waiting()
    queues.put(line.queue, rows)
    line.drain()
    assert line.marks() == 1


def test_an_outage_of_redis_only_delays(line: Line, enqueue: Enqueue, caplog: pytest.LogCaptureFixture) -> None:
    enqueue()
    with queues.connect("redis://127.0.0.1:1/0") as nobody:
        relay = Relay(line.sessions, queues.queue_on(nobody))
        assert relay.step() == 0
        row = line.waiting()[0]
        assert (row.attempts, row.last_error is not None) == (1, True)
        assert utc_now() - timedelta(seconds=5) < row.due_at < utc_now() + timedelta(seconds=5)
        for attempt in range(2, 12):
            relay.step(utc_now() + timedelta(minutes=attempt))
        row = line.waiting()[0]
        assert row.attempts == 11
        assert row.due_at < utc_now() + timedelta(minutes=12), "the wait is bounded"
    assert caplog.text.count("jobs wait in the outbox") == 1
    Relay(line.sessions, queues.queue_on(line.connection)).step(utc_now() + timedelta(hours=1))
    assert line.waiting() == []
    line.drain()
    assert line.marks() == 1


def test_a_redis_that_falls_silent_keeps_no_rows_locked(
    line: Line, enqueue: Enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It accepts, and never answers: a machine that stalls."""
    monkeypatch.setattr(queues, "PATIENCE_S", 0.2)
    enqueue()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silently = queues.connect(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        with queues.impatient(silently) as stalled:
            assert Relay(line.sessions, queues.queue_on(stalled)).step() == 0
    assert line.waiting()[0].attempts == 1


def test_a_poisoned_job_stops_no_other_and_can_be_tried_again(
    line: Line, enqueue: Enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue()
    poisoned = enqueue(poison=True)
    enqueue()
    line.drain()
    assert line.marks() == 2
    letters = queues.dead_letters(line.queue)
    assert [(letter.id, letter.topic, letter.error) for letter in letters] == [
        (str(poisoned), "test.mark", "RuntimeError: poisoned on purpose")
    ]
    mended = jobs.TOPICS["test.mark"]
    monkeypatch.setitem(jobs.TOPICS, "test.mark", lambda work, payload: mended(work, {**payload, "poison": False}))
    queues.try_again(line.queue, str(poisoned))
    line.drain()
    assert line.marks() == 3
    assert queues.dead_letters(line.queue) == []


def test_a_failed_job_leaves_no_half_effect(line: Line, enqueue: Enqueue) -> None:
    enqueue(poison=True)
    line.drain()
    with line.sessions.read() as session:
        assert session.scalars(select(JobDone.outbox_id)).all() == []


def test_two_relays_take_different_rows(line: Line, enqueue: Enqueue) -> None:
    from curbstop.commands import outbox

    if line.sessions.is_sqlite:
        pytest.skip("one writer at a time on SQLite: the second waits for the first")
    enqueue()
    with line.sessions.write() as one, line.sessions.write() as other:
        assert len(outbox.claim(one, utc_now())) == 1
        assert outbox.claim(other, utc_now()) == []


def test_a_queue_that_does_not_answer_keeps_nobody_from_writing(line: Line, enqueue: Enqueue) -> None:
    enqueue()
    with processes.middle(line.settings.redis_url, forward=False) as (middle, url):
        relay = processes.start(line.settings, "--relay", redis_url=url)
        assert middle.enqueued.wait(30)
        began = time.monotonic()
        enqueue()
        took_s = time.monotonic() - began
        relay.kill()
        relay.communicate()
    assert took_s < 5, "the relay waits for the queue with the database locked"
    line.drain()
    assert line.marks() == 2


def test_rows_that_two_relays_put_in_have_one_effect(
    line: Line, enqueue: Enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite nothing keeps a second relay from reading the same rows."""
    enqueue()
    relays = [Relay(line.sessions, queues.queue_on(line.connection)) for _ in range(2)]
    put = queues.put

    def both(*given: Any) -> None:
        # The second relay is quicker than the first, which has read the rows already.
        monkeypatch.setattr(queues, "put", put)
        relays[1].step()
        put(*given)

    monkeypatch.setattr(queues, "put", both)
    relays[0].step()
    line.drain()
    assert line.marks() == 1
    assert line.waiting() == []
