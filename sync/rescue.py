"""Takes in the sealed outbox of a tablet from the office: kept as that tablet's ops, parked as their doers' work.

Nothing is carried out here. Whoever has a tablet's outbox on a stick may have had it for weeks; the office looks at
each op and applies it, or sets it aside. The seal says that nobody wrote it but the tablet, and whose work it is.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import conflicts, op_ledger, rescues
from curbstop.commands.op_ledger import WAITING, Settled
from curbstop.commands.work import Work
from curbstop.domain.problems import Problem
from curbstop.models.op_ledger import OpLedger
from curbstop.models.tablet import Tablet
from sync import clocks, seals
from sync import ops as reading
from sync.ops import Received
from sync.verdicts import PARKED, QUARANTINED, Answer, Verdict, kept

MOST_OPS = 200
UNVOUCHED = "This tablet enrolled without a key, so nothing says that the op is its own."


def take(work: Work, tablet_id: UUID, ops: Sequence[Any], reason: str | None) -> list[Verdict]:
    """A verdict for each op, in the order given; one that the tablet had sent before keeps the verdict that it has.

    Problems: forbidden, not_found (the tablet), too_large (more than 200 ops).
    """
    tablet = rescues.begin(work, tablet_id)
    if len(ops) > MOST_OPS:
        raise Problem("too_large", f"A rescue has at most {MOST_OPS} ops; send the rest in another.")
    received = [_its_own(work, tablet, op) for op in _received(work, tablet, ops)]
    dated = clocks.date(work.session, tablet.id, None, work.at, received)
    op_ledger.keep(work, [kept(op) for op in dated], tablet_id=tablet.id)
    told = {op.op_id: _answer(work, op) for op in sorted(dated, key=_by_number)}
    rescues.note(work, tablet, Counter(answer["verdict"] for answer in told.values()), reason)
    return [told[op.op_id] for op in received]


def _received(work: Work, tablet: Tablet, ops: Sequence[Any]) -> list[Received]:
    # That the tablet is blocked is no hindrance: it is why it cannot send for itself.
    holder = replace(seals.holder_of(work.session, tablet.id), revoked=False)
    received = seals.receive_all(holder, ops)
    if holder.public_key is None:
        return [seals.forged(op, UNVOUCHED) for op in received]
    return received


def _its_own(work: Work, tablet: Tablet, op: Received) -> Received:
    """The op, under another id if its own was used with other content, or by another tablet."""
    there = work.session.execute(
        select(OpLedger.sha256, OpLedger.tablet_id).where(OpLedger.op_id == op.op_id)
    ).one_or_none()
    if there is None or (there.sha256 == op.sha256 and there.tablet_id == tablet.id):
        return op
    detail = "This op id came before with other content; the first content stands."
    return replace(op, op_id=reading.nameless_id(op.sha256), said_id=op.op_id, refusal=("op_id_reused", detail))


def _by_number(op: Received) -> tuple[int, UUID]:
    return (op.member("n", int) or 0, op.op_id)


def _answer(work: Work, op: Received) -> Verdict:
    row = work.session.get_one(OpLedger, op.op_id, with_for_update=True, populate_existing=True)
    if row.verdict is None or row.verdict == WAITING:
        told = park(work, op, _rescued(work)).to_json(op.said_id or op.op_id)
        op_ledger.settle(work, [Settled(op.op_id, told["verdict"], told)])
        _park_what_waited(work, op.op_id, row.tablet_id)
        return told
    answer: Verdict = row.answer or {}
    return answer


def _rescued(work: Work) -> Problem:
    return Problem("rescued", f"Brought in from the tablet by {work.actor.name}.")


def park(work: Work, received: Received, because: Problem) -> Answer:
    """Hands an op to the office, which decides; one that cannot be read is quarantined for its own reason."""
    op, code, detail = reading.read(received) if received.refusal is None else (None, *received.refusal)
    aggregate = op.aggregate if op is not None else received.member("aggregate", str) or ""
    if op is None:
        why = Problem(code or "op_malformed", detail)
        conflicts.park(work, op_id=received.op_id, aggregate=aggregate[:80], args={}, base=None, why=why)
        return Answer(QUARANTINED, why.code, why.detail)
    parked = conflicts.park(
        work, op_id=received.op_id, aggregate=aggregate, args=op.args, base=op.base_version, why=because
    )
    return Answer(PARKED, because.code, because.detail, {"conflict_id": str(parked.id)})


def _park_what_waited(work: Work, op_id: UUID, tablet_id: UUID) -> None:
    """What the tablet did send, and what waited for this: it is not done before this is, so the office has it too."""
    waiting = select(OpLedger.op_id, OpLedger.raw).where(
        OpLedger.waits_for_id == op_id, OpLedger.tablet_id == tablet_id, OpLedger.verdict == WAITING
    )
    for row in work.session.execute(waiting.order_by(OpLedger.op_id).with_for_update()).all():
        _answer(work, replace(reading.stored(row.raw), op_id=row.op_id))
