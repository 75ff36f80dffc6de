"""Sees to it that every op gets its verdict: those that were cut off from theirs, and those that wait in vain."""

import json
import logging
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import aliased

from curbstop.commands import op_ledger
from curbstop.commands.op_ledger import WAITING
from curbstop.commands.work import Work
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.op_ledger import OpLedger
from sync import ops as reading
from sync import rescue, seals
from sync.answering import Answering
from sync.doers import doer_of
from sync.push import MOST_OPS
from sync.verdicts import Verdict

# A push is answered within seconds, or its tablet sends it again.
PATIENCE = timedelta(minutes=2)
# A tablet's other ops come with its next push; after a week off, what came before this one was lost with its outbox.
IN_VAIN = timedelta(days=7)
LOST = Problem("predecessor_lost", "The op that it follows has not arrived within a week; it may have been lost.")
GIVEN_UP = Problem("predecessor_lost", "The office knows that the op which it follows will not come.")
MOST_SENDERS = 50
log = logging.getLogger(__name__)


def answer(work: Work) -> int:
    """Gives ops their verdicts as their push would have, a batch of each tablet and sender; how many. For the clock.

    What goes wrong with one batch stops no other: it is tried again the next time.
    """
    senders = select(OpLedger.tablet_id, OpLedger.staff_id, OpLedger.sent_by_id).where(*_forgotten(work))
    count = 0
    for sender in work.session.execute(senders.distinct().limit(MOST_SENDERS)).all():
        try:
            with work.session.begin_nested():
                count += _answer_of(work, sender.tablet_id, sender.staff_id, sender.sent_by_id)
        except Exception:
            log.exception("the ops of tablet %s are still without a verdict", sender.tablet_id)
            work.session.expire_all()
    return count


def _forgotten(work: Work) -> tuple[ColumnElement[bool], ...]:
    return (OpLedger.verdict.is_(None), OpLedger.received_at < work.at - PATIENCE)


def _answer_of(work: Work, tablet_id: UUID, staff_id: UUID, sent_by_id: UUID | None) -> int:
    theirs = (
        OpLedger.tablet_id == tablet_id,
        OpLedger.staff_id == staff_id,
        OpLedger.sent_by_id.is_not_distinct_from(sent_by_id),
    )
    batch = select(OpLedger.raw, OpLedger.signature).where(*_forgotten(work), *theirs)
    rows = work.session.execute(batch.order_by(OpLedger.n, OpLedger.op_id).limit(MOST_OPS)).all()
    sender = doer_of(work.session, sent_by_id or staff_id, tablet_id)
    holder = seals.holder_of(work.session, tablet_id, sender.staff_id)
    received = seals.receive_all(holder, [_as_sent(row.raw, row.signature) for row in rows])
    Answering(Work(work.session, sender, work.settings, work.at)).answer(received)
    return len(rows)


def give_up_waiting(work: Work) -> int:
    """Parks what has waited too long, so that neither it nor what follows waits for ever; how many. For the clock.

    What follows a parked op is carried out or parked by itself, as ever, by the next look of `answer`.
    """
    waiting = select(OpLedger.op_id, OpLedger.tablet_id, OpLedger.raw).where(
        OpLedger.verdict == WAITING, OpLedger.received_at < work.at - IN_VAIN
    )
    before = aliased(OpLedger)
    # Of a chain only its first: the others wait for one that is here.
    firsts = waiting.where(~exists().where(before.op_id == OpLedger.waits_for_id)).limit(MOST_OPS).with_for_update()
    return len(_park(work, work.session.execute(firsts.order_by(OpLedger.op_id)).all(), LOST))


def give_up(work: Work, op_id: UUID) -> Verdict:
    """Parks one op that waits, for whoever knows that nothing more will come: the tablet lies in the river.

    Returns its verdict with the conflict; again, the same. Problems: forbidden, not_found, conflict (it has another
    verdict, or what it waits for is here and waits itself).
    """
    require(work.actor, Action.RESOLVE_CONFLICTS)
    row = work.session.execute(
        select(OpLedger.op_id, OpLedger.raw, OpLedger.verdict, OpLedger.answer, OpLedger.waits_for_id)
        .where(OpLedger.op_id == op_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no op with id {op_id}.")
    if row.answer is not None and row.answer.get("code") == GIVEN_UP.code:
        told: Verdict = row.answer
        return told
    if row.verdict != WAITING:
        raise Problem("conflict", f"It waits for nothing: its verdict is {row.verdict or 'still to come'}.")
    if work.session.get(OpLedger, row.waits_for_id) is not None:
        raise Problem("conflict", f"It waits for op {row.waits_for_id}, which is here and waits itself; give that up.")
    return _park(work, [row], GIVEN_UP)[0]


def _park(work: Work, rows: Sequence[Any], why: Problem) -> list[Verdict]:
    """Parks ops that wait; what followed them waits no longer, and is answered by the clock."""
    settled = []
    for row in rows:
        told = rescue.park(work, replace(reading.stored(row.raw), op_id=row.op_id), why).to_json(row.op_id)
        settled.append(op_ledger.Settled(row.op_id, told["verdict"], told))
    op_ledger.settle(work, settled)
    op_ledger.ask_again(work, list(work.session.scalars(_whose_wait_is_over())))
    return [one.answer for one in settled]


def _whose_wait_is_over() -> Select[UUID]:
    """Ops that still wait for one that has its verdict: it was parked, or another tablet brought it."""
    before = aliased(OpLedger)
    settled = exists().where(
        before.op_id == OpLedger.waits_for_id, before.verdict.is_not(None), before.verdict != WAITING
    )
    return select(OpLedger.op_id).where(OpLedger.verdict == WAITING, settled)


def _as_sent(raw: bytes, signature: bytes | None) -> Any:
    text = raw.decode("utf-8", "surrogatepass")
    if signature is None:
        return json.loads(text)
    return {"content": text, "signature": urlsafe_b64encode(signature).decode()}
