"""Answers ops that were stored and then cut off from their verdict, when their tablet does not send them again."""

import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from curbstop.commands.work import Work
from curbstop.models.op_ledger import OpLedger
from sync import seals
from sync.answering import Answering
from sync.doers import doer_of
from sync.push import MOST_OPS

# A push is answered within seconds, or its tablet sends it again.
PATIENCE = timedelta(minutes=2)
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


def _as_sent(raw: bytes, signature: bytes | None) -> Any:
    text = raw.decode("utf-8", "surrogatepass")
    if signature is None:
        return json.loads(text)
    return {"content": text, "signature": urlsafe_b64encode(signature).decode()}
