"""What a tablet sends: every op is kept as it came, then applied by the same commands as the office's own writes.

Two transactions: the first stores the ops, whatever they are; the second gives each its one verdict, in a savepoint of
its own, with its effects. A retry of what was answered gets the stored answer.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from curbstop.commands import conflicts, op_ledger
from curbstop.commands.op_ledger import WAITING, KeptOp
from curbstop.commands.work import Work
from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import PROBLEMS, Problem
from curbstop.models.engine import Sessions
from curbstop.models.op_ledger import OpLedger
from curbstop.settings import Settings
from sync import ops as reading
from sync.handlers import HANDLERS, PROGRESS
from sync.ops import Op, Received

log = logging.getLogger(__name__)

MOST_OPS = 200
APPLIED, NOOP, PARKED = "applied", "superseded_noop", "parked"
QUARANTINED, MERGED = "quarantined", "merged"

Verdict = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict before it is written down."""

    verdict: str
    code: str | None = None
    detail: str | None = None
    result: dict[str, Any] | None = None

    def to_json(self, op_id: UUID) -> Verdict:
        members = {"code": self.code, "detail": self.detail, "result": self.result}
        given = {name: value for name, value in members.items() if value is not None}
        return {"op_id": str(op_id), "verdict": self.verdict, **given}


def take(sessions: Sessions, actor: Actor, settings: Settings, ops: Sequence[Any]) -> list[Verdict]:
    """Stores and answers a batch: one verdict for each op, in the batch's order.

    Problems: forbidden, tablet_required, too_large (more than 200 ops). Nothing that an op says is a Problem.
    """
    require(actor, Action.SYNC_TABLET)
    if actor.tablet_id is None:
        raise Problem("tablet_required")
    if len(ops) > MOST_OPS:
        raise Problem("too_large", f"A batch has at most {MOST_OPS} ops.")
    received = [reading.receive(value) for value in ops]
    with sessions.write() as session:
        op_ledger.keep(Work(session, actor, settings), [_kept(op) for op in received])
    with sessions.write() as session:
        answers = _answer_all(Work(session, actor, settings), received)
    return [answers[op.op_id, op.sha256] for op in received]


def verdicts(session: Session, tablet_id: UUID, after_n: int, limit: int) -> tuple[list[Verdict], int | None]:
    """What the server has from a tablet, in the order of n, and where the next page begins."""
    rows = session.scalars(
        select(OpLedger)
        .where(OpLedger.tablet_id == tablet_id, OpLedger.n > after_n)
        .order_by(OpLedger.n, OpLedger.op_id)
        .limit(limit + 1)
    ).all()
    page = rows[:limit]
    found = [{"n": row.n, **(row.answer or {"op_id": str(row.op_id), "verdict": WAITING})} for row in page]
    return found, page[-1].n if len(rows) > limit else None


def _kept(op: Received) -> KeptOp:
    return KeptOp(
        op_id=op.op_id,
        raw=op.raw,
        sha256=op.sha256,
        n=_small(op.member("n", int)),
        kind=_short(op.member("kind", str), 60),
        aggregate=_short(op.member("aggregate", str), 80),
        noted_at=reading.as_moment(op.member("noted_at", str)),
    )


def _answer_all(work: Work, received: Sequence[Received]) -> dict[tuple[UUID, bytes], Verdict]:
    """A verdict for each (op id, content). Aggregates are taken in one order, so that two batches cannot deadlock."""
    rows = {
        row.op_id: row
        for row in work.session.scalars(
            select(OpLedger)
            .where(OpLedger.op_id.in_([op.op_id for op in received]))
            .order_by(OpLedger.op_id)
            .with_for_update()
        )
    }
    answers: dict[tuple[UUID, bytes], Verdict] = {}
    for op in sorted(received, key=lambda op: op.member("aggregate", str) or ""):
        row = rows[op.op_id]
        if row.sha256 != op.sha256 or row.tablet_id != work.actor.tablet_id:
            detail = "This op id came before with other content; the first content stands."
            answers[op.op_id, op.sha256] = Answer(QUARANTINED, "op_id_reused", detail).to_json(op.op_id)
            continue
        if row.verdict is None or row.verdict == WAITING:
            _settle(work, row, op)
        assert row.answer is not None
        answers[op.op_id, op.sha256] = row.answer
    return answers


def _settle(work: Work, row: OpLedger, received: Received) -> None:
    """Gives one op its verdict, then those that waited for it."""
    answer = _answer(work, row, received)
    op_ledger.settle(work, row, answer.verdict, answer.to_json(row.op_id))
    if answer.verdict == WAITING:
        return
    waiting = (
        select(OpLedger)
        .where(
            OpLedger.waits_for_id == row.op_id,
            OpLedger.tablet_id == row.tablet_id,
            OpLedger.verdict == WAITING,
        )
        .with_for_update()
    )
    for follower in work.session.scalars(waiting).all():
        _settle(work, follower, reading.stored(follower.raw))


def _answer(work: Work, row: OpLedger, received: Received) -> Answer:
    op, code, detail = reading.read(received)
    if op is None:
        return Answer(QUARANTINED, code, detail)
    if op.follows is not None and not _is_answered(work, op.follows):
        row.waits_for_id = op.follows
        return Answer(WAITING, detail="The op before it has not arrived.")
    try:
        with work.session.begin_nested():
            result = HANDLERS[op.kind](Work(work.session, work.actor, work.settings, work.at, op.op_id), op)
            work.session.flush()
    except Problem as problem:
        if problem.status >= 500:
            raise
        return _refused(work, op, problem)
    except IntegrityError:
        return _refused(work, op, Problem("conflict", "It clashes with something unique that is there already."))
    except Exception:
        # A mistake of the server's must neither lose the op nor hold up the others; its bytes are kept to be replayed.
        log.exception("op %s of kind %s could not be applied", op.op_id, op.kind)
        return Answer(QUARANTINED, "internal", PROBLEMS["internal"].title)
    return Answer(MERGED if result.get("clashes") else APPLIED, result=result)


def _refused(work: Work, op: Op, problem: Problem) -> Answer:
    """Work that was done is never dropped: it is parked for the office, unless it only told of progress."""
    work.session.expire_all()
    if op.kind in PROGRESS:
        return Answer(NOOP, problem.code, problem.detail)
    conflict = conflicts.park(
        work, op_id=op.op_id, aggregate=op.aggregate, args=op.args, base=op.base_version, why=problem
    )
    return Answer(PARKED, problem.code, problem.detail, {"conflict_id": str(conflict.id), **problem.extra})


def _is_answered(work: Work, op_id: UUID) -> bool:
    final = select(func.count()).where(
        OpLedger.op_id == op_id,
        OpLedger.tablet_id == work.actor.tablet_id,
        OpLedger.verdict.is_not(None),
        OpLedger.verdict != WAITING,
    )
    return bool(work.session.scalar(final))


def _short(text: str | None, longest: int) -> str | None:
    return text[:longest] if text is not None else None


def _small(number: int | None) -> int | None:
    return number if number is not None and 0 <= number < 2**31 else None
