"""A worker that is killed while it sets a batch loses no letter and repeats none."""

import signal
import time
from uuid import UUID

from sqlalchemy import func, select, update

from curbstop.blobs import blobs_of
from curbstop.commands import letter_batches, letters
from curbstop.commands.letters import Wanted
from curbstop.domain.letters import LetterKind
from curbstop.models import AuditEntry, Letter, LetterBatch, Outbox
from curbstop.models.base import utc_now
from tests.town import Town
from tests.workers import processes

COUNT = 60
WAIT_S = 60


def test_a_batch_whose_worker_is_killed_in_the_middle_is_whole_in_the_end(town: Town) -> None:
    places = [town.place() for _ in range(COUNT)]
    said = {"done": "Your water was cut off.", "what_now": "Call us."}
    with town.work("carla") as work:
        wanted = [
            Wanted(kind=LetterKind.DOOR_TAG, service_point_id=place.id, account_id=place.account_id, fields=said)
            for place in places
        ]
        ids = [letter.id for letter in letters.draft(work, wanted)]
        letters.approve(work, ids)
        batch = letter_batches.gather(work).id
    worker = processes.start(town.settings)
    try:
        _wait_for(town, lambda: _set(town) > 0)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.communicate(timeout=30)
    # The clock finds what the dead worker had in hand; that the queue gives it back too, later, changes nothing.
    # What it puts into the outbox is due at once; a clock put forward would let the jobs wait for that moment.
    late = utc_now() - 2 * letter_batches.FORGOTTEN_AFTER
    with town.sessions.write() as session:
        session.execute(update(Letter).values(approved_at=late))
        session.execute(update(LetterBatch).values(updated_at=late))
    for _ in range(2):
        with town.work() as work:
            letter_batches.set_forgotten(work)
    again = processes.start(town.settings)
    try:
        _wait_for(town, lambda: _ready(town, batch))
    finally:
        processes.end(again)
    assert _set(town) == COUNT
    frozen = town.all(select(AuditEntry.entity_id).where(AuditEntry.action == "freeze"))
    assert sorted(frozen) == sorted(ids)
    [whole] = town.all(select(LetterBatch))
    assert (whole.letters, whole.pages) == (COUNT, COUNT)
    assert b"".join(blobs_of(town.settings).read(whole.pdf_sha256 or "")).startswith(b"%PDF-")


def _set(town: Town) -> int:
    [count] = town.all(select(func.count()).where(Letter.pdf_sha256.is_not(None)))
    return int(count)


def _ready(town: Town, batch: UUID) -> bool:
    return bool(town.all(select(LetterBatch.id).where(LetterBatch.id == batch, LetterBatch.state == "ready")))


def _wait_for(town: Town, holds: object) -> None:
    assert callable(holds)
    until = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < until, town.all(select(Outbox.topic))
        time.sleep(0.02)
