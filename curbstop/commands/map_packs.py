"""Which squares of the map want a new pack, and which packs are there; the files are made in `sync`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from curbstop.commands import journal
from curbstop.commands.many import insert_many, update_many
from curbstop.commands.work import Work
from curbstop.models.change_log import ChangeLog, SyncHistory, map_bucket
from curbstop.models.map_pack import MapSquare
from curbstop.models.outbox import Outbox
from geo import packs
from geo.layers import LAYERS

SURVEY: Final = "map_pack.survey"
BUILD: Final = "map_pack.build"
# So many squares are a job: some seconds, and what is lost when its worker dies.
SQUARES_A_JOB: Final = 20
# A pack that is wanted for longer is asked for again: its job was lost.
FORGOTTEN_AFTER: Final = timedelta(minutes=15)
# A file is written before its row is committed.
UNNAMED_S: Final = 3600.0
_TABLES: Final = sorted({table for layer in LAYERS.values() if layer.is_basemap for table in layer.tables})


@dataclass(frozen=True, slots=True)
class Built:
    """A pack that was made for a print of its square; without a hash where nothing is drawn there."""

    square: str
    made_for: str
    sha256: str | None = None
    size: int = 0
    tiles: int = 0


def state_of_layers(session: Session) -> str:
    """What moves when a row of a layer that packs have may have changed; a few look-ups in an index."""
    newest = select(func.max(ChangeLog.seq)).where(ChangeLog.bucket.in_(map(map_bucket, _TABLES)))
    history_id = session.scalars(select(SyncHistory.history_id)).one()
    return f"{packs.FORMAT}-{history_id.hex[:12]}-{session.scalar(newest) or 0}"


def ask(work: Work) -> int:
    """Has the map surveyed when the layers changed, and after a job was lost; 1 when it asked. For the clock."""
    if work.session.scalar(select(func.count()).where(Outbox.topic.in_((SURVEY, BUILD)))):
        return 0
    state = state_of_layers(work.session)
    waiting = and_(_is_due(), MapSquare.wanted_at < work.at - FORGOTTEN_AFTER)
    reason = select(MapSquare.name).where(or_(MapSquare.surveyed != state, waiting)).limit(1)
    never = not state.endswith("-0") and not work.session.scalar(select(func.count()).select_from(MapSquare))
    if not never and work.session.scalar(reason) is None:
        return 0
    journal.enqueue(work, SURVEY, {})
    return 1


def take_survey(work: Work, state: str, prints: Mapping[str, str]) -> list[str]:
    """Takes over what lies where, and asks for packs of the squares that changed; their names.

    A square on which nothing lies any more is forgotten, and with it its pack.
    """
    known = dict(work.session.execute(select(MapSquare.name, MapSquare.wanted)).all())
    if gone := known.keys() - prints.keys():
        work.session.execute(delete(MapSquare).where(MapSquare.name.in_(gone)))
    fresh = {"wanted_at": work.at, "surveyed": state, "size": 0, "tiles": 0}
    insert_many(
        work.session, MapSquare,
        [{"name": name, "wanted": seen, **fresh} for name, seen in prints.items() if name not in known],
    )  # fmt: skip
    moved = [
        {"name": name, "wanted": seen, "wanted_at": work.at}
        for name, seen in prints.items()
        if known.get(name, seen) != seen
    ]
    update_many(work.session, MapSquare, moved, keys=("name",))
    work.session.execute(update(MapSquare).values(surveyed=state))
    due = list(work.session.scalars(select(MapSquare.name).where(_is_due()).order_by(MapSquare.name)))
    for start in range(0, len(due), SQUARES_A_JOB):
        journal.enqueue(work, BUILD, {"squares": due[start : start + SQUARES_A_JOB]})
    return due


def due_among(session: Session, names: Sequence[str]) -> list[tuple[str, str]]:
    """Those of the squares that still want a pack, with the print that it is to be made for."""
    wanted = select(MapSquare.name, MapSquare.wanted).where(MapSquare.name.in_(names), _is_due())
    return [(name, seen) for name, seen in session.execute(wanted.order_by(MapSquare.name))]


def keep(work: Work, made: Sequence[Built]) -> int:
    """Offers what was made to tablets; how many. What was made for another print than is now wanted is left alone."""
    wanted = dict(work.session.execute(
        select(MapSquare.name, MapSquare.wanted)
        .where(MapSquare.name.in_([one.square for one in made]))
        .order_by(MapSquare.name)
        .with_for_update()
    ).all())  # fmt: skip
    rows = [
        {
            "name": one.square, "built": one.made_for, "built_at": work.at, "sha256": one.sha256, "size": one.size,
            "tiles": one.tiles,
        }
        for one in made
        if wanted.get(one.square) == one.made_for
    ]  # fmt: skip
    update_many(work.session, MapSquare, rows, keys=("name",))
    return len(rows)


def forget_files(work: Work) -> int:
    """Deletes the files that no square names, halves of a worker that died among them; how many. For the clock."""
    folder = work.settings.packs_dir
    if not folder.is_dir():
        return 0
    named = {path_of(folder, sha256).name for sha256 in work.session.scalars(select(MapSquare.sha256)) if sha256}
    old = [
        path
        for path in folder.iterdir()
        if path.name not in named and path.stat().st_mtime < work.at.timestamp() - UNNAMED_S
    ]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def path_of(folder: Path, sha256: str) -> Path:
    """Where the file with this content lies."""
    return folder / f"{sha256}.pmtiles"


def _is_due() -> ColumnElement[bool]:
    return or_(MapSquare.built.is_(None), MapSquare.built != MapSquare.wanted)
