"""Sets approved letters and gathers them for the mail: jobs that may die anywhere, and lose or repeat nothing."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from curbstop.blobs import Blobs, blobs_of
from curbstop.commands import journal, letter_mailings, letter_photos, letter_templates, letters, numbering
from curbstop.commands.many import update_many
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.letters import LetterEvent, LetterKind, LetterState, presort_key
from curbstop.domain.numbers import Prefix
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.among import among
from curbstop.models.engine import Sessions
from curbstop.models.ids import new_id
from curbstop.models.letter import Letter, LetterBatch
from curbstop.settings import Settings
from curbstop.typesetting import Manuscript, Typesetter
from curbstop.typesetting.pdfs import joined

GATHERED: Final = "letter_batch.gathered"
GATHERING, READY, MAILED, CANCELLED = "gathering", "ready", "mailed", "cancelled"
MOST = 5_000
FORGOTTEN_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Frozen:
    """A letter as it was set: where its bytes are, how many pages, and its words."""

    letter_id: UUID
    sha256: str
    pages: int
    text: str


@dataclass(frozen=True, slots=True)
class Bound:
    """A batch's letters as one PDF."""

    sha256: str
    pages: int


def typeset(sessions: Sessions, settings: Settings, letter_ids: Sequence[UUID]) -> list[Frozen]:
    """Sets those of the letters that are not set yet; outside any transaction, and the same bytes each time."""
    with sessions.read() as session:
        waiting = select(Letter).where(among(session, Letter.id, letter_ids), Letter.pdf_sha256.is_(None))
        rows = list(session.scalars(waiting.where(Letter.template_number.is_not(None)).order_by(Letter.id)))
        versions = {(row.kind, row.language, row.template_number or 0) for row in rows}
        sources = letter_templates.sources(session, versions)
        session.expunge_all()
    store = blobs_of(settings)
    with Typesetter() as typesetter:
        sheets = typesetter.set_all(_manuscript(settings, row, sources) for row in rows)
        return [
            Frozen(row.id, _store(settings, store, sheet.pdf), sheet.pages, sheet.text)
            for row, sheet in zip(rows, sheets, strict=True)
        ]


def _manuscript(settings: Settings, row: Letter, sources: Mapping[tuple[str, str, int], str]) -> Manuscript:
    assert row.approved_at is not None
    return Manuscript(
        sources[row.kind, row.language, row.template_number or 0],
        letters.whole_words(LetterKind(row.kind), row.fields, row.given),
        row.approved_at,
        letter_photos.prints(settings, row.photos),
    )


def freeze(work: Work, found: Sequence[Frozen]) -> int:
    """Keeps what was set with letters that have nothing yet; how many. What was frozen once stays as it is."""
    locked = (
        select(Letter.id, Letter.batch_id)
        .where(among(work.session, Letter.id, [one.letter_id for one in found]), Letter.pdf_sha256.is_(None))
        .order_by(Letter.id)
        .with_for_update()
    )
    batches = {letter_id: batch_id for letter_id, batch_id in work.session.execute(locked)}  # noqa: C416
    fresh = [one for one in found if one.letter_id in batches]
    rows = [{"id": one.letter_id, "pdf_sha256": one.sha256, "pages": one.pages, "text": one.text} for one in fresh]
    update_many(work.session, Letter, rows, keys=("id",))
    work.session.expire_all()
    journal.audit_many(work, "freeze", "letter", [(one.letter_id, None, {"pdf_sha256": one.sha256}) for one in fresh])
    for batch_id in sorted({one for one in batches.values() if one is not None}):
        _bind_when_whole(work, batch_id)
    return len(rows)


def gather(work: Work, *, letter_ids: Sequence[UUID] | None = None, kind: LetterKind | None = None) -> LetterBatch:
    """A batch of these approved letters, or of all that are in none, in presort order: ZIP, street, house number.

    Problems: forbidden, not_found, impossible_transition, too_large, conflict (there are none).
    """
    require(work.actor, Action.WRITE_LETTER)
    ids = list(letter_ids) if letter_ids is not None else _loose(work, kind)
    if len(ids) > MOST:
        raise Problem("too_large", f"A batch has at most {MOST} letters.")
    theirs = letters.load(work, ids) if ids else []
    if not theirs:
        raise Problem("conflict", "No approved letter is waiting for a batch.")
    theirs.sort(key=lambda letter: (presort_key(letter.postal_code, letter.street, letter.house_number), letter.number))
    batch = LetterBatch(
        id=new_id(),
        number=numbering.next_numbers(work, Prefix.LETTER_BATCH)[0],
        state=GATHERING,
        letters=len(theirs),
        made_by_id=work.actor.staff_id,
        created_at=work.at,
    )
    work.session.add(batch)
    journal.changed(work, batch, "gather")
    for place, letter in enumerate(theirs, 1):
        letters.move(letter, LetterEvent.QUEUE)
        letter.batch_id, letter.batch_place = batch.id, place
    journal.changed_many(work, theirs, "queue")
    _bind_when_whole(work, batch.id)
    return batch


