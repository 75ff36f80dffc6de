"""Dates what tablets send: reads what they say of their clocks, and asks the rules when each op was noted."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from curbstop.domain.clocks import Boot, Bounds, Said, Stamp, Timing, as_moment, skew_s, timing
from curbstop.models.op_ledger import OpLedger
from curbstop.models.tablet import Tablet, TabletBoot
from sync import contract
from sync.ops import Received

_LONGEST_MS = 2**53


def read(clock: Any) -> Said | None:
    """`push/clock.json` as it came; None when it is not as the contract says. Work never waits for a clock."""
    if not isinstance(clock, Mapping) or contract.check("push/clock.json", clock):
        return None
    sent_at = as_moment(clock["sent_at"])
    trip = clock.get("round_trip_ms")
    if sent_at is None:
        return None
    return Said(sent_at, clock["boot_id"], clock["mono_ms"] / 1000, None if trip is None else trip / 1000)


def date(
    session: Session, tablet_id: UUID, said: Said | None, received_at: datetime, ops: Sequence[Received]
) -> list[Received]:
    """The ops, each with the server's estimate of when it was noted; call after the push's own clock was noted."""
    stamps = [_stamp(op) for op in ops]
    now_in = said.boot_id if said is not None else None
    boots = _boots(session, tablet_id, {name for name in (now_in, *(stamp.boot_id for stamp in stamps)) if name})
    skew = skew_s(said, received_at) if said is not None else None
    present = boots.get(now_in) if now_in else None
    # An op of another run was noted before this run began: nobody switches a tablet back.
    before = present.zero_at if present is not None else None
    after = _noted_before(session, tablet_id, ops) if skew is not None else received_at
    dated: dict[int, Timing | None] = {}
    for index in sorted(range(len(ops)), key=lambda index: _number(ops[index])):
        stamp = stamps[index]
        within = Bounds(received_at, after, before if stamp.boot_id and stamp.boot_id != now_in else None)
        found = timing(stamp, boots.get(stamp.boot_id or ""), skew, within)
        dated[index] = found
        if found is not None and skew is not None:
            after = max(after, found.corrected_at)
    return [replace(op, timing=dated[index]) for index, op in enumerate(ops)]


def _stamp(op: Received) -> Stamp:
    mono = op.member("mono_ms", int)
    boot_id = op.member("boot_id", str)
    good = mono is not None and boot_id and 0 <= mono <= _LONGEST_MS
    return Stamp(as_moment(op.member("noted_at", str)), boot_id, mono / 1000 if good else None)


def _number(op: Received) -> int:
    number = op.member("n", int)
    return number if number is not None else 0


def _boots(session: Session, tablet_id: UUID, boot_ids: set[str]) -> dict[str, Boot]:
    if not boot_ids:
        return {}
    rows = session.scalars(
        select(TabletBoot).where(TabletBoot.tablet_id == tablet_id, TabletBoot.boot_id.in_(boot_ids))
    )
    return {row.boot_id: Boot(row.zero_at, row.uncertainty_s, row.measured_at) for row in rows}


def _noted_before(session: Session, tablet_id: UUID, ops: Sequence[Received]) -> datetime:
    """When the op before the first of these was noted; nothing was noted before the tablet was enrolled."""
    first = min((_number(op) for op in ops), default=0)
    moment = session.scalar(
        select(OpLedger.corrected_at)
        .where(
            OpLedger.tablet_id == tablet_id,
            OpLedger.n < min(first, 2**31 - 1),
            OpLedger.corrected_at.is_not(None),
        )
        .order_by(OpLedger.n.desc())
        .limit(1)
    )
    enrolled_at = session.scalar(select(Tablet.enrolled_at).where(Tablet.id == tablet_id))
    assert enrolled_at is not None
    return moment if moment is not None else enrolled_at
