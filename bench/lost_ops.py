"""Lost or doubled ops: a tablet pushes through a line that drops replies, to a server whose processes are killed."""

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import requests
from sqlalchemy import select

from bench.figures import Figure, figure
from bench.place import Place, database
from bench.route import Walk, walk
from curbstop.models.ids import new_id
from curbstop.models.op_ledger import OpLedger
from curbstop.models.route import StopVisit
from tests.faults.proxy import Lane

NAMES = ("sync.lost_ops",)
BATCH, STOPS = 50, 1_000
DROPPED = {"drop_reply": 0.2}
PATIENCE_S = 120.0


def measure(place: Place) -> Iterator[Figure]:
    """0 is the bar: every op in the ledger with one verdict, and its visit there exactly once."""
    every_s = 3.0 if place.quick else 5.0
    with database(place) as base, walk(base, STOPS, CURBSTOP_ACCESS_MINUTES="120") as walked:
        stop, kills = threading.Event(), [0]
        killer = threading.Thread(target=_kill, args=[walked.pid, every_s, stop, kills])
        lane = Lane(urlsplit(walked.url).port or 0, 1, "bench", DROPPED)
        killer.start()
        try:
            ids = _push_all(walked, lane, place.amount(50_000, 3_000))
        finally:
            stop.set()
            killer.join()
            lane.close()
        dropped = sum(event.fault == "drop_reply" for event in lane.events)
        assert kills[0], "nobody was killed, so nothing was shown"
        assert dropped, "no reply was dropped, so nothing was shown"
        yield figure(NAMES[0], place, _wrong(walked, ids), unit="ops", better="lower", bar=0)


def _push_all(walked: Walk, lane: Lane, count: int) -> list[str]:
    """Sends each batch until it is answered; the ids of all ops."""
    ids = []
    for first in range(0, count, BATCH):
        ops = [_op(walked, number) for number in range(first, min(first + BATCH, count))]
        _insist(walked, lane, ops)
        ids += [op["op_id"] for op in ops]
    return ids


def _insist(walked: Walk, lane: Lane, ops: list[dict[str, Any]]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with contextlib.suppress(requests.RequestException):
            answer = walked.client.post(f"{lane.url}/sync/v1/push", json={"ops": ops}, timeout=60)
            if answer.ok:
                return
            assert answer.status_code >= 500, answer.text
        assert time.monotonic() < deadline, "no answer for two minutes"
        time.sleep(0.05)


def _op(walked: Walk, number: int) -> dict[str, Any]:
    stop, _, register = walked.stops[number % len(walked.stops)]
    reading = {"register_id": str(register), "value": f"{number // len(walked.stops) + 1000:06d}"}
    return {
        "op_id": str(new_id()), "n": number + 1, "kind": "stop.read", "kind_version": 1, "aggregate": f"stop/{stop}",
        "follows": None, "base_version": None, "noted_at": "2026-07-30T14:05:00Z",
        "args": {"stop_id": str(stop), "readings": [reading]},
    }  # fmt: skip


def _kill(parent: int, every_s: float, stop: threading.Event, kills: list[int]) -> None:
    """`kill -9` of one of the server's own processes; its parent starts another."""
    chance = random.Random(1)
    while not stop.wait(every_s):
        listed = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True, check=False).stdout
        children = [int(line) for line in listed.split()]
        if children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(chance.choice(children), signal.SIGKILL)
                kills[0] += 1


def _wrong(walked: Walk, ids: list[str]) -> int:
    """Ops without an applied verdict, or whose visit is not there exactly once."""
    with walked.base.sessions.read() as session:
        verdicts = {str(op_id): verdict for op_id, verdict in session.execute(select(OpLedger.op_id, OpLedger.verdict))}
        visits = Counter(map(str, session.scalars(select(StopVisit.op_id))))
    return sum(verdicts.get(op_id) != "applied" or visits[op_id] != 1 for op_id in ids)
