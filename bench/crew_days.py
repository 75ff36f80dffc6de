"""The planner of crews' days on a published instance: X-n1001-k43 of Uchoa and others, whose best known is 72,355."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.figures import Figure, figure
from bench.place import Place
from geo.crew_days import Crew, Job, plan_days

NAMES = ("maps.day_plan",)
BEST_KNOWN, BAR, SECONDS = 72_355.0, 1.04, 20
# Beside the checkout; it is not ours to copy.
INSTANCE = Path(__file__).resolve().parents[2] / "shared" / "data" / "benchmarks" / "X-n1001-k43.vrp"
CREWS = 60


def measure(place: Place) -> Iterator[Figure]:
    """The plan's travel over the best known; no database is in it, so it is measured once. Nothing without the file."""
    if place.backend != "embedded" or not INSTANCE.exists():
        return
    text = INSTANCE.read_text(encoding="ascii")
    room = int(re.findall(r"CAPACITY\s*:\s*(\d+)", text)[0])
    at, load = _numbers(text, "NODE_COORD_SECTION", "DEMAND_SECTION"), _numbers(text, "DEMAND_SECTION", "DEPOT_SECTION")
    spots = at[:, 1:]
    way = np.rint(np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))).astype(np.int64)
    jobs = [Job(place=n, takes_room=int(load[n, 1])) for n in range(1, len(spots))]
    days = plan_days(way, [Crew(starts_at=0, ends_at=0, room=room)] * CREWS, jobs, seconds=place.amount(SECONDS, 2))
    travel = days.travel_s + len(days.left) * BEST_KNOWN
    yield figure(NAMES[0], place, travel, unit="m", better="lower", bar=BAR, baseline=BEST_KNOWN)


def _numbers(text: str, first: str, last: str) -> np.ndarray:
    lines = text[text.index(first) : text.index(last)].splitlines()[1:]
    return np.array([[int(part) for part in line.split()] for line in lines if line.strip()])
