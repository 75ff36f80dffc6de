"""Pull over HTTP: rows a second and bytes a row of a first pull, memory meanwhile, and pulls that bring nothing."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

import zstandard
from sqlalchemy import text

from bench.figures import Figure, figure
from bench.place import Place, database
from bench.route import Walk, walk
from sync import rows

NAMES = ("main.pull_rows",)
ROWS = ("sync.pull_rows", "sync.pull_rows_of_database", "sync.pull_bytes_per_row", "sync.pull_memory")
NO_CHANGE = ("sync.no_change_pull",)
TRIES = 5
RATE = 300
MEMORY_ROWS = 1_000_000


def measure(place: Place) -> Iterator[Figure]:
    """The median of several whole pulls."""
    with database(place) as base, walk(base, place.amount(4_000, 400)) as walked:
        value = median(_pull(walked) for _ in range(TRIES))
        baseline = median(_bare(walked) for _ in range(TRIES))
        yield figure(NAMES[0], place, value, unit="rows/s", better="higher", baseline=baseline)


def measure_rows(place: Place) -> Iterator[Figure]:
    """A first pull of 100,000 rows as it travels, and the same rows out of the database without any server."""
    with database(place) as base, walk(base, place.amount(50_000, 1_000), CURBSTOP_PULL_SECONDS="900") as walked:
        tries = [_stream(walked) for _ in range(3)]
        alone = median(_database_alone(walked) for _ in range(3))
        value = median(count / seconds for count, _, seconds in tries)
        per_row = median(size / count for count, size, _ in tries)
        yield figure(ROWS[0], place, value, unit="rows/s", better="higher", bar=30_000)
        yield figure(ROWS[1], place, value, unit="rows/s", better="higher", bar=1 / 3, baseline=alone)
        yield figure(ROWS[2], place, per_row, unit="bytes", better="lower", bar=100)
        memory = _memory(walked, place.amount(MEMORY_ROWS, 10_000))
        yield figure(ROWS[3], place, memory, unit="MB", better="lower", bar=250)


def measure_no_change(place: Place) -> Iterator[Figure]:
    """The 95th percentile of pulls that bring nothing, asked for at a fixed rate by a process of its own."""
    with (
        database(place) as base,
        walk(base, place.amount(2_000, 200), CURBSTOP_API_PROCESSES=place.processes) as walked,
    ):
        found = _pull_lines(walked)
        wish = {"cursor": found[-1]["checkpoint_complete"]["cursor"], "schema_version": 1}
        _ask(walked, wish, seconds=2)
        value = _p95(_ask(walked, wish, seconds=place.amount(20, 3)))
        yield figure(NO_CHANGE[0], place, value, unit="ms", better="lower", bar=25)


def _pull(walked: Walk) -> float:
    began = time.perf_counter()
    lines = _pull_lines(walked)
    rows_sent = sum(len(line["data"]["rows"]) for line in lines if "data" in line)
    assert "checkpoint_complete" in lines[-1]
    assert rows_sent >= 2 * len(walked.stops)
    return rows_sent / (time.perf_counter() - began)


def _pull_lines(walked: Walk) -> list[dict[str, Any]]:
    body = {"cursor": None, "schema_version": 1}
    answer = walked.client.post(f"{walked.url}/sync/v1/pull", json=body, timeout=300)
    answer.raise_for_status()
    return [json.loads(line) for line in answer.text.splitlines()]


def _stream(walked: Walk) -> tuple[int, int, float]:
    """Rows, bytes on the wire and seconds of one whole pull; it is read as a tablet would, and looked at afterwards."""
    began = time.perf_counter()
    size, pieces = 0, []
    unpack = zstandard.ZstdDecompressor().decompressobj()
    for piece in _wire(walked):
        size += len(piece)
        pieces.append(unpack.decompress(piece))
    seconds = time.perf_counter() - began
    content = b"".join(pieces)
    assert b'{"checkpoint_complete"' in content.splitlines()[-1]
    count = content.count(b',"gone":false,"body":')
    assert count >= 2 * len(walked.stops)
    return count, size, seconds


def _wire(walked: Walk) -> Iterator[bytes]:
    answer = walked.client.post(
        f"{walked.url}/sync/v1/pull",
        json={"cursor": None, "schema_version": 1},
        headers={"Accept-Encoding": "zstd"},
        stream=True,
        timeout=900,
    )
    answer.raise_for_status()
    assert answer.headers["Content-Encoding"] == "zstd"
    with answer:
        yield from answer.raw.stream(65_536, decode_content=False)


def _database_alone(walked: Walk) -> float:
    """Rows a second of the same statements without a server: what the database streams as JSON."""
    began, count = time.perf_counter(), 0
    with walked.base.sessions.read() as session:
        for bucket in session.scalars(text("SELECT DISTINCT bucket FROM bucket_row")).all():
            for entity_type in rows.TYPES:
                after = None
                while page := rows.page(session, bucket, entity_type, after, 500):
                    count += len(page)
                    after = page[-1][0]
    return count / (time.perf_counter() - began)


def _memory(walked: Walk, count: int) -> float:
    """The most that the API's process held while a million rows went through it, in megabytes."""
    seen, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            with suppress(OSError):
                seen.append(_largest_mb(walked.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        sent = 0
        while sent < count:
            sent += _stream(walked)[0]
    finally:
        done.set()
        watcher.join()
    return max(seen)


def _largest_mb(pid: int) -> float:
    """What the largest of the API's processes holds."""
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()
    held = subprocess.run(
        ["ps", "-o", "rss=", "-p", ",".join([str(pid), *children])], capture_output=True, text=True, check=False
    ).stdout.split()
    return max((int(kilobytes) for kilobytes in held), default=0) / 1024


def _ask(walked: Walk, wish: dict[str, Any], *, seconds: float) -> list[float]:
    host, port = urlsplit(walked.url).hostname, urlsplit(walked.url).port
    body = json.dumps(wish).encode()
    head = (
        f"POST /sync/v1/pull HTTP/1.1\r\nHost: {host}\r\nAuthorization: {walked.client.headers['Authorization']!s}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    asked = subprocess.run(
        [sys.executable, "-m", "bench.pull_load", str(host), str(port), str(RATE), str(seconds)],
        input=head.encode() + body,
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    return [float(line) for line in asked.stdout.split()]


def _p95(latencies: list[float]) -> float:
    return quantiles(latencies, n=20)[-1]


def _bare(walked: Walk) -> float:
    """The stops and their service points, read and written as JSON."""
    began = time.perf_counter()
    with walked.base.sessions.read() as session:
        lines = [
            json.dumps(dict(row._mapping), default=str)  # noqa: SLF001 - a row's public mapping
            for statement in (
                "SELECT id, route_version_id, service_point_id, sequence FROM stop",
                "SELECT id, version, number, address, city, state, zip, physical_state FROM service_point",
            )
            for row in session.execute(text(statement))
        ]
    return len(lines) / (time.perf_counter() - began)
