"""Verdicts before they are written down, what the ledger keeps of an op, and circles that get no verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from curbstop.commands import op_ledger
from curbstop.commands.op_ledger import WAITING
from curbstop.domain.actors import Actor
from curbstop.domain.clocks import as_moment
from curbstop.models.op_ledger import OpLedger
from sync.ops import Received

APPLIED, NOOP, PARKED = "applied", "superseded_noop", "parked"
QUARANTINED, MERGED, DUPLICATE = "quarantined", "merged", "duplicate"

Verdict = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict before it is written down."""

    verdict: str
    code: str | None = None
    detail: str | None = None
    result: dict[str, Any] | None = None

    @classmethod
    def of(cls, result: dict[str, Any]) -> "Answer":
        """What became of an op that was carried out, by what its handler says of it."""
        if result.get("duplicate"):
            return cls(DUPLICATE, result=result)
        met = result.get("clashes") or result.get("interleaved") or result.get("conflict_id") or "kept" in result
        return cls(MERGED if met else APPLIED, result=result)

    def to_json(self, op_id: UUID) -> Verdict:
        members = {"code": self.code, "detail": self.detail, "result": self.result}
        given = {name: value for name, value in members.items() if value is not None}
        return {"op_id": str(op_id), "verdict": self.verdict, **given}


def kept(op: Received) -> op_ledger.KeptOp:
    """What the ledger stores of an op before anybody believes it."""
    return op_ledger.KeptOp(
        op_id=op.op_id,
        raw=op.raw,
        sha256=op.sha256,
        n=_small(op.member("n", int)),
        kind=_short(op.member("kind", str), 60),
        aggregate=_short(op.member("aggregate", str), 80),
        noted_at=as_moment(op.member("noted_at", str)),
        signature=op.signature,
        staff_id=op.staff_id,
        timing=op.timing,
    )


def circles(waits_for: Mapping[UUID, UUID | None]) -> list[list[UUID]]:
    """The ops that wait for each other in a circle; every op is looked at once."""
    found: list[list[UUID]] = []
    seen: set[UUID] = set()
    for start in sorted(waits_for):
        path: list[UUID] = []
        ahead: UUID | None = start
        while ahead is not None and ahead in waits_for and ahead not in seen:
            seen.add(ahead)
            path.append(ahead)
            ahead = waits_for[ahead]
        if ahead is not None and ahead in path:
            found.append(path[path.index(ahead) :])
    return found


def _short(text: str | None, longest: int) -> str | None:
    return text[:longest] if text is not None else None


def _small(number: int | None) -> int | None:
    return number if number is not None and 0 <= number < 2**31 else None


def told_to(actor: Actor, row: Row[Any] | OpLedger) -> Verdict:
    """The stored answer, whole for whoever noted or sent the op; others only learn that it is here."""
    answer: Verdict = row.answer or {"op_id": str(row.op_id), "verdict": WAITING}
    if actor.staff_id in (row.staff_id, row.sent_by_id):
        return answer
    return {"op_id": answer["op_id"], "verdict": answer["verdict"]}
