"""Writes the op ledger: the bytes of every op as it came, and its one verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from curbstop.commands.work import Work
from curbstop.models.op_ledger import OpLedger
from curbstop.models.tablet import Tablet

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


def keep(work: Work, ops: Sequence[KeptOp]) -> None:
    """Stores ops that are not here yet; what is here stays as it came first. Notes that the tablet was heard of."""
    unique: dict[UUID, KeptOp] = {}
    for op in sorted(ops, key=lambda op: op.op_id):
        # Of two with one id the first stands, here as in the database.
        unique.setdefault(op.op_id, op)
    if not unique:
        return
    dialect = sqlite if work.session.get_bind().dialect.name == "sqlite" else postgresql
    work.session.execute(
        dialect.insert(OpLedger).on_conflict_do_nothing(index_elements=["op_id"]),
        [
            {
                "op_id": op.op_id,
                "tablet_id": work.actor.tablet_id,
                "staff_id": op.staff_id or work.actor.staff_id,
                "sent_by_id": work.actor.staff_id,
                "n": op.n,
                "kind": op.kind,
                "aggregate": op.aggregate,
                "sha256": op.sha256,
                "raw": op.raw,
                "signature": op.signature,
                "noted_at": op.noted_at,
                "received_at": work.at,
            }
            for op in unique.values()
        ],
    )
    seen = {"last_seen_at": work.at, "staff_id": work.actor.staff_id}
    work.session.execute(update(Tablet).where(Tablet.id == work.actor.tablet_id).values(seen))


def settle(work: Work, row: OpLedger, verdict: str, answer: dict[str, Any]) -> None:
    """Writes the verdict of an op: final once and for all, unless it waits for the op before it."""
    row.verdict, row.answer = verdict, answer
    row.answered_at = None if verdict == WAITING else work.at
    work.session.flush()
