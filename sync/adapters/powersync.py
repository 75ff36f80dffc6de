"""PowerSync's client protocol over the change log: what a sync stream says at one checkpoint.

An op's id is its change number plus one. A bucket's checksum is the sum of the checks of the rows that it holds, and
an op's checksum is by how much that sum grew since the op before it. So whatever part of the ops a client has, from
however many streams, its sum is the bucket's at that point of the history, and nothing has to be kept of any client.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from curbstop.commands.journal import LEAVE, PUT
from curbstop.commands.scope import REFERENCE
from curbstop.domain.actors import Actor
from curbstop.domain.row_checks import lanes_of, row_check
from curbstop.models.change_log import BucketRow, ChangeHorizon, ChangeLog, SyncHistory
from curbstop.models.op_ledger import OpLedger
from sync import digest, scope
from sync.adapters.records import Key, flat, records
from sync.codes import code_rows

BATCH = 500
PRIORITY = 3
MOVE = "MOVE"
# The op of the code tables, which no change brought, and of what empties a bucket.
FIRST = 1
_WORD = 0xFFFFFFFF

Line = dict[str, Any]


@dataclass(slots=True)
class Position:
    """Where one stream is: the op that the client has of each bucket, and the checksums that it was told last,
    and up to which change."""

    after: dict[str, int]
    told: dict[str, Line] | None = None
    newest: int = 0


class _Change(NamedTuple):
    """A change of a row, and by how much it altered the bucket's sum."""

    seq: int
    key: Key
    kind: str
    grown: int


class _Op(NamedTuple):
    """What is told of a row: its last change, and by how much the bucket's sum grew since the op before."""

    op_id: int
    key: Key | None
    kind: str
    checksum: int


def checkpoint(session: Session, actor: Actor, position: Position) -> Iterator[Line]:
    """One checkpoint with everything that the client lacks; `session` is one snapshot, `position` is moved on."""
    history_id = session.scalar(select(SyncHistory.history_id))
    assert history_id is not None
    newest = newest_change(session)
    wanted = scope.buckets_of(session, actor)
    # A restored backup has another history, so its buckets have other names: they are sent anew, and what the client
    # had is dropped in the same checkpoint.
    prefix = f"{history_id.hex[:8]}/"
    codes_name, codes, checks = _codes(prefix)
    lines = {}
    for bucket, total in digest.of_buckets(session, wanted).items():
        if bucket == REFERENCE:
            lines[codes_name] = _line_of(codes_name, digest.Sum().plus(checks))
        # The digest has the code tables in it.
        own = total.plus(checks, -1) if bucket == REFERENCE else total
        lines[prefix + bucket] = _line_of(prefix + bucket, own)
    yield _head(position, lines, newest, written=_all_answered(session, actor.tablet_id))
    if codes_name in lines and not position.after.get(codes_name):
        yield _data(codes_name, 0, codes)
    for bucket in wanted:
        name = prefix + bucket
        yield from _bucket(_Bucket(session, bucket, lines[name]["checksum"], newest), name, position.after.get(name, 0))
    yield {"checkpoint_complete": {"last_op_id": str(newest + 1)}}
    # What the client does once it has checked a checkpoint: each bucket is at its last op then.
    position.told, position.after, position.newest = lines, dict.fromkeys(lines, newest + 1), newest


def newest_change(session: Session) -> int:
    """The write checkpoint of a client that has just pushed: reached when a snapshot is at least that new."""
    return session.scalar(select(func.max(ChangeLog.seq))) or 0


def _line_of(name: str, total: digest.Sum) -> Line:
    return {"bucket": name, "checksum": total.lanes[0], "count": total.count, "priority": PRIORITY}


def _head(position: Position, lines: dict[str, Line], newest: int, *, written: bool) -> Line:
    head: Line = {"last_op_id": str(newest + 1)}
    if written:
        head["write_checkpoint"] = str(newest)
    if position.told is None:
        return {"checkpoint": {**head, "buckets": list(lines.values())}}
    changed = [line for name, line in lines.items() if position.told.get(name) != line]
    gone = sorted(set(position.told) - set(lines))
    return {"checkpoint_diff": {**head, "updated_buckets": changed, "removed_buckets": gone}}


def _all_answered(session: Session, tablet_id: UUID | None) -> bool:
    """Whether every op that has arrived has its final verdict, so that this snapshot holds the effects of all."""
    unanswered = OpLedger.verdict.is_(None) | (OpLedger.verdict == "waiting")
    return session.scalar(select(OpLedger.op_id).where(OpLedger.tablet_id == tablet_id, unanswered).limit(1)) is None


