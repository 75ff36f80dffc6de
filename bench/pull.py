"""Pull over HTTP: rows a second of a first pull, against the bare rows as JSON without any server."""

import json
import time
from collections.abc import Iterator
from statistics import median

from sqlalchemy import text

from bench.figures import Figure, figure
from bench.place import Place, database
from bench.route import Walk, walk

NAMES = ("main.pull_rows",)
TRIES = 5


def measure(place: Place) -> Iterator[Figure]:
    """The median of several whole pulls."""
    with database(place) as base, walk(base, place.amount(4_000, 400)) as walked:
        value = median(_pull(walked) for _ in range(TRIES))
        baseline = median(_bare(walked) for _ in range(TRIES))
        yield figure(NAMES[0], place, value, unit="rows/s", better="higher", baseline=baseline)


def _pull(walked: Walk) -> float:
    began = time.perf_counter()
    body = {"cursor": None, "schema_version": 1}
    answer = walked.client.post(f"{walked.url}/sync/v1/pull", json=body, timeout=300)
    answer.raise_for_status()
    lines = [json.loads(line) for line in answer.text.splitlines()]
    rows = sum(len(line["data"]["rows"]) for line in lines if "data" in line)
    assert "checkpoint_complete" in lines[-1]
    assert rows >= 2 * len(walked.stops)
    return rows / (time.perf_counter() - began)


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
