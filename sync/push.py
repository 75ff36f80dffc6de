"""What a tablet sends: every op is kept as it came, then applied by the same commands as the office's own writes.

Two transactions: the first stores the ops, whatever they are; the second gives each its one verdict, in a savepoint of
its own, with its effects. A retry of what was answered gets the stored answer.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, InternalError, OperationalError
from sqlalchemy.orm import Session

from curbstop.commands import conflicts, op_ledger
from curbstop.commands.op_ledger import WAITING, KeptOp
from curbstop.commands.work import Work, get
from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, Role, require
from curbstop.domain.problems import PROBLEMS, Problem
from curbstop.models.engine import Sessions
from curbstop.models.op_ledger import OpLedger
from curbstop.models.staff import Staff
from curbstop.models.tablet import Tablet
from curbstop.settings import Settings
from sync import ops as reading
from sync import seals
from sync.handlers import HANDLERS, PROGRESS
from sync.ops import Op, Received

log = logging.getLogger(__name__)

MOST_OPS = 200
TRIES = 3
# What the database says when the moment was wrong, not the op.
PASSING = (OperationalError, InternalError)
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
    with sessions.read() as session:
        holder = seals.holder_of(session, actor.tablet_id, actor.staff_id)
    received = seals.receive_all(holder, ops)
    with sessions.write() as session:
        op_ledger.keep(Work(session, actor, settings), [_kept(op) for op in received])
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
                return _answer_all(Work(session, actor, settings), received)
        except PASSING as error:
            log.warning("a batch of %d ops met %s; %d tries left", len(received), type(error.orig).__name__, left)
    raise Problem("unavailable", "The server is busy with the same rows; send the batch again.")


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
        signature=op.signature,
        staff_id=op.staff_id,
    )


def _answer_all(work: Work, received: Sequence[Received]) -> dict[tuple[UUID, bytes], Verdict]:
    """A verdict for each (op id, content).

    One batch of a tablet at a time, so that an op and the one it waits for cannot miss each other; aggregates in one
    order, so that two tablets seldom meet crosswise (and are tried again when they do).
    """
    get(work, Tablet, cast(UUID, work.actor.tablet_id))
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
            answers[op.op_id, op.sha256] = _reused(work, op)
            continue
        if row.verdict is None or row.verdict == WAITING:
            _settle(work, row, op)
        assert row.answer is not None
        answers[op.op_id, op.sha256] = row.answer
    return answers


def _reused(work: Work, op: Received) -> Verdict:
    """An op under an id that has other content already: it is kept too, under an id that follows from its bytes."""
    detail = "This op id came before with other content; the first content stands."
    answer = Answer(QUARANTINED, "op_id_reused", detail).to_json(op.op_id)
    other = reading.nameless_id(op.sha256)
    op_ledger.keep(work, [replace(_kept(op), op_id=other, n=None)])
    row = work.session.get_one(OpLedger, other)
    if row.verdict is None:
        op_ledger.settle(work, row, QUARANTINED, answer)
    return answer


def _settle(work: Work, row: OpLedger, received: Received) -> None:
    """Gives one op its verdict, then those that waited for it, however long the chain."""
    todo = [(row, received)]
    while todo:
        row, received = todo.pop()
        answer = _answer(work, row, received)
        op_ledger.settle(work, row, answer.verdict, answer.to_json(received.said_id or row.op_id))
        if answer.verdict == WAITING:
            continue
        waiting = (
            select(OpLedger)
            .where(
                OpLedger.waits_for_id == row.op_id,
                OpLedger.tablet_id == row.tablet_id,
                OpLedger.verdict == WAITING,
            )
            .with_for_update()
        )
        todo += [(follower, reading.stored(follower.raw)) for follower in work.session.scalars(waiting)]


def _answer(work: Work, row: OpLedger, received: Received) -> Answer:
    if received.refusal is not None:
        return _quarantined(work, row, *received.refusal)
    op, code, detail = reading.read(received)
    if op is None:
        return _quarantined(work, row, code or "op_malformed", detail)
    if op.follows is not None and not _is_answered(work, op.follows):
        if _is_circle(work, op):
            return _quarantined(work, row, "op_malformed", "The op follows itself, so it could never be applied.")
        row.waits_for_id = op.follows
        return Answer(WAITING, detail="The op before it has not arrived.")
    return _applied(work, row, op)


def _applied(work: Work, row: OpLedger, op: Op) -> Answer:
    """Carries the op out in a savepoint of its own, or says why not."""
    actor = _doer(work, row)
    try:
        with work.session.begin_nested():
            result = HANDLERS[op.kind](Work(work.session, actor, work.settings, work.at, op.op_id), op)
            work.session.flush()
    except Problem as problem:
        if problem.status >= 500:
            raise
        return _refused(work, op, problem)
    except IntegrityError:
        return _refused(work, op, Problem("conflict", "It clashes with something unique that is there already."))
    except PASSING:
        raise
    except Exception:
        # A mistake of the server's must neither lose the op nor hold up the others: the office finds it with its args.
        log.exception("op %s of kind %s could not be applied", op.op_id, op.kind)
        work.session.expire_all()
        return _quarantined(work, row, "internal", PROBLEMS["internal"].title)
    met = result.get("clashes") or result.get("interleaved") or result.get("conflict_id")
    return Answer(MERGED if met else APPLIED, result=result)


def _quarantined(work: Work, row: OpLedger, code: str, detail: str | None) -> Answer:
    """What cannot be applied at all: its bytes stay in the ledger, and the office finds it among the conflicts."""
    conflicts.park(work, op_id=row.op_id, aggregate=row.aggregate or "", args={}, base=None, why=Problem(code, detail))
    return Answer(QUARANTINED, code, detail)


def _doer(work: Work, row: OpLedger) -> Actor:
    """Whoever did it, by its seal, or else whoever sent it first; a colleague may be signed in by now."""
    if row.staff_id == work.actor.staff_id:
        return work.actor
    member = work.session.get_one(Staff, row.staff_id)
    return Actor(member.id, member.name, frozenset(Role(role) for role in member.roles), row.tablet_id)


def _is_circle(work: Work, op: Op) -> bool:
    """Whether the ops that this one waits for wait for it."""
    seen, ahead = {op.op_id}, op.follows
    while ahead is not None and len(seen) <= MOST_OPS:
        if ahead in seen:
            return True
        seen.add(ahead)
        ahead = work.session.scalar(
            select(OpLedger.waits_for_id).where(OpLedger.op_id == ahead, OpLedger.verdict == WAITING)
        )
    return False


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
        OpLedger.verdict.is_not(None),
        OpLedger.verdict != WAITING,
    )
    return bool(work.session.scalar(final))


def _short(text: str | None, longest: int) -> str | None:
    return text[:longest] if text is not None else None


def _small(number: int | None) -> int | None:
    return number if number is not None and 0 <= number < 2**31 else None
