"""What changed for clients that are told rows and deletions, without op ids: the rows touched since a change number."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from curbstop.commands.journal import NOTICE
from curbstop.commands.scope import REFERENCE
from curbstop.domain.actors import Actor
from curbstop.models.among import among
from curbstop.models.change_log import BucketRow, ChangeLog, SyncHistory
from sync import digest, horizon, scope
from sync.adapters.records import Key, records
from sync.codes import code_rows

CODE = "code"
PAGE = 500


@dataclass(frozen=True, slots=True)
class Now:
    """A tablet's scope at one moment."""

    history_id: UUID
    seq: int
    buckets: frozenset[str]


def now_of(session: Session, actor: Actor) -> Now:
    """The scope of the snapshot that the session is."""
    history_id = session.scalar(select(SyncHistory.history_id))
    assert history_id is not None
    newest = session.scalar(select(func.max(ChangeLog.seq))) or 0
    return Now(history_id, newest, frozenset(scope.buckets_of(session, actor)))


def forgotten(session: Session, known: Collection[str], since: int) -> bool:
    """Whether it is not known any more what left these buckets since then."""
    return bool(horizon.forgotten(session, known, since))


def touched(
    session: Session,
    now: Now,
    known: Collection[str],
    since: int,
    entity_type: str,
    *,
    after: UUID | None = None,
    most: int | None = None,
) -> set[UUID]:
    """The rows of a type that were put or left since, and all of the buckets that came or went as a whole.

    With `most` at least the `most` lowest of the ids beyond `after`, as far as there are so many.
    """
    changed = set(known) ^ now.buckets
    # Of each bucket by itself: it holds its rows in the order of their ids.
    parts = [
        _page(BucketRow.entity_id, after, most, BucketRow.bucket == bucket, BucketRow.entity_type == entity_type)
        for bucket in sorted(changed)
    ]
    if known:
        log = (ChangeLog.bucket.in_(set(known)), ChangeLog.seq > since, ChangeLog.kind != NOTICE)
        parts.append(_page(ChangeLog.entity_id, after, most, *log, ChangeLog.entity_type == entity_type))
    found = set(session.scalars(union_all(*parts))) if parts else set()
    if entity_type == CODE and REFERENCE in changed:
        found |= {row_id for row_id in _codes() if after is None or row_id > after}
    return found


def _page(
    column: InstrumentedAttribute[UUID], after: UUID | None, most: int | None, *which: ColumnElement[bool]
) -> Select[UUID]:
    beyond = which if after is None else (*which, column > after)
    wanted = select(column.label("id")).where(*beyond).distinct().order_by(column).limit(most).subquery()
    return select(wanted.c.id)


def present(session: Session, now: Now, entity_type: str, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """The records of those of the rows that the tablet may hold now."""
    if entity_type == CODE:
        return {row_id: record for row_id, record in _codes().items() if row_id in ids and REFERENCE in now.buckets}
    keys: list[Key] = [(entity_type, row_id) for row_id in sorted(held(session, now, entity_type, ids))]
    return {row_id: record for (_, row_id), record in records(session, keys).items()}


def held(session: Session, now: Now, entity_type: str, ids: Collection[UUID]) -> set[UUID]:
    """Which of the rows are in the tablet's buckets."""
    if entity_type == CODE:
        return _codes().keys() & set(ids) if REFERENCE in now.buckets else set()
    here = (BucketRow.bucket.in_(now.buckets), BucketRow.entity_type == entity_type)
    return set(session.scalars(select(BucketRow.entity_id).where(*here, among(session, BucketRow.entity_id, ids))))


def codes_digest() -> str:
    """Another one when a release has other code tables."""
    return digest.of_codes().digest[:8]


@cache
def _codes() -> dict[UUID, dict[str, Any]]:
    return {UUID(row["id"]): {**row["body"], "row_version": row["version"]} for row in code_rows()}