def _codes(prefix: str) -> tuple[str, list[Line], list[tuple[int, int]]]:
    """The code tables, constants of the release: a bucket of their own, named by what is in it."""
    made = code_rows()
    checks = [row_check("code", row["id"], row["version"]) for row in made]
    ops = [
        _put(FIRST, ("code", row["id"]), flat({**row["body"], "row_version": row["version"]}), lanes_of(check)[0])
        for row, check in zip(made, checks, strict=True)
    ]
    return f"{prefix}codes-{digest.Sum().plus(checks).digest[:8]}", ops, checks


@dataclass(slots=True)
class _Bucket:
    """One bucket at one moment: `checksum` sums up its rows' checks, its log goes back to behind `reach`."""

    session: Session
    name: str
    checksum: int
    newest: int
    reach: int = field(init=False)

    def __post_init__(self) -> None:
        self.reach = self.session.scalar(select(ChangeHorizon.seq).where(ChangeHorizon.bucket == self.name)) or 0

    def since(self, seq: int) -> list[_Op]:
        """The last change of each row, in the order of the history.

        The sum grows with every change, also with those that a later one of the same row made superfluous: what those
        added is told with the next op that is sent, so a stream may break off behind any of them.
        """
        changes = self._changes(seq)
        last = {change.key: change.seq for change in changes}
        ops, grown = [], 0
        for change in changes:
            grown += change.grown
            if last[change.key] == change.seq:
                ops.append(_Op(change.seq + 1, change.key, change.kind, grown & _WORD))
                grown = 0
        return ops

    def whole(self) -> list[_Op]:
        """Every row that it holds: first those that have not changed within the log's reach, then in its order.

        The former are numbered below the log: a client that was cut off among them begins again.
        """
        changes = self._changes(self.reach)
        last = {change.key: change.seq for change in changes if change.kind == PUT}
        held = self._held()
        old = [key for key in held if key not in last]
        ops = [_Op(min(FIRST + 1 + i, self.reach + 1), key, PUT, _check(*key, held[key])) for i, key in enumerate(old)]
        grown = self.checksum - sum(change.grown for change in changes) - sum(op.checksum for op in ops)
        for change in changes:
            grown += change.grown
            if last.get(change.key) == change.seq and change.key in held:
                ops.append(_Op(change.seq + 1, change.key, PUT, grown & _WORD))
                grown = 0
        if grown & _WORD:
            ops.append(_Op(self.newest + 1, None, MOVE, grown & _WORD))
        return ops

    def _changes(self, seq: int) -> list[_Change]:
        rows = self.session.execute(
            select(
                ChangeLog.seq,
                ChangeLog.entity_type,
                ChangeLog.entity_id,
                ChangeLog.kind,
                ChangeLog.row_version,
                ChangeLog.was_version,
            )
            .where(ChangeLog.bucket == self.name, ChangeLog.seq > seq, ChangeLog.kind.in_((PUT, LEAVE)))
            .order_by(ChangeLog.seq)
        )
        return [
            _Change(
                number or 0,
                (kind, row_id),
                what,
                _check(kind, row_id, now if what == PUT else 0) - _check(kind, row_id, was),
            )
            for number, kind, row_id, what, now, was in rows
        ]

    def _held(self) -> dict[Key, int]:
        rows = self.session.execute(
            select(BucketRow.entity_type, BucketRow.entity_id, BucketRow.row_version)
            .where(BucketRow.bucket == self.name)
            .order_by(BucketRow.entity_type, BucketRow.entity_id)
        )
        return {(kind, row_id): version for kind, row_id, version in rows}


def _check(entity_type: str, entity_id: UUID, version: int) -> int:
    """What a version of a row counts in its bucket's sum; version 0 is no row."""
    return lanes_of(row_check(entity_type, entity_id, version))[0] if version else 0


def _bucket(bucket: _Bucket, name: str, after: int) -> Iterator[Line]:
    """The data lines of one bucket: what changed, or all of it for a client that has nothing that is still known."""
    since = after - 1
    ops = bucket.since(since) if bucket.reach <= since <= bucket.newest and since > 0 else None
    if ops is None:
        if after:
            yield _data(name, 0, [{"op_id": str(FIRST), "op": "CLEAR", "checksum": 0}])
        ops, after = bucket.whole(), 0
    for start in range(0, len(ops), BATCH):
        part = ops[start : start + BATCH]
        found = records(bucket.session, [op.key for op in part if op.key and op.kind == PUT])
        yield _data(name, after, [_line(op, found) for op in part], has_more=start + BATCH < len(ops))
        after = part[-1].op_id


def _line(op: _Op, found: Mapping[Key, dict[str, Any]]) -> Line:
    if op.key is None:
        return {"op_id": str(op.op_id), "op": op.kind, "checksum": op.checksum}
    record = found.get(op.key)
    if record is not None:
        return _put(op.op_id, op.key, flat(record), op.checksum)
    entity_type, entity_id = op.key
    return {
        "op_id": str(op.op_id),
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
