"""Map packs of tablets: made from the layers, named by their content, and offered for the places of the day.

A pack is a file of its own and no part of any bucket: it is fetched once, and again only when the ground changed. A
square is a tablet's when one of its places lies on it or within half a kilometer.
"""

import hashlib
import math
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from curbstop.commands import map_packs as commands
from curbstop.commands.map_packs import Built
from curbstop.commands.work import Work, system_work
from curbstop.domain.actors import Actor
from curbstop.domain.problems import Problem
from curbstop.models.change_log import BucketRow
from curbstop.models.engine import Sessions
from curbstop.models.map_pack import MapSquare
from curbstop.models.service_point import ServicePoint
from curbstop.queries import map_packs as queries
from curbstop.settings import Settings
from geo import packs
from geo.tiles import Tile
from sync import scope

# A crew also sees what is around the corner, and where it comes from.
AROUND_M: Final = 500.0
_M_PER_DEGREE: Final = 111_320.0
_NAME = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Survey:
    """What lies where, as of one state of the layers: a print for each square."""

    state: str
    prints: dict[str, str]


def survey(sessions: Sessions) -> Survey:
    """Reads what lies where; in one snapshot of the database, and holds nobody up."""
    with sessions.read() as session:
        state = commands.state_of_layers(session)
        return Survey(state, {str(square): seen for square, seen in queries.survey(session).items()})


def take(work: Work, found: Survey) -> list[str]:
    """Asks for packs of the squares that changed; their names."""
    return commands.take_survey(work, found.state, found.prints)


def write(sessions: Sessions, settings: Settings, names: Sequence[str]) -> list[Built]:
    """Makes the packs of those squares that still want one. May be called any number of times."""
    with sessions.read() as session:
        due = commands.due_among(session, names)
        return [_made(session, settings, name, seen) for name, seen in due]


def build_all(sessions: Sessions, settings: Settings, told: Callable[[int, int], None]) -> int:
    """Surveys the map and makes every pack that is wanted, a few at a time; how many. `told` hears (done, of)."""
    found = survey(sessions)
    with sessions.write() as session:
        due = take(system_work(session, settings), found)
    for start in range(0, len(due), commands.SQUARES_A_JOB):
        told(start, len(due))
        made = write(sessions, settings, due[start : start + commands.SQUARES_A_JOB])
        with sessions.write() as session:
            commands.keep(system_work(session, settings), made)
    told(len(due), len(due))
    return len(due)


def offered(session: Session, actor: Actor, settings: Settings) -> list[dict[str, Any]]:
    """The packs of the squares that the actor's places are on, by name; no square whose file is not there."""
    mine = {str(square) for square in squares_of(session, actor)}
    rows = session.scalars(
        select(MapSquare).where(MapSquare.name.in_(mine), MapSquare.sha256.is_not(None)).order_by(MapSquare.name)
    )
    return [_told(row) for row in rows if row.sha256 and commands.path_of(settings.packs_dir, row.sha256).is_file()]


def squares_of(session: Session, actor: Actor) -> set[Tile]:
    """The squares of the places that the actor's buckets hold, at every zoom that has packs."""
    places = (
        select(ServicePoint.location)
        .join(BucketRow, BucketRow.entity_id == ServicePoint.id)
        .where(BucketRow.entity_type == "service_point", BucketRow.bucket.in_(scope.buckets_of(session, actor)))
        .distinct()
    )
    blobs = [bytes(place.data) for place in session.scalars(places) if place is not None]
    found: set[Tile] = set()
    for x, y in shapely.get_coordinates(shapely.from_wkb(blobs)).tolist():
        high = AROUND_M / _M_PER_DEGREE
        wide = high / max(0.01, math.cos(math.radians(y)))
        for z in packs.ZOOMS:
            found.update(packs.squares_around((x - wide, y - high, x + wide, y + high), z))
    return found


def find(session: Session, actor: Actor, settings: Settings, sha256: str) -> Path:
    """The file, or Problem(`not_found`), also for one of a square that is not the actor's."""
    names = session.scalars(select(MapSquare.name).where(MapSquare.sha256 == sha256)) if _NAME.fullmatch(sha256) else ()
    path = commands.path_of(settings.packs_dir, sha256)
    if not {packs.square_of(name) for name in names} & squares_of(session, actor) or not path.is_file():
        raise Problem("not_found", "There is no such map pack for this tablet (any more); ask for the list again.")
    return path


def _told(row: MapSquare) -> dict[str, Any]:
    square = packs.square_of(row.name)
    zooms = packs.ZOOMS[square.z]
    return {
        "square": row.name, "sha256": row.sha256, "size": row.size, "bounds": list(square.bounds),
        "least_zoom": zooms.start, "deepest_zoom": zooms.stop - 1, "built_at": row.built_at,
    }  # fmt: skip


def _made(session: Session, settings: Settings, name: str, seen: str) -> Built:
    square, tiles = packs.square_of(name), 0
    content = []
    for tile, data in queries.content(session, square):
        content.append((tile, data))
        tiles += bool(data)
    pack = packs.packed(square, content, queries.metadata())
    if pack is None:
        return Built(name, seen)
    sha256 = hashlib.sha256(pack).hexdigest()
    _write(settings.packs_dir, sha256, pack)
    return Built(name, seen, sha256, len(pack), tiles)


def _write(folder: Path, sha256: str, pack: bytes) -> None:
    """The file is there whole, under the name of its content, or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".part-")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pack)
            file.flush()
            os.fsync(file.fileno())
        part.replace(commands.path_of(folder, sha256))
    except BaseException:
        part.unlink(missing_ok=True)
        raise
