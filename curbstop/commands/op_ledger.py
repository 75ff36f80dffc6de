"""Writes the op ledger: the bytes of every op as it came, and its one verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update

from curbstop.commands.many import insert_many, update_many
from curbstop.commands.work import Work
from curbstop.domain.clocks import Timing
from curbstop.models.op_ledger import OpLedger

WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class KeptOp:
    """An op before anybody believed it: what its envelope seems to say, and its bytes."""

    op_id: UUID
    raw: bytes
    sha256: bytes
    n: int | None
    kind: str | None
    aggregate: str | None
    noted_at: datetime | None
    signature: bytes | None = None
    # Who did it, where the op's seal says so; else whoever is signed in as it comes.
    staff_id: UUID | None = None
    # The server's estimate of when it was noted.
    timing: Timing | None = None


def keep(work: Work, ops: Sequence[KeptOp], *, tablet_id: UUID | None = None) -> None:
    """Stores ops that are not here yet; what is here stays as it came first.

    They are of the actor's tablet, or of `tablet_id` when somebody in the office brings them in.
    """
    unique: dict[UUID, KeptOp] = {}
    for op in sorted(ops, key=lambda op: op.op_id):
        # Of two with one id the first stands, here as in the database.
        unique.setdefault(op.op_id, op)
    if not unique:
        return
    rows = [
        {
            "op_id": op.op_id,
            "tablet_id": tablet_id or work.actor.tablet_id,
            "staff_id": op.staff_id or work.actor.staff_id,
            "sent_by_id": work.actor.staff_id,
            "n": op.n,
            "kind": op.kind,
            "aggregate": op.aggregate,
            "sha256": op.sha256,
            "raw": op.raw,
            "signature": op.signature,
            "noted_at": op.noted_at,
            "corrected_at": op.timing.corrected_at if op.timing else None,
            "uncertainty_s": op.timing.uncertainty_s if op.timing else None,
            "clock_skew_s": op.timing.skew_s if op.timing else None,
            "received_at": work.at,
        }
        for op in unique.values()
    ]
    insert_many(work.session, OpLedger, rows, unless_there="op_id")


@dataclass(frozen=True, slots=True)
class Settled:
    """An op's verdict, to be written down; `waits_for_id` is the op before it that has not arrived."""

    op_id: UUID
    verdict: str
    answer: dict[str, Any]
    waits_for_id: UUID | None = None


def settle(work: Work, settled: Sequence[Settled]) -> None:
    """Writes verdicts in one statement: final once and for all, unless they wait for the op before them."""
    rows = [
        {
            "op_id": one.op_id,
            "verdict": one.verdict,
            "answer": one.answer,
            "waits_for_id": one.waits_for_id,
            "answered_at": None if one.verdict == WAITING else work.at,
        }
        for one in settled
    ]
    update_many(work.session, OpLedger, rows, keys=("op_id",))


def ask_again(work: Work, op_ids: Sequence[UUID]) -> None:
    """Ops that waited are unanswered once more, since what they waited for has its verdict."""
    work.session.execute(
        update(OpLedger).where(OpLedger.op_id.in_(op_ids)).values(verdict=None, answer=None, waits_for_id=None)
    )
