"""Gives the ops of a batch their verdicts: each is carried out by the same commands as the office's own writes.

Ops go in the order in which the technician noted them; an op whose predecessor is not answered stays behind until it
is. Facts of a kind that commute (readings along a route) are carried out together, in a fixed number of statements;
everything else in a savepoint of its own.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.exc import IntegrityError, InternalError, OperationalError

from curbstop.commands import conflicts, op_ledger
from curbstop.commands.op_ledger import WAITING, Settled
from curbstop.commands.work import Work, get
from curbstop.domain.actors import Actor
from curbstop.domain.problems import PROBLEMS, Problem
from curbstop.models.op_ledger import OpLedger
from curbstop.models.tablet import Tablet
from sync import ops as reading
from sync.doers import doer_of
from sync.handlers import PROGRESS, TOGETHER, carry_out, note_overtaken
from sync.ops import Op, Received
from sync.verdicts import APPLIED, NOOP, PARKED, QUARANTINED, Answer, Verdict, circles, kept, told_to

log = logging.getLogger(__name__)

# What the database says when the moment was wrong, not the op.
PASSING = (OperationalError, InternalError)
Ledger = Row[Any]
# What the ledger is asked for; `raw` only where the op did not just come.
_COLUMNS = (
    OpLedger.op_id,
    OpLedger.sha256,
    OpLedger.tablet_id,
    OpLedger.staff_id,
    OpLedger.sent_by_id,
    OpLedger.aggregate,
    OpLedger.verdict,
    OpLedger.answer,
    OpLedger.corrected_at,
    OpLedger.clock_skew_s,
)


@dataclass(frozen=True, slots=True)
class _Todo:
    """An op without a verdict, its line in the ledger, and what reading it gave."""

    row: Ledger
    # The id that the tablet knows it by; a forged op is kept under another.
    told_as: UUID
    op: Op | None
    why: Answer | None = None

    @property
    def order(self) -> tuple[int, UUID]:
        """As the technician did them; what cannot be read comes first, nothing can follow from it."""
        return (self.op.n if self.op else 0, self.row.op_id)


class Answering:
    """The verdicts of one batch in one transaction."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._final: set[UUID] = set()
        self._unwritten: list[Settled] = []
        self._actors: dict[UUID, Actor] = {cast(UUID, work.actor.staff_id): work.actor}
        self._told: dict[UUID, Verdict] = {}

    def answer(self, received: Sequence[Received]) -> dict[tuple[UUID, bytes], Verdict]:
        """A verdict for each (op id, content).

        One batch of a tablet at a time, so that an op and the one it waits for cannot miss each other.
        """
        get(self._work, Tablet, cast(UUID, self._work.actor.tablet_id))
        rows = self._rows([op.op_id for op in received])
        answers: dict[tuple[UUID, bytes], Verdict] = {}
        todo: dict[UUID, _Todo] = {}
        for op in received:
            row = rows[op.op_id]
            if row.sha256 != op.sha256 or row.tablet_id != self._work.actor.tablet_id:
                answers[op.op_id, op.sha256] = self._reused(op)
            elif row.verdict is None or row.verdict == WAITING:
                todo[op.op_id] = _todo(row, op)
            else:
                answers[op.op_id, op.sha256] = told_to(self._work.actor, row)
        self._settle_all(todo)
        for op in received:
            if (op.op_id, op.sha256) not in answers:
                answers[op.op_id, op.sha256] = self._told[op.op_id]
        return answers

    def _rows(self, op_ids: Iterable[UUID]) -> dict[UUID, Ledger]:
        found = select(*_COLUMNS).where(OpLedger.op_id.in_(op_ids)).order_by(OpLedger.op_id).with_for_update()
        return {row.op_id: row for row in self._work.session.execute(found)}

    def _reused(self, op: Received) -> Verdict:
        """An op under an id that has other content already: kept too, under an id that follows from its bytes."""
        detail = "This op id came before with other content; the first content stands."
        answer = Answer(QUARANTINED, "op_id_reused", detail).to_json(op.op_id)
        other = reading.nameless_id(op.sha256)
        op_ledger.keep(self._work, [replace(kept(op), op_id=other, n=None)])
        row = self._rows([other])[other]
        if row.verdict is None:
            op_ledger.settle(self._work, [Settled(other, QUARANTINED, answer)])
            self._quarantined(row, Answer(QUARANTINED, "op_id_reused", detail))
        return answer

    # -- the order of things

    def _settle_all(self, todo: dict[UUID, _Todo]) -> None:
        """Answers everything that can be, with those that waited in the ledger for it, however long the chain."""
        self._learn(todo)
        while todo:
            done = self._pass_over(sorted(todo.values(), key=lambda one: one.order))
            done = done or self._pass_over(self._of_circles(todo))
            if not done:
                break
            for op_id in done:
                del todo[op_id]
            for follower in self._followers(done):
                todo.setdefault(follower.row.op_id, follower)
        detail = "The op before it has not arrived."
        for one in todo.values():
            assert one.op is not None
            self._settle(one, Answer(WAITING, detail=detail), waits_for=one.op.follows)
        self._write()

    def _learn(self, todo: Mapping[UUID, _Todo]) -> None:
        """Which of the ops that these follow have their final verdict: one statement."""
        asked = {one.op.follows for one in todo.values() if one.op and one.op.follows} - set(todo)
        if asked:
            final = select(OpLedger.op_id).where(
                OpLedger.op_id.in_(asked), OpLedger.verdict.is_not(None), OpLedger.verdict != WAITING
            )
            self._final.update(self._work.session.scalars(final))

    def _is_ready(self, one: _Todo) -> bool:
        return one.op is None or one.op.follows is None or one.op.follows in self._final

    def _followers(self, answered: Sequence[UUID]) -> list[_Todo]:
        """What waited in the ledger for these."""
        waiting = (
            select(*_COLUMNS, OpLedger.raw)
            .where(
                OpLedger.waits_for_id.in_(answered),
                OpLedger.tablet_id == self._work.actor.tablet_id,
                OpLedger.verdict == WAITING,
            )
            .order_by(OpLedger.op_id)
            .with_for_update()
        )
        return [_todo(row, reading.stored(row.raw)) for row in self._work.session.execute(waiting)]

    def _of_circles(self, todo: Mapping[UUID, _Todo]) -> list[_Todo]:
        """Of each circle of ops that wait for each other, one: it can never be applied, the rest go on without it."""
        if not todo:
            return []
        waiting = select(OpLedger.op_id, OpLedger.waits_for_id).where(
            OpLedger.tablet_id == self._work.actor.tablet_id, OpLedger.verdict == WAITING
        )
        waits_for = dict(self._work.session.execute(waiting).all())
        waits_for |= {op_id: one.op.follows for op_id, one in todo.items() if one.op}
        why = Answer(QUARANTINED, "op_malformed", "The op follows itself, so it could never be applied.")
        # Only an op that has just come can close a circle.
        ends = [next(op_id for op_id in circle if op_id in todo) for circle in circles(waits_for)]
        return [replace(todo[op_id], op=None, why=why) for op_id in ends]

    # -- carrying out

    def _pass_over(self, ops: Sequence[_Todo]) -> list[UUID]:
        """Answers what is ready, one after the other: what was answered may be what the next one follows."""
        before = set(self._told)
        for kind, doer, group in self._apart([one for one in ops if self._is_ready(one)]):
            self._all_of(kind, doer, group)
        for one in ops:
            if one.row.op_id not in self._told and self._is_ready(one):
                if one.op is not None and one.op.follows is not None:
                    # It may look up what became of the one before it.
                    self._write()
                self._settle(one, self._answer(one))
        self._write()
        return [op_id for op_id in self._told if op_id not in before]

    def _apart(self, ready: Sequence[_Todo]) -> list[tuple[str, Actor, list[_Todo]]]:
        """The ops that may go together: of one kind and one person, no two about the same thing."""
        groups: dict[tuple[str, UUID], tuple[Actor, list[_Todo], set[str]]] = {}
        for one in ready:
            together = TOGETHER.get(one.op.kind) if one.op else None
            if together is None or one.op is None:
                continue
            doer = self._doer(one.row)
            _, group, touched = groups.setdefault((one.op.kind, cast(UUID, doer.staff_id)), (doer, [], set()))
            touches = together.touches(one.op)
            if not touches & touched:
                touched |= touches
                group.append(one)
        return [(kind, doer, group) for (kind, _), (doer, group, _) in groups.items() if len(group) > 1]

    def _all_of(self, kind: str, doer: Actor, group: Sequence[_Todo]) -> None:
        """Carries a group out in one savepoint; if anything goes wrong, each is tried for itself afterwards."""
        work = self._work
        ops = [cast(Op, one.op) for one in group]
        try:
            with work.session.begin_nested():
                results = TOGETHER[kind].carry_out(Work(work.session, doer, work.settings, work.at), ops)
                work.session.flush()
        except PASSING:
            raise
        except Exception:
            log.exception("%d ops of kind %s could not be carried out together; each is tried alone", len(ops), kind)
            work.session.expire_all()
            return
        for one, op, result in zip(group, ops, results, strict=True):
            if isinstance(result, Problem):
                self._settle(one, self._refused(op, result, doer))
            else:
                self._settle(one, Answer(APPLIED, result=result))

    def _answer(self, one: _Todo) -> Answer:
        """Carries one op out in a savepoint of its own, or says why not."""
        if one.op is None:
            return self._quarantined(one.row, cast(Answer, one.why))
        work, op, doer = self._work, one.op, self._doer(one.row)
        try:
            with work.session.begin_nested():
                result = carry_out(Work(work.session, doer, work.settings, work.at, op.op_id), op)
                work.session.flush()
        except Problem as problem:
            if problem.status >= 500:
                raise
            work.session.expire_all()
            return self._refused(op, problem, doer)
        except IntegrityError:
            work.session.expire_all()
            why = Problem("conflict", "It clashes with something unique that is there already.")
            return self._refused(op, why, doer)
        except PASSING:
            raise
        except Exception:
            # A mistake of the server's must neither lose the op nor hold up the others: the office finds it.
            log.exception("op %s of kind %s could not be applied", op.op_id, op.kind)
            work.session.expire_all()
            return self._quarantined(one.row, Answer(QUARANTINED, "internal", PROBLEMS["internal"].title))
        return Answer.of(result)

    def _quarantined(self, row: Ledger, answer: Answer) -> Answer:
        """What cannot be applied at all: its bytes stay in the ledger, and the office finds it among the conflicts."""
        why = Problem(answer.code or "op_malformed", answer.detail)
        conflicts.park(self._work, op_id=row.op_id, aggregate=row.aggregate or "", args={}, base=None, why=why)
        return answer

    def _refused(self, op: Op, problem: Problem, doer: Actor) -> Answer:
        """Work that was done is never dropped: it is parked for the office, unless it only told of progress."""
        if op.kind in PROGRESS:
            work = self._work
            note_overtaken(Work(work.session, doer, work.settings, work.at, op.op_id), op)
            return Answer(NOOP, problem.code, problem.detail)
        conflict = conflicts.park(
            self._work, op_id=op.op_id, aggregate=op.aggregate, args=op.args, base=op.base_version, why=problem
        )
        return Answer(PARKED, problem.code, problem.detail, {"conflict_id": str(conflict.id), **problem.extra})

    def _doer(self, row: Ledger) -> Actor:
        if row.staff_id not in self._actors:
            self._actors[row.staff_id] = doer_of(self._work.session, row.staff_id, row.tablet_id)
        return self._actors[row.staff_id]

    # -- writing down

    def _settle(self, one: _Todo, answer: Answer, *, waits_for: UUID | None = None) -> None:
        told = answer.to_json(one.told_as)
        self._told[one.row.op_id] = told
        self._unwritten.append(Settled(one.row.op_id, answer.verdict, told, waits_for))
        if answer.verdict != WAITING:
            self._final.add(one.row.op_id)

    def _write(self) -> None:
        op_ledger.settle(self._work, self._unwritten)
        self._unwritten = []


def _todo(row: Ledger, received: Received) -> _Todo:
    told_as = received.said_id or row.op_id
    if received.refusal is not None:
        return _Todo(row, told_as, None, Answer(QUARANTINED, *received.refusal))
    op, code, detail = reading.read(received)
    if op is None:
        return _Todo(row, told_as, None, Answer(QUARANTINED, code or "op_malformed", detail))
    return _Todo(row, told_as, reading.dated(op, row.corrected_at, row.clock_skew_s))
