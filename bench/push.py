"""Push over HTTP: readings along a route, in batches of 200 ops, against bare inserts of the same readings."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from bench.figures import Figure, figure
from bench.place import Place, database
from bench.route import Walk, walk
from curbstop.models.base import utc_now
from curbstop.models.ids import new_id
from curbstop.models.reading import Reading

NAMES = ("main.push_ops",)
BATCH = 200


def measure(place: Place) -> Iterator[Figure]:
    """All stops of the route, each read once, one batch after the other."""
    with database(place) as base, walk(base, place.amount(2_000, 400)) as walked:
        value = _push(walked)
        yield figure(NAMES[0], place, value, unit="ops/s", better="higher", baseline=_bare(walked))


def _push(walked: Walk) -> float:
    ops = [_op(number, stop, register) for number, (stop, _, register) in enumerate(walked.stops, 1)]
    began = time.perf_counter()
    for start in range(0, len(ops), BATCH):
        body = {"ops": ops[start : start + BATCH]}
        answer = walked.client.post(f"{walked.url}/sync/v1/push", json=body, timeout=300)
        answer.raise_for_status()
        refused = [one for one in answer.json()["verdicts"] if one["verdict"] != "applied"]
        assert not refused, refused[:3]
    return len(ops) / (time.perf_counter() - began)


def _op(number: int, stop: UUID, register: UUID) -> dict[str, Any]:
    return {
        "op_id": str(new_id()),
        "n": number,
        "kind": "stop.read",
        "kind_version": 1,
        "aggregate": f"stop/{stop}",
        "follows": None,
        "base_version": None,
        "noted_at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "args": {"stop_id": str(stop), "readings": [{"register_id": str(register), "value": "001234"}]},
    }


def _bare(walked: Walk) -> float:
    began = time.perf_counter()
    for start in range(0, len(walked.stops), BATCH):
        with walked.base.sessions.write() as session:
            session.execute(insert(Reading), [_row(stop) for stop in walked.stops[start : start + BATCH]])
    return len(walked.stops) / (time.perf_counter() - began)


def _row(stop: Sequence[UUID]) -> dict[str, Any]:
    at = utc_now()
    return {
        "id": new_id(), "service_point_id": stop[1], "register_id": stop[2], "value": 1234, "kind": "regular",
        "source": "bench", "noted_at": at, "recorded_at": at, "flags": [],
    }  # fmt: skip
