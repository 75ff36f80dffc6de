"""Moves meters through the inventory: what the office may say of the shelf, and the history of every move."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal
from curbstop.commands.many import insert_many
from curbstop.commands.work import Work, get
from curbstop.domain.inventory import check_move
from curbstop.domain.meters import MeterStatus
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.among import among
from curbstop.models.ids import new_id
from curbstop.models.inventory import InventoryMove
from curbstop.models.meter import Meter
from curbstop.models.staff import Staff

METER, RADIO = "meter", "radio"
MOST = 1_000


@dataclass(frozen=True, slots=True)
class Moved:
    """A thing went from one place of its life to the next; `before` is None for one that is new to us."""

    item_id: UUID
    before: str | None
    after: str
    order_id: UUID | None = None
    at: datetime | None = None


def note(
    work: Work,
    item_type: str,
    moves: Sequence[Moved],
    *,
    reason: str | None = None,
    holder_id: UUID | None = None,
) -> None:
    """Writes the moves into the history, in one statement; those that went nowhere are left out."""
    rows = [
        {
            "id": new_id(),
            "item_type": item_type,
            "item_id": move.item_id,
            "from_status": move.before,
            "to_status": move.after,
            "at": move.at or work.at,
            "holder_id": holder_id,
            "order_id": move.order_id,
            "staff_id": work.actor.staff_id,
            "reason": reason,
            "recorded_at": work.at,
        }
        for move in moves
        if move.before != move.after
    ]
    insert_many(work.session, InventoryMove, rows)


def move_meters(
    work: Work, meter_ids: Sequence[UUID], to: MeterStatus, *, reason: str | None = None, holder_id: UUID | None = None
) -> list[Meter]:
    """Moves meters on the shelf, all of them or none: received, onto a truck (whose?), to the test bench, scrapped.

    Problems: forbidden, not_found, too_large, invalid (a truck needs its holder), move_not_allowed (names the meter).
    """
    require(work.actor, Action.EDIT_METERS)
    if len(meter_ids) > MOST:
        raise Problem("too_large", f"At most {MOST} meters move at once.")
    if (to is MeterStatus.ON_TRUCK) != (holder_id is not None):
        raise Problem("invalid", "A meter on a truck has somebody's name on it, and no other has.", field="holder_id")
    if holder_id is not None:
        get(work, Staff, holder_id, lock=False)
    locked = select(Meter).where(among(work.session, Meter.id, set(meter_ids))).order_by(Meter.id).with_for_update()
    meters = list(work.session.scalars(locked.execution_options(populate_existing=True)))
    missing = set(meter_ids) - {meter.id for meter in meters}
    if missing:
        raise Problem("not_found", f"There is no meter with id {min(missing)}.")
    moves = [Moved(meter.id, meter.status, to.value) for meter in meters]
    for meter in meters:
        _check(meter, to)
        meter.status = to.value
    if meters:
        journal.changed_many(work, meters, "move")
    note(work, METER, moves, reason=reason, holder_id=holder_id)
    return meters


def _check(meter: Meter, to: MeterStatus) -> None:
    try:
        check_move(MeterStatus(meter.status), to)
    except Problem as problem:
        raise Problem(problem.code, f"Meter {meter.serial}: {problem.detail}", **problem.extra) from None
