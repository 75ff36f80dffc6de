"""Integrity: adding up a large scope, mending ten rows of it, and a first sync from a snapshot against a live one."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import requests
from sqlalchemy import func, select

from bench.figures import Figure, figure
from bench.place import PASSWORD, Place, database
from bench.route import Walk, walk
from curbstop.commands import tablets
from curbstop.models.change_log import BucketRow
from curbstop.tablet import Client, Store, Transport
from sync import digest, snapshots

NAMES = ("sync.digest", "sync.repair_bytes", "sync.first_sync_25k")
TRIES = 7
DAMAGED = 10
BAR_MS, BAR_BYTES, BAR_S = 100.0, 64 * 1024, 10.0


def measure(place: Place) -> Iterator[Figure]:
    """The whole of it; a route's stop and its place are two rows."""
    with database(place) as base, walk(base, place.amount(50_000, 1_000)) as walked:
        bucket = _bucket(walked)
        value = median(_digest_ms(walked, bucket) for _ in range(TRIES))
        baseline = median(_bare_ms(walked, bucket) for _ in range(TRIES))
        yield figure(NAMES[0], place, value, unit="ms", better="lower", bar=BAR_MS, baseline=baseline, of_value=True)
        sent, whole = _repair(walked, place)
        yield figure(NAMES[1], place, sent, unit="bytes", better="lower", bar=BAR_BYTES, baseline=whole, of_value=True)
    with database(place) as base, walk(base, place.amount(12_500, 500)) as walked:
        live = median(_first_sync_s(walked, place) for _ in range(3))
        assert snapshots.build(base.sessions, base.settings, _bucket(walked))
        prebuilt = median(_first_sync_s(walked, place) for _ in range(3))
        yield figure(NAMES[2], place, prebuilt, unit="s", better="lower", bar=BAR_S, baseline=live, of_value=True)


def _bucket(walked: Walk) -> str:
    with walked.base.sessions.read() as session:
        return session.scalars(select(BucketRow.bucket).where(BucketRow.entity_type == "stop").limit(1)).one()


def _digest_ms(walked: Walk, bucket: str) -> float:
    with walked.base.sessions.read() as session:
        session.connection()
        began = time.perf_counter()
        found = digest.of_buckets(session, [bucket])[bucket]
        took = time.perf_counter() - began
    assert found.count == 2 * len(walked.stops)
    return 1000 * took


def _bare_ms(walked: Walk, bucket: str) -> float:
    """The same rows, of which one number is added up."""
    with walked.base.sessions.read() as session:
        session.connection()
        began = time.perf_counter()
        session.execute(select(func.sum(BucketRow.row_version)).where(BucketRow.bucket == bucket)).one()
        return 1000 * (time.perf_counter() - began)


class _Counting(Transport):
    """Counts what goes over the wire, both ways, without the headers."""

    moved = 0

    def send(self, method: str, path: str, **how: Any) -> requests.Response:
        response = super().send(method, path, **how)
        self.moved += len(response.request.body or b"")
        if not how.get("stream"):
            self.moved += int(response.headers.get("Content-Length") or len(response.content))
        return response

    def lines(self, response: requests.Response) -> Iterator[bytes]:
        try:
            yield from super().lines(response)
        finally:
            self.moved += response.raw.tell()


@contextmanager
def _tablet(walked: Walk, place: Place) -> Iterator[tuple[Client, _Counting]]:
    with walked.base.work() as work:
        code = tablets.make_code(work, "Bench, once more").code
    network = _Counting(walked.url, patience_s=(5.0, 600.0))
    path = place.folder / f"tablet-{time.monotonic_ns()}.db"
    store = Store(path)
    client = Client(store, network)
    client.enrol(code)
    client.sign_in("bench-walker", PASSWORD)
    try:
        yield client, network
    finally:
        network.close()
        store.close()
        for ending in ("", "-wal", "-shm"):
            Path(f"{path}{ending}").unlink(missing_ok=True)


def _repair(walked: Walk, place: Place) -> tuple[int, int]:
    """(bytes that mending ten rows moves, bytes of the whole pull)."""
    with _tablet(walked, place) as (client, network):
        network.moved = 0
        client.pull()
        whole = network.moved
        rows = client.store.query("SELECT entity_type, id, body FROM server_row WHERE entity_type = 'service_point'")
        for row in rows[:: max(1, len(rows) // DAMAGED)][:DAMAGED]:
            body = json.dumps({**json.loads(row["body"]), "address": "nowhere"})
            client.store.query("UPDATE server_row SET body = ? WHERE id = ?", body, row["id"])
        network.moved = 0
        assert client.prove(every_row=True) == DAMAGED
        assert client.store.fact("complete") is True
        return network.moved, whole


def _first_sync_s(walked: Walk, place: Place) -> float:
    with _tablet(walked, place) as (client, _):
        began = time.perf_counter()
        assert client.pull() >= 2 * len(walked.stops)
        took = time.perf_counter() - began
        assert client.store.fact("complete") is True
        return took
