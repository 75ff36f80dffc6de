"""Loads a real city: its streets, addresses and hydrants from its own files, everything else made up over them."""

import itertools
import random
from collections import Counter
from pathlib import Path
from uuid import UUID

import numpy as np
from sqlalchemy import func, select

from curbstop.demo import loading
from curbstop.demo.households import Row, furnish
from curbstop.demo.loading import CYCLES, HOUSEHOLDS, Loader, Progress
from curbstop.domain.problems import Problem
from curbstop.files.rows import Options
from curbstop.importing import OPERATOR, import_file
from curbstop.models import ServicePoint
from curbstop.models.base import utc_now
from curbstop.models.engine import Sessions
from curbstop.models.ids import new_id
from curbstop.models.route import Cycle
from curbstop.models.sqlite_geometry import point_of
from curbstop.settings import Settings
from geo.divide import divide
from geo.sequence import walk

SEED = 20_260_504
# The city's files, in the order in which they need each other; hydrants may be missing.
FILES = (
    ("streets", "streets.geojson", True),
    ("addresses", "addresses.csv", True),
    ("hydrants", "hydrants.geojson", False),
)


def load_city(
    sessions: Sessions, settings: Settings, folder: Path, *, seed: int = SEED, progress: Progress
) -> dict[str, int]:
    """Imports the folder's files and makes up customers, meters, readings and orders over the real addresses.

    Returns the counts, with `addresses_read`, `addresses_placed` and `addresses_rejected`. Rejected rows are in files
    in the data folder. Problem(file_unreadable) when a file is missing.
    """
    made: Counter[str] = Counter()
    _import(sessions, settings, folder, made, progress)
    loader = Loader(sessions, settings, made)
    chance = random.Random(seed)
    ids = loading.people(loader)
    points = _points(sessions)
    _furnish(loader, points, chance, progress)
    loading.stock(loader)
    _routes(loader, points, progress)
    loading.orders(loader, ids, chance.sample([point for point, _, _ in points], min(len(points), 60)))
    return dict(made)


def _import(sessions: Sessions, settings: Settings, folder: Path, made: Counter[str], tell: Progress) -> None:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    for kind, name, needed in FILES:
        path = folder / name
        if not path.exists():
            if needed:
                raise Problem("file_unreadable", f"{path} is not there; a city's folder has {name}.")
            continue

        def progress(done: int, of: int, kind: str = kind) -> None:
            tell(kind, done, of)

        options = Options(rejects_folder=settings.data_dir)
        report = import_file(sessions, settings, OPERATOR, kind, path, options=options, commit=True, progress=progress)
        made[kind] += report.outcome.added
        if kind == "addresses":
            made["addresses_read"] = report.preview.read
            made["addresses_placed"] = report.preview.placed
            made["addresses_rejected"] = report.preview.rejected


def _points(sessions: Sessions) -> list[tuple[UUID, str, tuple[float, float]]]:
    """Every placed service point: id, street, position; in the order of their numbers."""
    with sessions.read() as session:
        rows = session.execute(
            select(
                ServicePoint.id,
                func.coalesce(ServicePoint.street_name, "") + " " + func.coalesce(ServicePoint.street_type, ""),
                ServicePoint.location,
            )
            .where(ServicePoint.location.is_not(None))
            .order_by(ServicePoint.number)
        )
        return [(point, street, point_of(bytes(location.data))) for point, street, location in rows if location]


def _furnish(
    loader: Loader, points: list[tuple[UUID, str, tuple[float, float]]], chance: random.Random, tell: Progress
) -> None:
    today = utc_now().replace(microsecond=0)
    numbered = enumerate(points, start=1)
    done = 0
    while batch := list(itertools.islice(numbered, HOUSEHOLDS)):
        homes = [furnish({"id": point}, number, chance, today) for number, (point, _, _) in batch]
        loader.households(homes, new_points=False)
        done += len(batch)
        tell("meters and accounts", done, len(points))


def _routes(loader: Loader, points: list[tuple[UUID, str, tuple[float, float]]], tell: Progress) -> None:
    """Cycles and walkable routes of 200 to 400 stops, each in walking order."""
    positions = np.array([position for _, _, position in points])
    division = divide(positions, [street for _, street, _ in points], cycles=CYCLES)
    cycles: list[Row] = [{"id": new_id(), "code": f"{n:02d}", "name": f"Cycle {n}"} for n in range(1, CYCLES + 1)]
    loader.rows(Cycle, cycles)
    numbers: Counter[int] = Counter()
    for route in range(division.routes):
        members = division.members(route)
        cycle = int(division.cycle[members[0]])
        numbers[cycle] += 1
        order = walk(positions[members]).order
        loader.together(loading.route(cycles[cycle], numbers[cycle], [points[members[i]][0] for i in order]))
        tell("routes", route + 1, division.routes)
