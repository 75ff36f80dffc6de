"""A day's letters: from their approval to the one PDF for the print vendor, against Typst that only sets them."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import typst
from redis import Redis
from sqlalchemy import select

from bench import city
from bench.figures import Figure, figure
from bench.place import Database, Place, database
from curbstop.commands import letter_batches, letters
from curbstop.commands.letters import Wanted, whole_words
from curbstop.domain.letters import LetterKind
from curbstop.models.account import Account
from curbstop.models.base import utc_now
from curbstop.models.letter import Letter, LetterBatch
from curbstop.typesetting import HEAD, LETTERHEAD, shipped, shipped_file
from workers.worker import drain

NAMES = ("office.letters",)
BAR = 0.5
KIND = LetterKind.CUT_OFF_NOTICE
SAID = {"past_due": "$84.20", "pay_by": "May 14, 2026", "cut_on": "May 18, 2026", "hearing": "Ask for a hearing."}


def measure(place: Place) -> Iterator[Figure]:
    """Letters a second of a batch of 1,000 through outbox, queue, store and database, and by Typst alone."""
    count = place.amount(1_000, 300)
    with database(place) as base:
        city.build(base, count)
        ids = _drafts(base)
        alone = count / _alone(base)
        ours = count / _batch(base, ids)
    yield figure(NAMES[0], place, ours, unit="letters/s", better="higher", bar=BAR, baseline=alone)


def _drafts(base: Database) -> list[UUID]:
    with base.work() as work:
        places = work.session.execute(select(Account.service_point_id, Account.id)).all()
        wanted = [
            Wanted(kind=KIND, service_point_id=point, account_id=account, fields=SAID) for point, account in places
        ]
        return [letter.id for letter in letters.draft(work, wanted)]


def _batch(base: Database, ids: list[UUID]) -> float:
    """Seconds from the approval until the batch is ready, with one worker."""
    began = utc_now()
    with base.work() as work:
        letters.approve(work, ids)
        batch_id = letter_batches.gather(work, letter_ids=ids).id
    with Redis.from_url(base.settings.redis_url) as connection:
        drain(base.sessions, base.settings, connection)
    with base.sessions.read() as session:
        batch = session.get(LetterBatch, batch_id)
        if batch is None or batch.state != letter_batches.READY or (batch.pages or 0) < len(ids):
            raise RuntimeError("the batch is not whole")
        # Not until the worker has gone home: it takes half a second to hang up.
        return (batch.updated_at - began).total_seconds()


def _alone(base: Database) -> float:
    """Seconds that Typst alone takes for the same letters, with one compiler."""
    with base.sessions.read() as session:
        rows = list(session.scalars(select(Letter)))
    inputs = [
        {"data": json.dumps({**whole_words(KIND, row.fields, row.given), "photos": []}), "proof": "no"} for row in rows
    ]
    source = (HEAD + shipped(KIND.value, "en")).encode()
    with _compiler() as compiler:
        began = time.perf_counter()
        for one in inputs:
            compiler.compile(input=source, format="pdf", sys_inputs=one)
        return time.perf_counter() - began


@contextmanager
def _compiler() -> Iterator[typst.Compiler]:
    with TemporaryDirectory() as folder:
        (Path(folder) / LETTERHEAD).write_text(shipped_file(LETTERHEAD), encoding="utf-8")
        yield typst.Compiler(root=folder, ignore_system_fonts=True)
