"""Keeps the answers to creating requests by Idempotency-Key, in the transaction of what they created."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import CursorResult, delete, update
from sqlalchemy.dialects import postgresql, sqlite

from curbstop.commands import secrets
from curbstop.commands.work import Work
from curbstop.domain.problems import Problem
from curbstop.models.request import IdempotencyKey

KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What the first request was told."""

    status: int
    etag: str | None
    location: str | None
    body: bytes


def claim(work: Work, key: str, request_sha256: bytes) -> KeptAnswer | None:
    """None when the key is new: it is now this transaction's. Otherwise the answer that was given.

    A second request with the same key waits here for the first one's end. Problem(`idempotency_key_reused`) when the
    key came with another request.
    """
    assert work.actor.staff_id is not None
    dialect = sqlite if work.session.get_bind().dialect.name == "sqlite" else postgresql
    row = {
        "staff_id": work.actor.staff_id,
        "key": key,
        "request_sha256": request_sha256,
        "status": 0,
        "body": b"",
        "created_at": work.at,
    }
    insert = dialect.insert(IdempotencyKey).values(row).on_conflict_do_nothing().returning(IdempotencyKey.key)
    if work.session.execute(insert).one_or_none() is not None:
        return None
    kept = work.session.get(IdempotencyKey, (work.actor.staff_id, key), populate_existing=True)
    if kept is None or kept.request_sha256 != request_sha256:
        raise Problem("idempotency_key_reused")
    body = secrets.unseal_answer(work.settings, key, kept.body)
    return KeptAnswer(kept.status, kept.etag, kept.location, body)


def keep(work: Work, key: str, answer: KeptAnswer) -> None:
    """The answer for every later request with this key."""
    body = secrets.seal_answer(work.settings, key, answer.body)
    work.session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.staff_id == work.actor.staff_id, IdempotencyKey.key == key)
        .values(status=answer.status, etag=answer.etag, location=answer.location, body=body)
    )


def forget_old(work: Work) -> int:
    """Deletes the keys that no retry will come for any more; how many."""
    result = work.session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < work.at - KEPT))
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
