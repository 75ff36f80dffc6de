"""Sees to it that every op gets its verdict: those that were cut off from theirs, and those that wait in vain."""

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from curbstop.commands import op_ledger
from curbstop.commands.op_ledger import WAITING
from curbstop.commands.work import Work
from curbstop.domain.problems import Problem
from curbstop.models.op_ledger import OpLedger
from sync import ops as reading
from sync import rescue, seals
from sync.answering import Answering
from sync.doers import doer_of
from sync.push import MOST_OPS

# A push is answered within seconds, or its tablet sends it again.
PATIENCE = timedelta(minutes=2)
# A tablet's other ops come with its next push; after a week off, what came before this one was lost with its outbox.
IN_VAIN = timedelta(days=7)
LOST = Problem("predecessor_lost", "The op that it follows has not arrived within a week; it may have been lost.")
_WANTED = (OpLedger.tablet_id, OpLedger.staff_id, OpLedger.sent_by_id, OpLedger.raw, OpLedger.signature)


def answer(work: Work) -> int:
    """Gives the ops of one tablet and one sender their verdicts, as the push would have; how many. For the clock."""
    unanswered = (OpLedger.verdict.is_(None), OpLedger.received_at < work.at - PATIENCE)
    first = work.session.execute(select(*_WANTED).where(*unanswered).order_by(OpLedger.received_at).limit(1)).first()
    if first is None:
        return 0
    theirs = (OpLedger.tablet_id == first.tablet_id, OpLedger.sent_by_id.is_not_distinct_from(first.sent_by_id))
    rows = work.session.execute(
        select(*_WANTED).where(*unanswered, *theirs).order_by(OpLedger.n, OpLedger.op_id).limit(MOST_OPS)
    ).all()
    sender = doer_of(work.session, first.sent_by_id or first.staff_id, first.tablet_id)
    holder = seals.holder_of(work.session, first.tablet_id, sender.staff_id)
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
    parked = work.session.execute(firsts.order_by(OpLedger.op_id)).all()
    settled = []
    for row in parked:
        told = rescue.park(work, replace(reading.stored(row.raw), op_id=row.op_id), LOST).to_json(row.op_id)
        settled.append(op_ledger.Settled(row.op_id, told["verdict"], told))
    op_ledger.settle(work, settled)
    followers = [OpLedger.waits_for_id.in_([row.op_id for row in parked]), OpLedger.verdict == WAITING]
    op_ledger.ask_again(work, list(work.session.scalars(select(OpLedger.op_id).where(*followers))))
    return len(parked)


def _as_sent(raw: bytes, signature: bytes | None) -> Any:
    text = raw.decode("utf-8", "surrogatepass")
    if signature is None:
        return json.loads(text)
    return {"content": text, "signature": urlsafe_b64encode(signature).decode()}
