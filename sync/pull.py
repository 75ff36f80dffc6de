"""What a tablet receives: everything that changed in its buckets since its cursor, from one consistent snapshot.

Within a bucket rows are sent by key, so a mark on each line says all that a broken pull needs to go on: what was sent
up to that key is brought up to date from the moment when it was sent, the rest from where the pull began.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from curbstop.commands.journal import NOTICE
from curbstop.commands.scope import REFERENCE
from curbstop.domain.actors import Actor
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OrderState
from curbstop.models.base import utc_now
from curbstop.models.change_log import BucketRow, ChangeLog, SyncHistory
from curbstop.models.op_ledger import UNANSWERED, OpLedger
from curbstop.models.service_order import ServiceOrder
from curbstop.settings import Settings
from sync import cursor as cursors
from sync import digest, horizon, projections, rows, scope
from sync.codes import code_rows
from sync.contract import SCHEMA_VERSION
from sync.cursor import Key, Mark

BATCH = 500
# So many batches are read together once a bucket has shown to be large: each statement costs as much as 50 rows.
TOGETHER = 2
# Keys of changed rows that are read at once; a longer list is read in parts.
KEYS_AT_ONCE = 5_000

ORDER = "service_order"


def pull(
    session: Session,
    actor: Actor,
    settings: Settings,
    cursor: str | None,
    schema_version: int,
    *,
    resume: Sequence[str] = (),
) -> Iterator[dict[str, Any]] | None:
    """`texts`, read."""
    lines = texts(session, actor, settings, cursor, schema_version, resume=resume)
    return None if lines is None else (json.loads(line) for line in lines)


def texts(
    session: Session,
    actor: Actor,
    settings: Settings,
    cursor: str | None,
    schema_version: int,
    *,
    resume: Sequence[str] = (),
) -> Iterator[str] | None:
    """The lines of one pull as JSON, or None when nothing changed; `session` stays open, as one snapshot, meanwhile.

    `resume`: the marks of what the tablet has staged of a pull with this same cursor that did not end. Problems:
    invalid_cursor, history_changed, schema_unsupported (a newer app than the server), drain_only (one too old).
    """
    if schema_version > SCHEMA_VERSION:
        raise Problem("schema_unsupported", f"This server speaks schema versions 1 to {SCHEMA_VERSION}.")
    if schema_version < settings.oldest_schema:
        raise Problem("drain_only")
    newest_seq = select(func.max(ChangeLog.seq)).scalar_subquery()
    history_id, found = session.execute(select(SyncHistory.history_id, newest_seq)).one()
    newest = found or 0
    wanted = scope.buckets_of(session, actor)
    known, base, marks = _since(
        cursor, resume, settings.secret_key, history_id=history_id, tablet_id=actor.tablet_id, newest=newest
    )
    # What happened in these is not known any more: they come whole, as new ones do.
    moments = [seq for mark in marks.values() for _, seq in mark.stretches]
    oldest = min(moments if base is None else [*moments, base], default=0)
    lost = horizon.forgotten(session, {*known, *marks}, oldest)
    plans = []
    for bucket in wanted:
        begin = base if bucket in known - lost else None
        mark = marks.get(bucket)
        if mark is None or bucket in lost or mark.base != begin:
            plans.append(_Plan(Mark(history_id, actor.tablet_id, bucket, begin), begun=False))
        else:
            plans.append(_Plan(mark, begun=True))
    changed = _changed(session, plans)
    removed = sorted({*known, *marks} - set(wanted))
    if not (removed or marks or changed or any(plan.mark.base is None for plan in plans)):
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
    sender = _Sender(session, settings.secret_key, newest, changed)
    return projections.texts(_lines(sender, head, plans, now.encode(settings.secret_key)), schema_version)


def whole(session: Session, bucket: str) -> Iterator[list[str]]:
    """Everything that a bucket holds, by key, as JSON texts of rows: pages of at most BATCH."""
    if bucket == REFERENCE:
        yield _code_texts()
    for entity_type in rows.TYPES:
        for page in _pages(session, bucket, entity_type, None):
            yield [text for _, text in page]


@dataclass(frozen=True, slots=True)
class _Plan:
    """One bucket of a pull: from where it goes on, and whether the tablet has anything of it staged."""

    mark: Mark
    begun: bool

    @property
    def oldest(self) -> int | None:
        """The seq from which changes count for some row; None when none do."""
        moments = [seq for _, seq in self.mark.stretches]
        return min(moments if self.mark.base is None else [*moments, self.mark.base], default=None)


def _since(
    cursor: str | None, resume: Sequence[str], secret_key: str, **now: Any
) -> tuple[frozenset[str], int | None, dict[str, Mark]]:
    """The buckets that the tablet has, as of which seq, and what is staged on top."""
    since = None if cursor is None else cursors.decode(cursor, secret_key, **now)
    base = since.seq if since else None
    return (since.buckets if since else frozenset()), base, cursors.decode_marks(resume, secret_key, base=base, **now)


def _lines(sender: "_Sender", head: dict[str, Any], plans: Sequence[_Plan], cursor: str) -> Iterator[str]:
    yield _dumps({"checkpoint": head})
    for plan in plans:
        yield from sender.bucket(plan)
    yield _dumps({"checkpoint_complete": {"seq": head["seq"], "cursor": cursor}})


def _changed(session: Session, plans: Iterable[_Plan]) -> set[tuple[str, str]]:
    """(bucket, entity type) of which something changed; the work grows with the changes, not with the utility."""
    since = [
        (ChangeLog.bucket == plan.mark.bucket) & (ChangeLog.seq > plan.oldest)
        for plan in plans
        if plan.oldest is not None
    ]
    if not since:
        return set()
    statement = select(ChangeLog.bucket, ChangeLog.entity_type).where(or_(*since), ChangeLog.kind != NOTICE)
    return {(bucket, entity_type) for bucket, entity_type in session.execute(statement.distinct())}


class _Sender:
    """Writes the data lines of one pull."""

    def __init__(self, session: Session, secret_key: str, newest: int, changed: set[tuple[str, str]]) -> None:
        self._session, self._secret_key, self._newest = session, secret_key, newest
        self._changed = changed
        self._mark: Mark
        self._reset = False

    def bucket(self, plan: _Plan) -> Iterator[str]:
        """The data lines of one bucket."""
        self._mark = plan.mark
        self._reset = plan.mark.base is None and not plan.begun
        first = self._recalled(plan)
        if first:
            yield self._line(list(first.values()))
        if self._reset and plan.mark.bucket == REFERENCE:
            yield self._line(_code_texts())
        after: Key | None = None
        for upto, seq in plan.mark.stretches:
            yield from self._delta(after, upto, seq, first)
            after = upto
        if plan.mark.base is None:
            yield from self._rest(after, first)
        else:
            yield from self._delta(after, None, plan.mark.base, first)
        if self._reset:
            # An empty bucket is said, too: it empties the tablet's copy.
            yield self._line([])

    def _line(self, texts: Sequence[str], reached: Key | None = None) -> str:
        if reached is not None:
            self._mark = self._mark.reached(reached, self._newest)
        reset, self._reset = ("true" if self._reset else "false"), False
        following = self._mark.encode(self._secret_key)
        head = f'{{"data":{{"bucket":"{self._mark.bucket}","reset":{reset},"next":"{following}","rows":['
        return f"{head}{','.join(texts)}]}}}}\n"

    def _recalled(self, plan: _Plan) -> dict[UUID, str]:
        """The orders that the office wants back, which a tablet is to hear of before anything else."""
        bucket, base = plan.mark.bucket, plan.mark.base
        if not bucket.startswith("tech:") or (base is not None and (bucket, ORDER) not in self._changed):
            return {}
        wanted = (
            select(BucketRow.entity_id)
            .join(ServiceOrder, ServiceOrder.id == BucketRow.entity_id)
            .where(BucketRow.bucket == bucket, BucketRow.entity_type == ORDER)
            .where(ServiceOrder.state == OrderState.RECALL_PENDING)
        )
        if base is not None:
            news = select(ChangeLog.entity_id).where(
                ChangeLog.bucket == bucket, ChangeLog.entity_type == ORDER, ChangeLog.seq > base
            )
            wanted = wanted.where(BucketRow.entity_id.in_(news))
        ids = list(self._session.scalars(wanted.order_by(BucketRow.entity_id).limit(BATCH)))
        return rows.held(self._session, bucket, ORDER, ids) if ids else {}

    def _rest(self, after: Key | None, sent: dict[UUID, str]) -> Iterator[str]:
        """The rows that the bucket holds, from a key on."""
        bucket = self._mark.bucket
        for entity_type in rows.TYPES:
            if after is not None and entity_type < after[0]:
                continue
            begin = after[1] if after is not None and after[0] == entity_type else None
            for page in _pages(self._session, bucket, entity_type, begin):
                reached = (entity_type, page[-1][0])
                yield self._line([text for row_id, text in page if row_id not in sent], reached)

    def _delta(self, after: Key | None, upto: Key | None, seq: int, sent: dict[UUID, str]) -> Iterator[str]:
        """The rows of the stretch that changed since, as they are now; those that are not held any more are gone."""
        bucket = self._mark.bucket
        for entity_type in sorted(kind for name, kind in self._changed if name == bucket):
            if (after is not None and entity_type < after[0]) or (upto is not None and entity_type > upto[0]):
                continue
            begin = after[1] if after is not None and after[0] == entity_type else None
            end = upto[1] if upto is not None and upto[0] == entity_type else None
            for part in self._keys(entity_type, seq, begin, end):
                here = rows.held(self._session, bucket, entity_type, [i for i in part if i not in sent])
                lines = [here.get(i) or rows.gone(entity_type, i) for i in part if i not in sent]
                if lines:
                    yield self._line(lines, (entity_type, part[-1]))

    def _keys(self, entity_type: str, seq: int, after: UUID | None, upto: UUID | None) -> Iterator[list[UUID]]:
        """The ids of the rows that changed after `seq`, each once whatever happened to it: parts of at most BATCH."""
        statement = select(ChangeLog.entity_id).where(
            ChangeLog.bucket == self._mark.bucket,
            ChangeLog.seq > seq,
            ChangeLog.entity_type == entity_type,
            ChangeLog.kind != NOTICE,
        )
        if upto is not None:
            statement = statement.where(ChangeLog.entity_id <= upto)
        while True:
            fresh = statement if after is None else statement.where(ChangeLog.entity_id > after)
            fresh = fresh.distinct().order_by(ChangeLog.entity_id).limit(KEYS_AT_ONCE)
            ids = list(self._session.scalars(fresh))
            for start in range(0, len(ids), BATCH):
                yield ids[start : start + BATCH]
            if len(ids) < KEYS_AT_ONCE:
                return
            after = ids[-1]


def _pages(session: Session, bucket: str, entity_type: str, after: UUID | None) -> Iterator[list[tuple[UUID, str]]]:
    """Parts of at most BATCH, the first of them at once; of a large bucket some are asked for together."""
    at_once = BATCH
    while True:
        page = rows.page(session, bucket, entity_type, after, at_once)
        for start in range(0, len(page), BATCH):
            yield page[start : start + BATCH]
        if len(page) < at_once:
            return
        after, at_once = page[-1][0], TOGETHER * BATCH


def _code_texts() -> list[str]:
    return [_dumps(row).rstrip() for row in code_rows()]


def _dumps(line: dict[str, Any]) -> str:
    return json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n"


def acked_through(session: Session, tablet_id: UUID | None) -> int:
    """The highest n up to which every op that has arrived from the tablet has its final verdict."""
    if tablet_id is None:
        return 0
    mine = OpLedger.tablet_id == tablet_id
    # An op without a verdict was stored and then cut off: it is answered when it comes again.
    open_from = session.scalar(select(func.min(OpLedger.n)).where(mine, UNANSWERED))
    if open_from is not None:
        return int(open_from) - 1
    return int(session.scalar(select(func.max(OpLedger.n)).where(mine)) or 0)
