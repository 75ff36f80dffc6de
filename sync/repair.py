"""Finds what a tablet holds wrongly in a bucket and sends just that; nothing is wiped on the way.

A tablet stands at the number of its cursor, and the server has gone on since. Both sides leave out the rows that
changed in between ("moved": the next pull brings those), and what did not change since is now what it was then: so
the comparison is of one moment, and what is sent leaves the tablet exactly at its cursor.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.problems import Problem
from curbstop.models.change_log import ChangeLog, SyncHistory
from curbstop.settings import Settings
from sync import cursor as cursors
from sync import digest, horizon, rows, scope
from sync.codes import code_rows
from sync.digest import Key

# With more changes behind it, a tablet pulls first: it would compare little and be sent most of it again.
MOST_MOVED = 1_000
# Rows in the ranges of one repair, and rows in its answer.
MOST_COMPARED = 5_000
MOST_SENT = 500
# Different lengths of the ranges in one request.
MOST_LENGTHS = 3


@dataclass(frozen=True, slots=True)
class _Moment:
    seq: int
    moved: frozenset[Key]

    def to_json(self) -> dict[str, Any]:
        moved = [{"entity_type": kind, "id": str(row_id)} for kind, row_id in sorted(self.moved)]
        return {"seq": self.seq, "moved": moved}


def compare(
    session: Session, actor: Actor, settings: Settings, *, cursor: str, bucket: str, ranges: Collection[str]
) -> dict[str, Any]:
    """The sums of the sixteen parts of each range, and the rows that neither side counts.

    Problems: invalid_cursor, history_changed, pull_first, invalid (too many lengths).
    """
    _check_lengths(ranges)
    moment = _moment(session, actor, settings, cursor, bucket)
    sums = digest.of_ranges(session, bucket, ranges, moment.moved)
    parts = [{"range": name, "count": one.count, "digest": one.digest} for name, one in sorted(sums.items())]
    return {**moment.to_json(), "ranges": parts}


def repair(
    session: Session,
    actor: Actor,
    settings: Settings,
    *,
    cursor: str,
    bucket: str,
    ranges: Collection[str],
    have: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The rows of the ranges that the tablet lacks or has in another version, and as gone those it should not have.

    At most MOST_SENT; `more` says that there are others. Problems: invalid_cursor, history_changed, pull_first,
    invalid (the ranges hold too much).
    """
    _check_lengths(ranges)
    moment = _moment(session, actor, settings, cursor, bucket)
    held = digest.versions_in(session, bucket, ranges, MOST_COMPARED)
    if len(held) > MOST_COMPARED:
        raise Problem("invalid", f"The ranges hold more than {MOST_COMPARED} rows; narrow them first.", field="ranges")
    tails = tuple(ranges)
    theirs = {(row["entity_type"], UUID(str(row["id"]))): int(row["version"]) for row in have}
    theirs = {key: version for key, version in theirs.items() if key[1].hex.endswith(tails)}
    lacking = [key for key, version in held.items() if theirs.get(key) != version and key not in moment.moved]
    surplus = [key for key in theirs if key not in held and key not in moment.moved]
    gone = [{"entity_type": kind, "id": str(row_id), "version": 0, "gone": True} for kind, row_id in surplus]
    sent = [*_images(session, lacking[:MOST_SENT]), *gone][:MOST_SENT]
    return {**moment.to_json(), "rows": sent, "more": len(lacking) + len(surplus) > MOST_SENT}


def _check_lengths(ranges: Collection[str]) -> None:
    """Each length costs a pass over the bucket, and whoever narrows what differs needs one at a time."""
    if len({len(name) for name in ranges}) > MOST_LENGTHS:
        detail = f"The ranges of one request have at most {MOST_LENGTHS} different lengths."
        raise Problem("invalid", detail, field="ranges")


def _moment(session: Session, actor: Actor, settings: Settings, cursor: str, bucket: str) -> _Moment:
    """What lies between the tablet's moment and now; Problem(`pull_first`) when that is too much to leave out."""
    history_id = session.scalar(select(SyncHistory.history_id))
    assert history_id is not None
    newest = session.scalar(select(func.max(ChangeLog.seq))) or 0
    since = cursors.decode(cursor, settings.secret_key, history_id=history_id, tablet_id=actor.tablet_id, newest=newest)
    if bucket not in since.buckets or bucket not in scope.buckets_of(session, actor):
        raise Problem("pull_first", "That bucket is not this tablet's, or was not when it pulled last.")
    if horizon.forgotten(session, [bucket], since.seq):
        raise Problem("pull_first", "What changed since is not known any more.")
    changed = select(ChangeLog.entity_type, ChangeLog.entity_id).where(
        ChangeLog.bucket == bucket, ChangeLog.seq > since.seq
    )
    moved = frozenset((kind, row_id) for kind, row_id in session.execute(changed.distinct().limit(MOST_MOVED + 1)))
    if len(moved) > MOST_MOVED:
        raise Problem("pull_first", f"More than {MOST_MOVED} rows of the bucket changed since.")
    return _Moment(newest, moved)


def _images(session: Session, keys: Sequence[Key]) -> list[dict[str, Any]]:
    by_type: dict[str, list[UUID]] = {}
    for kind, row_id in keys:
        by_type.setdefault(kind, []).append(row_id)
    codes = {str(row_id) for row_id in by_type.pop("code", [])}
    made = [
        {"entity_type": kind, "id": str(row_id), "version": version, "gone": False, "body": body}
        for kind, ids in by_type.items()
        for row_id, (version, body) in rows.images(session, kind, ids).items()
    ]
    session.expunge_all()
    return made + [row for row in code_rows() if row["id"] in codes]
