"""Which buckets are worth a snapshot, and which snapshots are worth keeping; the files are made in `sync`."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, Select, delete, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from curbstop.commands import journal
from curbstop.commands.work import Work
from curbstop.models.change_log import BucketRow, ChangeHorizon, ChangeLog, SyncHistory
from curbstop.models.outbox import Outbox
from curbstop.models.snapshot import Snapshot

TOPIC = "snapshot.build"
# Smaller buckets are streamed as quickly as a snapshot is asked for, in rows.
SMALLEST = 200
# A snapshot is built anew when so much of its bucket has changed since.
STALE_SHARE = 0.2
# A download that began before the next snapshot was there is let to its end.
KEPT = timedelta(days=1)
# A file is written before its row is committed.
UNNAMED_S = 3600.0


def ask(work: Work) -> int:
    """Has snapshots built of the buckets that lack a good one; how many. For the clock."""
    waiting = {str(payload.get("bucket")) for payload in work.session.scalars(_asked_already())}
    large = select(BucketRow.bucket).group_by(BucketRow.bucket).having(func.count() >= SMALLEST)
    due = [bucket for bucket in work.session.scalars(large) if bucket not in waiting and is_due(work.session, bucket)]
    for bucket in due:
        journal.enqueue(work, TOPIC, {"bucket": bucket})
    return len(due)


def is_due(session: Session, bucket: str) -> bool:
    """Whether the bucket has no snapshot from which a tablet has little to catch up."""
    newest = session.scalars(usable().where(Snapshot.bucket == bucket).order_by(Snapshot.seq.desc()).limit(1)).first()
    if newest is None:
        return True
    changed = select(func.count()).where(ChangeLog.bucket == bucket, ChangeLog.seq > newest.seq)
    return int(session.scalar(changed) or 0) > max(1, newest.rows) * STALE_SHARE


def usable() -> Select[Snapshot]:
    """Snapshots of the present history that the change log still leads on from."""
    return select(Snapshot).where(
        Snapshot.history_id == select(SyncHistory.history_id).scalar_subquery(), ~_forgotten()
    )


def keep(work: Work, *, bucket: str, history_id: UUID, seq: int, sha256: str, size: int, rows: int) -> None:
    """A file that was built is offered from now on; the same file again changes nothing."""
    if work.session.get(Snapshot, sha256) is None:
        work.session.add(
            Snapshot(
                sha256=sha256, bucket=bucket, history_id=history_id, seq=seq, size=size, rows=rows, built_at=work.at
            )
        )


def forget_old(work: Work) -> int:
    """Takes back snapshots that nobody should begin with any more, and the files that no row names; how many rows.

    For the clock. A row goes first and its file at a later call, so that no row ever names a file that is gone.
    """
    _sweep(work)
    newer = aliased(Snapshot)
    followed = exists().where(
        newer.bucket == Snapshot.bucket, newer.history_id == Snapshot.history_id, newer.seq > Snapshot.seq,
        newer.built_at < work.at - KEPT,
    )  # fmt: skip
    other_history = Snapshot.history_id != select(SyncHistory.history_id).scalar_subquery()
    empty = ~exists().where(BucketRow.bucket == Snapshot.bucket) & (Snapshot.built_at < work.at - KEPT)
    result = work.session.execute(
        delete(Snapshot)
        .where(or_(followed, other_history, empty, _forgotten()))
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return int(result.rowcount)


def path_of(folder: Path, sha256: str) -> Path:
    """Where the file with this content lies."""
    return folder / f"{sha256}.ndjson.zst"


def _forgotten() -> ColumnElement[bool]:
    """Changes after the snapshot are not known any more."""
    return exists().where(ChangeHorizon.bucket == Snapshot.bucket, ChangeHorizon.seq > Snapshot.seq)


def _asked_already() -> Select[dict[str, Any]]:
    return select(Outbox.payload).where(Outbox.topic == TOPIC)


def _sweep(work: Work) -> None:
    folder = work.settings.snapshots_dir
    if not folder.is_dir():
        return
    named = {path_of(folder, sha256).name for sha256 in work.session.scalars(select(Snapshot.sha256))}
    for path in folder.iterdir():
        if path.name not in named and path.stat().st_mtime < work.at.timestamp() - UNNAMED_S:
            path.unlink(missing_ok=True)
