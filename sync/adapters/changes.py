"""What changed for clients that are told rows and deletions, without op ids: the rows touched since a change number."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from curbstop.commands.journal import NOTICE
from curbstop.commands.scope import REFERENCE
from curbstop.domain.actors import Actor
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


def touched(session: Session, now: Now, known: Collection[str], since: int, entity_type: str) -> set[UUID]:
    """The rows of a type that were put or left since, and all of the buckets that came or went as a whole."""
    kept, changed = set(known) & now.buckets, set(known) ^ now.buckets
    log = select(ChangeLog.entity_id).where(
        ChangeLog.bucket.in_(set(known)),
        ChangeLog.seq > since,
        ChangeLog.entity_type == entity_type,
        ChangeLog.kind != NOTICE,
    )
    found = set(session.scalars(log)) if kept or known else set()
    if changed:
        held = select(BucketRow.entity_id).where(BucketRow.bucket.in_(changed), BucketRow.entity_type == entity_type)
        found |= set(session.scalars(held))
    if entity_type == CODE and REFERENCE in changed:
        found |= set(_codes())
    return found


def present(session: Session, now: Now, entity_type: str, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """The records of those of the rows that the tablet may hold now."""
    if entity_type == CODE:
        return {row_id: record for row_id, record in _codes().items() if row_id in ids and REFERENCE in now.buckets}
    here = (BucketRow.bucket.in_(now.buckets), BucketRow.entity_type == entity_type, BucketRow.entity_id.in_(ids))
    held: list[Key] = [(entity_type, row_id) for row_id in session.scalars(select(BucketRow.entity_id).where(*here))]
    return {row_id: record for (_, row_id), record in records(session, list(dict.fromkeys(held))).items()}


def codes_digest() -> str:
    """Another one when a release has other code tables."""
    return digest.of_codes().digest[:8]


@cache
def _codes() -> dict[UUID, dict[str, Any]]:
    return {UUID(row["id"]): {**row["body"], "row_version": row["version"]} for row in code_rows()}
