"""One fault at a time, at its worst moment: a connection ended in COMMIT, a process killed in a push."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from curbstop.models import OpLedger, OrderHistory
from curbstop.settings import Settings
from curbstop.tablet import Offline, Refused, outbox
from tests.faults import nemesis
from tests.faults.conftest import Ready
from tests.faults.fleet import Technician
from tests.town import Town

STAMP_LOCK = 7230002  # taken at COMMIT by whoever wrote change rows


@pytest.fixture
def server(settings: Settings, town: Town, tmp_path: Path) -> Iterator[nemesis.Server]:
    with nemesis.Server(settings, tmp_path / "server") as server:
        yield server


@pytest.fixture
def tom(server: nemesis.Server, ready: Ready) -> Iterator[Technician]:
    with ready(server.port) as technician:
        yield technician


def completions(town: Town) -> list[Any]:
    return town.all(select(OrderHistory.op_id).where(OrderHistory.event == "complete"))


def test_a_connection_ended_in_the_middle_of_a_commit_loses_and_doubles_nothing(
    settings: Settings, town: Town, tom: Technician
) -> None:
    """Clauses 1.5, 3.3, 3.4: the effects and the verdict are in one transaction, so both are there or neither."""
    if settings.is_embedded:
        pytest.skip("SQLite has no connection that somebody else could end")
    url = settings.database_url.replace("+psycopg", "")
    failed: list[BaseException] = []

    def push() -> None:
        try:
            tom.client.push()
        except (Offline, Refused) as error:
            failed.append(error)

    with psycopg.connect(url) as holder:
        # Whoever commits change rows now waits in COMMIT, where it is then ended.
        holder.execute("SELECT pg_advisory_lock(%s)", [STAMP_LOCK])
        pushing = threading.Thread(target=push)
        pushing.start()
        deadline = time.monotonic() + 30
        while not nemesis.terminate_connections(settings.database_url, committing=True):
            assert time.monotonic() < deadline, "nobody came to COMMIT"
            time.sleep(0.02)
    pushing.join()
    assert failed or outbox.unanswered(tom.store) == 0
    tom.insist(tom.client.sync)
    assert outbox.unanswered(tom.store) == 0
    [op] = town.all(select(OpLedger))
    assert op.verdict == "applied"
    assert completions(town) == [op.op_id]


def test_a_server_killed_with_a_push_in_its_hands_loses_and_doubles_nothing(
    settings: Settings, town: Town, tom: Technician, server: nemesis.Server
) -> None:
    """Clauses 1.5, 3.3, 3.9: killed before, in or after its commits, the retry finds one op and one verdict."""
    pushing = threading.Thread(target=tom.sync)
    pushing.start()
    server.kill_api()
    pushing.join()
    tom.insist(tom.client.sync)
    [op] = town.all(select(OpLedger))
    assert op.verdict == "applied"
    assert completions(town) == [op.op_id]


def test_workers_killed_with_jobs_in_their_hands_carry_them_out_in_the_end(
    town: Town, tom: Technician, server: nemesis.Server
) -> None:
    """Clause 1.5: the API does not depend on them, and what they owe is in the outbox table."""
    server.kill_workers()
    tom.insist(tom.client.sync)
    server.kill_workers()
    assert outbox.unanswered(tom.store) == 0
