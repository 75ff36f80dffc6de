"""Makes and ends the keys that GIS tools sign in with."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete

from curbstop.commands import journal
from curbstop.commands.work import Work
from curbstop.domain.problems import Problem
from curbstop.models.layer_key import LayerKey

LIFE: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class NewLayerKey:
    """A key, in clear this one time."""

    key: str
    made_at: datetime
    ends_at: datetime


def make(work: Work) -> NewLayerKey:
    """A new key for whoever asks; the one before is worth nothing any more."""
    staff_id = _person(work)
    _end(work, staff_id)
    key = secrets.token_urlsafe(32)
    row = LayerKey(staff_id=staff_id, key_hash=key_hash(key), made_at=work.at, ends_at=work.at + LIFE)
    work.session.add(row)
    work.session.flush()
    journal.audit(work, "layer_key.make", "layer_key", staff_id, after={"ends_at": row.ends_at.isoformat()})
    return NewLayerKey(key, row.made_at, row.ends_at)


def end(work: Work) -> None:
    """The key of whoever asks is worth nothing any more; that there is none is no news."""
    staff_id = _person(work)
    if _end(work, staff_id):
        journal.audit(work, "layer_key.end", "layer_key", staff_id)


def end_of(work: Work, staff_id: UUID) -> None:
    """Somebody is signed out everywhere, and so are their tools."""
    _end(work, staff_id)


def key_hash(key: str) -> bytes:
    """How a key is kept. It is long and random, so that nobody tries them all, and needs no slow hash."""
    return hashlib.sha256(key.encode()).digest()


def _person(work: Work) -> UUID:
    if work.actor.staff_id is None:
        raise Problem("forbidden", "Only somebody who is signed in has a key for layers.")
    return work.actor.staff_id


def _end(work: Work, staff_id: UUID) -> bool:
    ended = work.session.execute(
        delete(LayerKey).where(LayerKey.staff_id == staff_id).returning(LayerKey.staff_id)
    ).all()
    return bool(ended)
