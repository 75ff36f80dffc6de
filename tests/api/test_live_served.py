"""Live streams of a running server: they cost no thread, and outlive neither their reader nor their process."""

import contextlib
import socket
import time
from collections.abc import Iterator
from uuid import UUID

import pytest
import requests
from sqlalchemy import func, select, text

from curbstop.commands import journal, scope
from curbstop.models.change_log import ChangeLog
from curbstop.models.engine import Sessions
from curbstop.models.ids import new_id
from curbstop.models.op_ledger import OpLedger
from curbstop.settings import Settings
from tests.api.served import Server, Stream, served
from tests.town import Town

THREADS = 4


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    with served(settings, CURBSTOP_API_THREADS=str(THREADS), CURBSTOP_API_LISTENERS="30") as server:
        yield server


@pytest.fixture
def tablet(town: Town) -> UUID:
    return town.tablet("tess")


@pytest.fixture
def tess(server: Server, town: Town, tablet: UUID) -> dict[str, str]:
    return server.headers(town.staff["tess"], tablet)


def change(town: Town) -> int:
    """Something in Tess's bucket changes; its number."""
    with town.work() as work:
        bucket = scope.technician_bucket(town.staff["tess"])
        journal.record(work, [(bucket, "service_order", new_id(), journal.PUT, 1)])
    with town.sessions.read() as session:
        return session.scalar(select(func.max(ChangeLog.seq))) or 0


def test_many_more_listeners_than_threads_are_poked_and_requests_are_answered(
    server: Server, town: Town, tess: dict[str, str]
) -> None:
    """Clause 5.6."""
    streams = [Stream(server, tess).begin() for _ in range(6 * THREADS)]
    for _ in range(3):
        seq = change(town)
        assert {stream.poke() for stream in streams} == {seq}
        assert requests.get(f"{server.url}/me", headers=tess, timeout=5).ok
    for stream in streams:
        stream.close()
    # Whoever went away makes room for others.
    deadline = time.monotonic() + 20
    opened: list[Stream] = []
    while len(opened) < 30 and time.monotonic() < deadline:
        with contextlib.suppress(requests.HTTPError):
            opened.append(Stream(server, tess).begin())
    assert len(opened) == 30
    with pytest.raises(requests.HTTPError, match="503"):
        Stream(server, tess)
    for stream in opened:
        stream.close()


def test_a_client_of_the_old_protocol_is_not_sent_chunks(server: Server, town: Town, tess: dict[str, str]) -> None:
    """RFC 9112, 7.1: HTTP/1.0 knows none."""
    address = server.url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=20) as plain:
        plain.sendall(f"GET /sync/v1/stream HTTP/1.0\r\nAuthorization: {tess['Authorization']}\r\n\r\n".encode())
        said = b""
        while b": listening\n\n" not in said:
            said += plain.recv(4096)
        seq = change(town)
        poked = plain.recv(4096)
    assert poked == b'id: %d\nevent: poke\ndata: {"seq": %d}\n\n' % (seq, seq)


def test_a_reader_that_broke_off_harms_nobody(server: Server, town: Town, tess: dict[str, str]) -> None:
    """Clause 5.6."""
    gone, stays = Stream(server, tess).begin(), Stream(server, tess).begin()
    gone.close()
    for _ in range(3):
        seq = change(town)
        assert stays.poke() == seq
    stays.close()


def test_after_a_worker_was_killed_the_next_stream_hears_what_was_missed(
    server: Server, town: Town, tess: dict[str, str]
) -> None:
    """Clause 5.2."""
    stream = Stream(server, tess).begin()
    seq = change(town)
    assert stream.poke() == seq
    server.kill_worker()
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError, StopIteration)):
        stream.next()
    missed = change(town)
    again = Stream(server, tess, **{"Last-Event-ID": str(seq)}).begin()
    assert again.poke() == missed
    later = change(town)
    assert again.poke() == later
    again.close()


def test_a_push_whose_worker_was_killed_is_taken_once_when_it_comes_again(
    server: Server, town: Town, sessions: Sessions, tess: dict[str, str]
) -> None:
    """Clauses 1.5, 3.4, I3."""
    order = town.order("READ_RE", town.place(), to="tess")
    server.post("/sync/v1/pull", {"cursor": None, "schema_version": 1}, tess).raise_for_status()
    op = {
        "op_id": str(new_id()), "n": 1, "kind": "order.travel", "kind_version": 1,
        "aggregate": f"service_order/{order}", "follows": None, "base_version": None,
        "noted_at": "2026-07-30T14:05:00Z", "args": {},
    }  # fmt: skip
    with sessions.write() as session:
        # Whoever would store the op waits here, so that the worker dies in the middle of it.
        session.execute(text("SELECT 1" if sessions.is_sqlite else "LOCK TABLE op_ledger IN EXCLUSIVE MODE"))
        with pytest.raises(requests.Timeout):
            server.post("/sync/v1/push", {"ops": [op]}, tess, timeout=1)
        server.kill_worker()
    first = server.post("/sync/v1/push", {"ops": [op]}, tess).json()["verdicts"]
    again = server.post("/sync/v1/push", {"ops": [op]}, tess).json()["verdicts"]
    assert first == again
    assert [verdict["verdict"] for verdict in first] == ["applied"], first
    with sessions.read() as session:
        assert session.scalar(select(func.count()).select_from(OpLedger)) == 1


def test_streams_end_well_when_the_server_is_told_to_stop(server: Server, tess: dict[str, str]) -> None:
    """A stream that holds a thread would otherwise hold up the stop until it is broken off."""
    poked = Stream(server, tess).begin()
    url = f"{server.url}/compat/powersync/sync/stream"
    with requests.post(url, json={"buckets": []}, headers=tess, stream=True, timeout=30) as answer:
        lines = answer.iter_lines(chunk_size=1)
        assert b"checkpoint" in next(lines)
        server.process.terminate()
        assert all(b"token_expires_in" in line or b"checkpoint" in line or b"data" in line for line in lines)
    poked.close()
    assert server.process.wait(30) == 0
