"""RxDB's HTTP replication: one collection is one entity type, a document is a row."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.problems import Problem
from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from sync.adapters import changes
from sync.adapters.edits import OP, Edit, carry_out
from sync.rows import LOADERS

Document = dict[str, Any]
__all__ = ["COLLECTIONS", "OP", "pull", "push"]
COLLECTIONS = frozenset({*LOADERS, changes.CODE})
_SALT = "curbstop.rxdb"


def pull(
    session: Session, actor: Actor, settings: Settings, collection: str, *, checkpoint: str | None, limit: int
) -> tuple[list[Document], str]:
    """At most `limit` documents that were touched since the checkpoint, in the order of their ids, and the next one.

    A round has several pages; each is of its own moment, and the next round begins where the first page was, so what
    changed behind a page's back comes again. Problems: invalid_cursor, history_changed (begin without a checkpoint).
    """
    now = changes.now_of(session, actor)
    here = {"h": now.history_id.hex, "t": str(actor.tablet_id), "e": collection}
    said: dict[str, Any] = {"s": 0, "b": [], "a": ""}
    if checkpoint:
        said = _read(settings, checkpoint, here, now, session)
    after = UUID(said["a"]) if said["a"] else None
    waiting = sorted(changes.touched(session, now, said["b"], said["s"], collection, after=after, most=limit + 1))
    page = waiting[:limit]
    there = changes.present(session, now, collection, page)
    documents = [_document(row_id, there.get(row_id)) for row_id in page]
    first = said.get("f") or {"s": now.seq, "b": sorted(now.buckets)}
    more = {**said, "a": page[-1].hex, "f": first} if len(waiting) > limit else None
    next_one = more or {**first, "a": ""}
    return documents, str(_signer(settings).dumps({**next_one, **here}))


def begins(settings: Settings, checkpoint: str | None) -> bool:
    """Whether a round begins with this page; the hand-over is done once a round."""
    try:
        return not checkpoint or not _signer(settings).loads(checkpoint)["a"]
    except BadData:
        return True


def push(
    sessions: Sessions, actor: Actor, settings: Settings, collection: str, rows: Sequence[Mapping[str, Any]]
) -> list[Document]:
    """Carries the rows' edits out as ops; the documents that did not become what the client asked for, as they are."""
    edits = [
        Edit(collection, str(row["newDocumentState"].get("id")), row.get("assumedMasterState"), row["newDocumentState"])
        for row in rows
    ]
    good = carry_out(sessions, actor, settings, edits)
    refused = [edit for edit, went in zip(edits, good, strict=True) if not went]
    with sessions.read() as session:
        now = changes.now_of(session, actor)
        ids = [row_id for edit in refused if (row_id := _id(edit.row_id)) is not None]
        there = changes.present(session, now, collection, ids) if collection in COLLECTIONS else {}
    # One that is not the tablet's any more goes as it came: the client's schema may want its members.
    return [
        {**dict(edit.before or edit.after), "id": edit.row_id, "_deleted": True}
        if (row_id := _id(edit.row_id)) is None or row_id not in there
        else _document(row_id, there[row_id])
        for edit in refused
    ]


def _document(row_id: UUID, record: Mapping[str, Any] | None) -> Document:
    if record is None:
        return {"id": str(row_id), "_deleted": True}
    return {"id": str(row_id), **record, "_deleted": False}


def _read(
    settings: Settings, checkpoint: str, here: Mapping[str, str], now: changes.Now, session: Session
) -> dict[str, Any]:
    try:
        said: dict[str, Any] = _signer(settings).loads(checkpoint)
    except BadData:
        raise Problem("invalid_cursor", "The checkpoint is not one of this server's; pull without one.") from None
    if any(said.get(name) != here[name] for name in ("t", "e")):
        raise Problem("invalid_cursor", "The checkpoint is another tablet's or collection's; pull without one.")
    if said["h"] != here["h"] or said["s"] > now.seq or changes.forgotten(session, said["b"], said["s"]):
        raise Problem("history_changed")
    return said


def _signer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.secret_key, salt=_SALT)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
