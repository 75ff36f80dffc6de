"""What a tablet sends: every op is kept as it came, then answered.

Two transactions: the first stores the ops, whatever they are; the second gives each its one verdict with its effects.
A retry of what was answered gets the stored answer.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from curbstop.commands import op_ledger, tablets
from curbstop.commands.work import Work
from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.engine import Sessions
from curbstop.models.op_ledger import OpLedger
from curbstop.settings import Settings
from sync import clocks, seals
from sync.answering import PASSING, Answering
from sync.ops import Received
from sync.verdicts import Verdict, kept, told_to

log = logging.getLogger(__name__)

MOST_OPS = 200
TRIES = 3


def take(
    sessions: Sessions,
    actor: Actor,
    settings: Settings,
    ops: Sequence[Any],
    *,
    beacon: Mapping[str, Any] | None = None,
    clock: Any = None,
) -> list[Verdict]:
    """Stores and answers a batch: one verdict for each op, in the batch's order.

    `beacon` and `clock` are what the tablet says of its outbox and its clocks; they are noted with it.

    Problems: forbidden, tablet_required, too_large (more than 200 ops). Nothing that an op says is a Problem.
    """
    require(actor, Action.SYNC_TABLET)
    if actor.tablet_id is None:
        raise Problem("tablet_required")
    if len(ops) > MOST_OPS:
        raise Problem("too_large", f"A batch has at most {MOST_OPS} ops.")
    with sessions.read() as session:
        holder = seals.holder_of(session, actor.tablet_id, actor.staff_id)
    received = seals.receive_all(holder, ops)
    said = clocks.read(clock)
    with sessions.write() as session:
        work = Work(session, actor, settings)
        if said is not None:
            tablets.measure(work, said)
        dated = clocks.date(session, actor.tablet_id, said, work.at, received)
        op_ledger.keep(work, [kept(op) for op in dated])
        tablets.heard(work, beacon=beacon, clock=said, sent_work=bool(received))
    answers = _answered(sessions, actor, settings, received)
    return [answers[op.op_id, op.sha256] for op in received]


def _answered(
    sessions: Sessions, actor: Actor, settings: Settings, received: Sequence[Received]
) -> dict[tuple[UUID, bytes], Verdict]:
    """The second transaction, tried again when the database was in the way (a deadlock, a lock held too long).

    A passing fault is no verdict: after the last try the batch is Problem(unavailable), and the tablet sends it again.
    """
    for left in reversed(range(TRIES)):
        try:
            with sessions.write() as session:
                return Answering(Work(session, actor, settings)).answer(received)
        except PASSING as error:
            log.warning("a batch of %d ops met %s; %d tries left", len(received), type(error.orig).__name__, left)
    raise Problem("unavailable", "The server is busy with the same rows; send the batch again.")


def verdicts(session: Session, actor: Actor, after_n: int, limit: int) -> tuple[list[Verdict], int | None]:
    """What the server has from the actor's tablet, in the order of n, and where the next page begins.

    Of another person's ops only that they are here: what became of them is for whoever noted or sent them. Ops that
    share a number are on one page, which may so hold more than `limit`.
    """
    mine = select(OpLedger).where(OpLedger.tablet_id == actor.tablet_id).order_by(OpLedger.n, OpLedger.op_id)
    rows = list(session.scalars(mine.where(OpLedger.n > after_n).limit(limit + 1)))
    page, more = rows[:limit], len(rows) > limit
    if more and rows[limit].n == page[-1].n:
        shared = page[-1].n
        page = [row for row in page if row.n != shared]
        page += session.scalars(mine.where(OpLedger.n == shared))
    found = [{"n": row.n, **told_to(actor, row)} for row in page]
    return found, page[-1].n if more else None
