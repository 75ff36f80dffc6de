"""PowerSync's client protocol over the change log: what a sync stream says at one checkpoint.

An op's id is its change number plus one (the code tables, which no change brought, are op 1). A bucket's checksum is
the sum of the checks of the rows that it holds, and an op's checksum is by how much that sum grew since the op before
it in the bucket. So whatever part of the ops a client has, from however many streams, its sum is that of the bucket at
that point of the history, and nothing has to be kept about any client.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from curbstop.commands.journal import LEAVE, PUT
from curbstop.commands.scope import REFERENCE
from curbstop.domain.actors import Actor
from curbstop.domain.row_checks import lanes_of, row_check
from curbstop.models.change_log import BucketRow, ChangeLog, SyncHistory
from curbstop.models.op_ledger import OpLedger
from sync import pull, scope
from sync.adapters.records import Key, flat, records

BATCH = 500
PRIORITY = 3
_WORD = 0xFFFFFFFF
# The op of everything that is not in the change log, and of what empties a bucket.
FIRST = 1

Line = dict[str, Any]


@dataclass(slots=True)
class Position:
    """Where one stream is: the op that the client has of each bucket, and the checksums that it was told last."""

    after: dict[str, int]
    told: dict[str, Line] | None = None


@dataclass(slots=True)
class _Bucket:
    name: str
    checksum: int
    count: int

    def line(self) -> Line:
        return {"bucket": self.name, "checksum": self.checksum, "count": self.count, "priority": PRIORITY}


@dataclass(slots=True)
class _Op:
    """One row's last change since some point: what is told of it, and by how much the bucket's sum grew until then."""

    seq: int
    key: Key
    kind: str
    checksum: int = field(default=0)


def checkpoint(session: Session, actor: Actor, position: Position) -> Iterator[Line]:
    """One checkpoint with everything that the client lacks; `session` is one snapshot, `position` is moved on."""
    history_id = session.scalar(select(SyncHistory.history_id))
    assert history_id is not None
    newest = session.scalar(select(func.max(ChangeLog.seq))) or 0
    wanted = scope.buckets_of(session, actor)
    # A restored backup has another history, so its buckets have other names: they are sent anew, and what the client
    # had is dropped in the same checkpoint.
    held = {bucket: _Bucket(f"{history_id.hex[:8]}/{bucket}", *_sum(session, bucket)) for bucket in wanted}
    codes = _codes(f"{history_id.hex[:8]}/codes") if REFERENCE in wanted else None
    lines = {bucket.name: bucket.line() for bucket in [*held.values(), *([codes[0]] if codes else [])]}
    yield _head(position, lines, newest, written=_all_answered(session, actor.tablet_id))
    if codes and not position.after.get(codes[0].name):
        yield _data(codes[0].name, 0, codes[1])
    for bucket, entry in held.items():
        yield from _bucket(session, bucket, entry.name, position.after.get(entry.name, 0), newest)
    yield {"checkpoint_complete": {"last_op_id": str(newest + 1)}}
    # What the client does once it has checked a checkpoint: each bucket is at its last op then.
    position.told, position.after = lines, dict.fromkeys(lines, newest + 1)


def _head(position: Position, lines: dict[str, Line], newest: int, *, written: bool) -> Line:
    head: Line = {"last_op_id": str(newest + 1)}
    if written:
        head["write_checkpoint"] = str(newest)
    if position.told is None:
        return {"checkpoint": {**head, "buckets": list(lines.values())}}
    changed = [line for name, line in lines.items() if position.told.get(name) != line]
    return {
        "checkpoint_diff": {
            **head,
            "updated_buckets": changed,
            "removed_buckets": sorted(set(position.told) - set(lines)),
        }
    }


def _all_answered(session: Session, tablet_id: UUID | None) -> bool:
    """Whether every op that has arrived has its final verdict, so that this snapshot holds the effects of all."""
    unanswered = OpLedger.verdict.is_(None) | (OpLedger.verdict == "waiting")
    return session.scalar(select(OpLedger.op_id).where(OpLedger.tablet_id == tablet_id, unanswered).limit(1)) is None


def newest_change(session: Session) -> int:
    """The write checkpoint of a client that has just pushed: reached when a snapshot is at least that new."""
    return session.scalar(select(func.max(ChangeLog.seq))) or 0


def _sum(session: Session, bucket: str) -> tuple[int, int]:
    """(checksum, rows) of a bucket now."""
    # The shift as text: PostgreSQL shifts a bigint by an integer only.
    lane = BucketRow.check_hi.op(">>")(literal_column("32")).op("&")(_WORD)
    total, count = session.execute(select(func.sum(lane), func.count()).where(BucketRow.bucket == bucket)).one()
    return int(total or 0) & _WORD, count


def _codes(name: str) -> tuple[_Bucket, list[Line]]:
    """The code tables, constants of the release: a bucket of its own, named by what is in it."""
    ops, total, content = [], 0, sha256()
    for row in pull.code_rows():
        check = lanes_of(row_check(row["entity_type"], row["id"], row["version"]))[0]
        body = flat({**row["body"], "row_version": row["version"]})
        ops.append(_put(FIRST, (row["entity_type"], row["id"]), body, check))
        content.update(ops[-1]["data"].encode())
        total += check
    return _Bucket(f"{name}-{content.hexdigest()[:8]}", total & _WORD, len(ops)), ops


def _bucket(session: Session, bucket: str, name: str, after: int, newest: int) -> Iterator[Line]:
    """The data lines of one bucket: all of it for a client that has nothing, else what changed."""
    if after > newest + 1:
        # It was at a point that this history never reached, so nothing of it is known: begin again, in one step.
        yield _data(name, 0, [{"op_id": str(FIRST), "op": "CLEAR", "checksum": 0}])
        after = 0
    ops = _ops(session, bucket, max(after - 1, 0))
    for start in range(0, len(ops), BATCH):
        part = ops[start : start + BATCH]
        found = records(session, [op.key for op in part if op.kind == PUT])
        yield _data(name, after, [_line(op, found) for op in part], has_more=start + BATCH < len(ops))
        after = part[-1].seq + 1


def _ops(session: Session, bucket: str, since: int) -> list[_Op]:
    """The last change of each row since `since`, in the order of the history.

    The sum grows with every change, also with those that a later one of the same row made superfluous: what those
    added is told with the next op that is sent, so a stream may break off behind any of them.
    """
    changes = session.execute(
        select(ChangeLog.seq, ChangeLog.entity_type, ChangeLog.entity_id, ChangeLog.kind, ChangeLog.row_version)
        .where(ChangeLog.bucket == bucket, ChangeLog.seq > since, ChangeLog.kind.in_((PUT, LEAVE)))
        .order_by(ChangeLog.seq)
    ).all()
    last = {(entity_type, entity_id): seq for seq, entity_type, entity_id, _, _ in changes}
    checks = _checks_at(session, bucket, since, list(last)) if since and changes else {}
    ops: list[_Op] = []
    grown = 0
    for seq, entity_type, entity_id, kind, version in changes:
        key = (entity_type, entity_id)
        assert seq is not None
        now = lanes_of(row_check(entity_type, entity_id, version))[0] if kind == PUT else 0
        grown += now - checks.get(key, 0)
        checks[key] = now
        # Who has nothing yet need not hear of what is gone.
        if last[key] == seq and (since or kind == PUT):
            ops.append(_Op(seq, key, kind, grown & _WORD))
            grown = 0
    if grown & _WORD:
        assert seq is not None
        ops.append(_Op(seq, key, LEAVE, grown & _WORD))
    return ops


def _checks_at(session: Session, bucket: str, since: int, keys: Sequence[Key]) -> dict[Key, int]:
    """What each row counted in the bucket's sum at `since`: the check of what was put last, if it stayed."""
    found: dict[Key, int] = {}
    wanted = set(keys)
    for start in range(0, len(keys), BATCH):
        ids = [entity_id for _, entity_id in keys[start : start + BATCH]]
        rows = session.execute(
            select(ChangeLog.entity_type, ChangeLog.entity_id, ChangeLog.kind, ChangeLog.row_version)
            .where(ChangeLog.bucket == bucket, ChangeLog.seq <= since, ChangeLog.entity_id.in_(ids))
            .where(ChangeLog.kind.in_((PUT, LEAVE)))
            .order_by(ChangeLog.seq)
        )
        for entity_type, entity_id, kind, version in rows:
            if (entity_type, entity_id) in wanted:
                check = lanes_of(row_check(entity_type, entity_id, version))[0] if kind == PUT else 0
                found[entity_type, entity_id] = check
    return found


def _line(op: _Op, found: Mapping[Key, dict[str, Any]]) -> Line:
    record = found.get(op.key)
    if record is not None:
        return _put(op.seq + 1, op.key, flat(record), op.checksum)
    entity_type, entity_id = op.key
    return {
        "op_id": str(op.seq + 1),
        "op": "REMOVE",
        "object_type": entity_type,
        "object_id": str(entity_id),
        "checksum": op.checksum,
    }


def _put(op_id: int, key: tuple[str, Any], columns: dict[str, Any], checksum: int) -> Line:
    return {
        "op_id": str(op_id),
        "op": "PUT",
        "object_type": key[0],
        "object_id": str(key[1]),
        "checksum": checksum,
        "data": json.dumps(columns, separators=(",", ":"), ensure_ascii=False),
    }


def _data(name: str, after: int, ops: list[Line], *, has_more: bool = False) -> Line:
    return {
        "data": {
            "bucket": name,
            "after": str(after),
            "next_after": ops[-1]["op_id"],
            "has_more": has_more,
            "data": ops,
        }
    }
