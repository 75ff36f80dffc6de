"""The change log is numbered in commit order: whoever sees number N sees every committed number below it."""

import random
import threading

import pytest
from sqlalchemy import func, insert, select, text

from curbstop.models import ChangeLog
from curbstop.models.base import utc_now
from curbstop.models.engine import Sessions
from curbstop.models.ids import new_id

WRITERS, ROUNDS, READERS = 6, 40, 3


def _row() -> dict[str, object]:
    return {
        "bucket": "b",
        "entity_type": "t",
        "entity_id": new_id(),
        "kind": "P",
        "row_version": 1,
        "recorded_at": utc_now(),
    }


class _Stop(Exception):  # noqa: N818 - it is no error, it is how a transaction is rolled back here
    pass


def _writer(sessions: Sessions, seed: int, barrier: threading.Barrier) -> None:
    """Transactions of several rows, some slow, some rolled back, some with a released or undone savepoint."""
    chance = random.Random(seed)
    barrier.wait()
    for _ in range(ROUNDS):
        try:
            with sessions.write() as session:
                session.execute(insert(ChangeLog), [_row() for _ in range(chance.randint(1, 4))])
                if chance.random() < 0.3:
                    with session.begin_nested() as nested:
                        session.execute(insert(ChangeLog), [_row()])
                        if chance.random() < 0.5:
                            nested.rollback()
                if not sessions.is_sqlite:
                    session.execute(text("SELECT pg_sleep(:s)"), {"s": chance.random() * 0.01})
                if chance.random() < 0.1:
                    raise _Stop
        except _Stop:
            continue


def _reader(sessions: Sessions, done: threading.Event, seen: set[int]) -> None:
    """Polls as a tablet does: everything after the highest number seen so far."""
    cursor = 0
    while True:
        last = done.is_set()
        with sessions.read() as session:
            new = list(session.scalars(select(ChangeLog.seq).where(ChangeLog.seq > cursor).order_by(ChangeLog.seq)))
        seen.update(number for number in new if number is not None)
        cursor = max(seen, default=0)
        if last:
            return


def _play(sessions: Sessions) -> tuple[set[int], list[set[int]]]:
    """Everything that was committed, and what each reader saw."""
    barrier, done = threading.Barrier(WRITERS), threading.Event()
    seen: list[set[int]] = [set() for _ in range(READERS)]
    writers = [threading.Thread(target=_writer, args=(sessions, seed, barrier)) for seed in range(WRITERS)]
    readers = [threading.Thread(target=_reader, args=(sessions, done, numbers)) for numbers in seen]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    with sessions.read() as session:
        committed = {number for number in session.scalars(select(ChangeLog.seq)) if number is not None}
    return committed, seen


def test_no_reader_misses_a_committed_row(sessions: Sessions) -> None:
    """Clause 4.2, I1."""
    committed, seen = _play(sessions)
    assert len(committed) > WRITERS * ROUNDS
    assert all(numbers == committed for numbers in seen)


def test_every_committed_row_has_a_number(sessions: Sessions) -> None:
    _play(sessions)
    with sessions.read() as session:
        assert session.scalar(select(func.count()).where(ChangeLog.seq.is_(None))) == 0


def test_a_plain_sequence_is_caught_by_the_same_readers(sessions: Sessions) -> None:
    """The check has teeth: numbers given at insert time instead of at COMMIT lose rows."""
    if sessions.is_sqlite:
        pytest.skip("one writer at a time: SQLite has no other order than that of its commits")
    with sessions.write() as session:
        session.execute(text("DROP TRIGGER change_log_stamp ON change_log"))
        session.execute(text("ALTER TABLE change_log ALTER COLUMN seq SET DEFAULT nextval('change_log_seq')"))
    committed, seen = _play(sessions)
    assert any(numbers != committed for numbers in seen)


def test_a_transaction_that_stays_open_holds_up_nobody(sessions: Sessions) -> None:
    """Clause 4.2, I24."""
    if sessions.is_sqlite:
        pytest.skip("one writer at a time: SQLite makes the others wait, by design")
    with sessions.write() as slow:
        slow.execute(insert(ChangeLog), [_row()])
        with sessions.write() as quick:
            quick.execute(insert(ChangeLog), [_row()])
        with sessions.read() as session:
            assert session.scalar(select(func.count()).where(ChangeLog.seq.is_not(None))) == 1
    with sessions.read() as session:
        assert session.scalar(select(func.count()).where(ChangeLog.seq.is_not(None))) == 2