def bind(sessions: Sessions, settings: Settings, batch_id: UUID) -> Bound | None:
    """The batch's letters as one PDF, in their places; None when it is bound, cancelled or not whole."""
    with sessions.read() as session:
        batch = session.get(LetterBatch, batch_id)
        if batch is None or batch.state != GATHERING:
            return None
        mine = select(Letter.pdf_sha256).where(Letter.batch_id == batch_id).order_by(Letter.batch_place)
        hashes = list(session.scalars(mine))
    if None in hashes:
        return None
    store = blobs_of(settings)
    whole, pages = joined(b"".join(store.read(sha256)) for sha256 in hashes if sha256 is not None)
    return Bound(_store(settings, store, whole), sum(pages))


def keep_bound(work: Work, batch_id: UUID, bound: Bound | None) -> None:
    """The batch is ready for the print vendor."""
    batch = get(work, LetterBatch, batch_id)
    if bound is None or batch.state != GATHERING:
        return
    batch.state, batch.pdf_sha256, batch.pages = READY, bound.sha256, bound.pages
    journal.changed(work, batch, "bind")


def mail(work: Work, batch_id: UUID, *, mailed_on: date, method: str, if_version: int | None = None) -> LetterBatch:
    """The whole batch is in the mail. Problems: forbidden, not_found, impossible_transition (it is not ready)."""
    require(work.actor, Action.WRITE_LETTER)
    batch = _batch(work, batch_id, if_version, READY, "mail")
    ids = list(work.session.scalars(select(Letter.id).where(Letter.batch_id == batch.id).order_by(Letter.batch_place)))
    letter_mailings.mark_mailed(work, ids, mailed_on=mailed_on, method=method)
    batch.state, batch.mailed_on = MAILED, mailed_on
    journal.changed(work, batch, "mail")
    return batch


def cancel(work: Work, batch_id: UUID, *, if_version: int | None = None) -> LetterBatch:
    """Takes a batch apart that was not mailed; its letters stay approved and frozen."""
    require(work.actor, Action.WRITE_LETTER)
    batch = _batch(work, batch_id, if_version, (GATHERING, READY), "cancel")
    ids = list(work.session.scalars(select(Letter.id).where(Letter.batch_id == batch.id)))
    theirs = letters.load(work, ids)
    for letter in theirs:
        letters.move(letter, LetterEvent.UNQUEUE)
        letter.batch_id = letter.batch_place = None
    journal.changed_many(work, theirs, "unqueue")
    batch.state = CANCELLED
    journal.changed(work, batch, "cancel")
    return batch


def set_forgotten(work: Work) -> int:
    """Asks again for letters that are still not set some minutes after their approval, and for batches that are whole
    and not bound: a worker died with their job. How many letters; for the clock. What is set meanwhile is left alone.
    """
    late = work.at - FORGOTTEN_AFTER
    waiting = select(Letter.id).where(Letter.pdf_sha256.is_(None), Letter.approved_at < late).order_by(Letter.id)
    ids = [str(one) for one in work.session.scalars(waiting.where(Letter.state != LetterState.VOID.value).limit(MOST))]
    for start in range(0, len(ids), letters.SLICE):
        journal.enqueue(work, letters.APPROVED, {"letter_ids": ids[start : start + letters.SLICE]})
    unset = select(Letter.id).where(Letter.batch_id == LetterBatch.id, Letter.pdf_sha256.is_(None)).exists()
    whole = select(LetterBatch.id).where(LetterBatch.state == GATHERING, LetterBatch.updated_at < late, ~unset)
    for batch_id in work.session.scalars(whole):
        journal.enqueue(work, GATHERED, {"batch_id": str(batch_id)})
    return len(ids)


def _batch(
    work: Work, batch_id: UUID, if_version: int | None, wanted: str | tuple[str, ...], event: str
) -> LetterBatch:
    batch = get(work, LetterBatch, batch_id)
    check_version(batch, if_version)
    if batch.state not in ((wanted,) if isinstance(wanted, str) else wanted):
        detail = f"A batch that is {batch.state} cannot {event}."
        raise Problem("impossible_transition", detail, state=batch.state, event=event, possible=[])
    return batch


def _bind_when_whole(work: Work, batch_id: UUID) -> None:
    """Asks for the one PDF once every letter is set. The batch's lock makes the last two slices come one by one."""
    batch = get(work, LetterBatch, batch_id)
    unset = select(func.count()).where(Letter.batch_id == batch_id, Letter.pdf_sha256.is_(None))
    if batch.state == GATHERING and not work.session.scalar(unset):
        journal.enqueue(work, GATHERED, {"batch_id": str(batch_id)})


def _loose(work: Work, kind: LetterKind | None) -> list[UUID]:
    statement = select(Letter.id).where(Letter.state == LetterState.APPROVED.value).order_by(Letter.id).limit(MOST)
    return list(work.session.scalars(statement if kind is None else statement.where(Letter.kind == kind.value)))


def _store(settings: Settings, store: Blobs, content: bytes) -> str:
    """Puts the bytes into the store under their hash; bytes that are there are left alone."""
    sha256 = hashlib.sha256(content).hexdigest()
    if store.size(sha256) is None:
        settings.parts_dir.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=settings.parts_dir, prefix="letter-", delete=False) as file:
            file.write(content)
        store.take(Path(file.name), sha256)
    return sha256
