"""What a tablet receives: everything that changed in its buckets since its cursor, from one consistent snapshot."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from curbstop.commands.journal import LEAVE, NOTICE
from curbstop.commands.scope import REFERENCE
from curbstop.domain.actors import Actor
from curbstop.domain.problems import Problem
from curbstop.models.base import utc_now
from curbstop.models.change_log import BucketRow, ChangeLog, SyncHistory
from curbstop.models.op_ledger import OpLedger
from curbstop.settings import Settings
from sync import cursor as cursors
from sync import digest, horizon, rows, scope
from sync.codes import code_rows
from sync.contract import SCHEMA_VERSION

BATCH = 500

Change = tuple[str, UUID, str]


def pull(
    session: Session, actor: Actor, settings: Settings, cursor: str | None, schema_version: int
) -> Iterator[dict[str, Any]] | None:
    """The lines of one pull, or None when nothing changed; `session` must stay open, as one snapshot, meanwhile.

    Problems: invalid_cursor, history_changed, schema_unsupported.
    """
    if not 1 <= schema_version <= SCHEMA_VERSION:
        raise Problem("schema_unsupported", f"This server speaks schema versions 1 to {SCHEMA_VERSION}.")
    history_id = session.scalar(select(SyncHistory.history_id))
    assert history_id is not None
    newest = session.scalar(select(func.max(ChangeLog.seq))) or 0
    wanted = scope.buckets_of(session, actor)
    since = None
    if cursor is not None:
        since = cursors.decode(
            cursor, settings.secret_key, history_id=history_id, tablet_id=actor.tablet_id, newest=newest
        )
    known = since.buckets if since else frozenset[str]()
    # What happened in these is not known any more: they come whole, as new ones do.
    lost = horizon.forgotten(session, known, since.seq) if since else frozenset[str]()
    changes = _changes(session, [b for b in wanted if b in known - lost], since.seq) if since else {}
    fresh = [bucket for bucket in wanted if bucket not in known - lost]
    removed = sorted(known - set(wanted))
    if since is not None and not changes and not fresh and not removed:
        return None
    now = cursors.Cursor(history_id, newest, frozenset(wanted), actor.tablet_id)
    head = {
        "history_id": str(history_id),
        "seq": newest,
        "server_time": rows.moment(utc_now()),
        "buckets": digest.checkpoint_lines(session, wanted),
        "removed_buckets": removed,
        "acked_through_n": acked_through(session, actor.tablet_id),
    }
    return _lines(session, head, wanted=wanted, fresh=fresh, changes=changes, cursor=now.encode(settings.secret_key))


def _lines(
    session: Session,
    head: dict[str, Any],
    *,
    wanted: Sequence[str],
    fresh: Sequence[str],
    changes: dict[str, list[Change]],
    cursor: str,
) -> Iterator[dict[str, Any]]:
    yield {"checkpoint": head}
    for bucket in wanted:
        if bucket in fresh:
            yield from _whole(session, bucket)
        else:
            yield from _delta(session, bucket, changes.get(bucket, []))
    yield {"checkpoint_complete": {"seq": head["seq"], "cursor": cursor}}


def _changes(session: Session, buckets: Sequence[str], after: int) -> dict[str, list[Change]]:
    """The last change of each row since `after`, by bucket; the work grows with the changes, not with the utility."""
    if not buckets:
        return {}
    found = session.execute(
        select(ChangeLog.bucket, ChangeLog.entity_type, ChangeLog.entity_id, ChangeLog.kind)
        .where(ChangeLog.bucket.in_(buckets), ChangeLog.seq > after, ChangeLog.kind != NOTICE)
        .order_by(ChangeLog.seq)
    )
    last: dict[tuple[str, str, UUID], str] = {}
    for bucket, entity_type, entity_id, kind in found:
        last[bucket, entity_type, entity_id] = kind
    by_bucket: dict[str, list[Change]] = {}
    for (bucket, entity_type, entity_id), kind in last.items():
        by_bucket.setdefault(bucket, []).append((entity_type, entity_id, kind))
    return by_bucket


def _delta(session: Session, bucket: str, changes: Sequence[Change]) -> Iterator[dict[str, Any]]:
    for start in range(0, len(changes), BATCH):
        part = changes[start : start + BATCH]
        put = [(entity_type, entity_id) for entity_type, entity_id, kind in part if kind != LEAVE]
        gone = [_gone(entity_type, entity_id) for entity_type, entity_id, kind in part if kind == LEAVE]
        yield {"data": {"bucket": bucket, "reset": False, "rows": [*_images(session, put), *gone]}}


def _whole(session: Session, bucket: str) -> Iterator[dict[str, Any]]:
    """All rows that the bucket holds now, by key; the first line empties the tablet's copy of the bucket."""
    reset = True
    if bucket == REFERENCE:
        yield {"data": {"bucket": bucket, "reset": True, "rows": code_rows()}}
        reset = False
    after: tuple[str, UUID] | None = None
    while True:
        page = select(BucketRow.entity_type, BucketRow.entity_id).where(BucketRow.bucket == bucket)
        if after is not None:
            page = page.where(
                (BucketRow.entity_type > after[0])
                | ((BucketRow.entity_type == after[0]) & (BucketRow.entity_id > after[1]))
            )
        keys = [
            (t, i) for t, i in session.execute(page.order_by(BucketRow.entity_type, BucketRow.entity_id).limit(BATCH))
        ]
        if keys or reset:
            yield {"data": {"bucket": bucket, "reset": reset, "rows": _images(session, keys)}}
        if len(keys) < BATCH:
            return
        after, reset = keys[-1], False


def _images(session: Session, keys: Sequence[tuple[str, UUID]]) -> list[dict[str, Any]]:
    by_type: dict[str, list[UUID]] = {}
    for entity_type, entity_id in keys:
        by_type.setdefault(entity_type, []).append(entity_id)
    found = {
        (entity_type, entity_id): image
        for entity_type, ids in by_type.items()
        for entity_id, image in rows.images(session, entity_type, ids).items()
    }
    # The session is a snapshot for reading only: what was sent need not be remembered.
    session.expunge_all()
    lines = []
    for key in keys:
        if key in found:
            version, body = found[key]
            lines.append({"entity_type": key[0], "id": str(key[1]), "version": version, "gone": False, "body": body})
        else:
            lines.append(_gone(*key))
    return lines


def _gone(entity_type: str, entity_id: UUID) -> dict[str, Any]:
    return {"entity_type": entity_type, "id": str(entity_id), "version": 0, "gone": True}


def acked_through(session: Session, tablet_id: UUID | None) -> int:
    """The highest n up to which every op that has arrived from the tablet has its final verdict."""
    if tablet_id is None:
        return 0
    mine = OpLedger.tablet_id == tablet_id
    # An op without a verdict was stored and then cut off: it is answered when it comes again.
    unanswered = OpLedger.verdict.is_(None) | (OpLedger.verdict == "waiting")
    open_from = session.scalar(select(func.min(OpLedger.n)).where(mine, unanswered))
    if open_from is not None:
        return int(open_from) - 1
    return int(session.scalar(select(func.max(OpLedger.n)).where(mine)) or 0)
