"""WatermelonDB's synchronize(): everything since the last pull in one answer, and local changes as ops.

The client keeps a number only. It is the change number, and a tag of the history, the tablet, its buckets and the
release's code tables: while the tag is the present one, what changed since is known; otherwise the answer is a
replacement sync, in which the client drops what is not in it and keeps what it has not sent.
"""

import hmac
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from sync.adapters import changes
from sync.adapters.edits import OP, Edit, carry_out
from sync.adapters.records import flat
from sync.ops import as_uuid
from sync.rows import LOADERS

# A JavaScript number is exact below 2**53.
TAG_BITS = 21
TABLES = (*LOADERS, changes.CODE)


@dataclass(frozen=True, slots=True)
class Pull:
    """One answer: its timestamp, whether it replaces all that the client has, and the rows touched by table."""

    session: Session
    now: changes.Now
    timestamp: int
    replaces: bool
    touched: Mapping[str, Collection[UUID]]
    known: Collection[str]

    def updated(self, table: str) -> Iterator[dict[str, Any]]:
        """The records of the table, page by page."""
        ids = sorted(self.touched[table])
        for start in range(0, len(ids), changes.PAGE):
            page = changes.present(self.session, self.now, table, ids[start : start + changes.PAGE])
            yield from ({"id": str(row_id), **flat(record)} for row_id, record in page.items())

    def deleted(self, table: str) -> list[str]:
        """What the client may not hold any more."""
        if self.replaces:
            return []
        ids = sorted(self.touched[table])
        gone: list[str] = []
        for start in range(0, len(ids), changes.PAGE):
            part = ids[start : start + changes.PAGE]
            there = changes.held(self.session, self.now, table, part)
            gone += [str(row_id) for row_id in part if row_id not in there]
        return gone


def pull(
    session: Session, actor: Actor, settings: Settings, last_pulled_at: int | None, backfill: Collection[str]
) -> Pull:
    """What changed since the number that an earlier pull gave; all rows of the tables of `backfill`."""
    now = changes.now_of(session, actor)
    since = (last_pulled_at or 0) >> TAG_BITS
    known: Collection[str] = now.buckets
    goes_on = (
        last_pulled_at is not None
        and last_pulled_at == _timestamp(settings, actor, now, since)
        and since <= now.seq
        and not changes.forgotten(session, now.buckets, since)
    )
    if not goes_on:
        since, known = 0, ()
    touched = {
        # What left since then is told also where everything comes: the timestamp goes on.
        table: changes.touched(session, now, known, since, table)
        | (changes.touched(session, now, (), since, table) if table in backfill else set())
        for table in TABLES
    }
    return Pull(session, now, _timestamp(settings, actor, now, now.seq), not goes_on, touched, known)


def push(sessions: Sessions, actor: Actor, settings: Settings, sent: Mapping[str, Any]) -> list[tuple[str, UUID]]:
    """Carries local changes out as ops; the rows that did not become what the client made of them.

    Every op is kept and answered, so none is refused: to send it again would be of no use.
    """
    edits = [
        # WatermelonDB says which columns were changed, not what they were.
        Edit(table, str(raw.get("id")), None, raw, frozenset(str(raw.get("_changed") or "").split(",")))
        for table, changed in sent.items()
        for raw in [*changed.get("created", []), *changed.get("updated", [])]
    ]
    good = carry_out(sessions, actor, settings, edits)
    return [
        (edit.table, row_id)
        for edit, went in zip(edits, good, strict=True)
        if not went and edit.table != OP and (row_id := as_uuid(edit.row_id)) is not None
    ]


def _timestamp(settings: Settings, actor: Actor, now: changes.Now, seq: int) -> int:
    named = "\0".join(
        [now.history_id.hex, str(actor.tablet_id), changes.codes_digest(), str(seq), *sorted(now.buckets)]
    )
    mac = hmac.new(settings.secret_key.encode(), f"watermelondb\0{named}".encode(), sha256).digest()
    return seq << TAG_BITS | int.from_bytes(mac[:4], "big") % (1 << TAG_BITS)
