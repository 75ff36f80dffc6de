"""Records readings: append-only facts. A better one supersedes, nothing is overwritten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal, service_points
from curbstop.commands.many import insert_many
from curbstop.commands.work import Work, get
from curbstop.domain.permissions import Action, Grant, may, require
from curbstop.domain.problems import Problem
from curbstop.domain.readings import ReadingKind, RegisterFacts, judge, parse_reading
from curbstop.models.ids import new_id
from curbstop.models.meter import Installation, Register
from curbstop.models.reading import Reading, latest_of

# How far a clock may be ahead of the server's.
CLOCK_SKEW = timedelta(minutes=10)


def record(
    work: Work,
    register_id: UUID,
    *,
    value: Decimal,
    kind: ReadingKind,
    source: str,
    noted_at: datetime,
    order_id: UUID | None = None,
    service_point_id: UUID | None = None,
    stop_visit_id: UUID | None = None,
    flags: Sequence[str] = (),
) -> Reading:
    """A reading of a register in its own units, of at most as many digits as it has dials.

    Problems: forbidden, not_found (register), reading_invalid.
    """
    if not may(work.actor, Action.FIELD_EVENTS) and not may(work.actor, Action.REVIEW_ORDER):
        require(work.actor, Action.ENTER_READING_FOR_OTHER)
    register = get(work, Register, register_id, lock=False)
    if not 0 <= value < Decimal(10) ** register.dials:
        raise Problem("reading_invalid", f"{value} does not fit a register of {register.dials} dials.")
    row = reading_row(
        register.id,
        value,
        kind=kind,
        source=source,
        noted_at=noted_at,
        recorded_at=work.at,
        order_id=order_id,
        service_point_id=service_point_id,
        stop_visit_id=stop_visit_id,
        flags=flags,
    )
    insert_rows(work, [row])
    return work.session.get_one(Reading, row["id"])


def reading_row(
    register_id: UUID, value: Decimal, *, kind: ReadingKind, flags: Sequence[str] = (), **members: Any
) -> dict[str, Any]:
    """A reading as the columns of its row."""
    empty = {"order_id": None, "service_point_id": None, "stop_visit_id": None, "superseded_by_id": None}
    head = {"id": new_id(), "register_id": register_id, "value": value, "kind": kind.value, "flags": list(flags)}
    return {**empty, **head, **members}


def insert_rows(work: Work, rows: Sequence[Mapping[str, Any]]) -> None:
    """Readings that were checked already, each with its line in the audit: two statements."""
    insert_many(work.session, Reading, rows)
    journal.audit_many(work, "record", "reading", [(row["id"], None, _audited(row)) for row in rows])


def _audited(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"register_id": str(row["register_id"]), "value": str(row["value"]), "kind": row["kind"]}


def enter(
    work: Work,
    meter_id: UUID,
    digits: str,
    *,
    kind: ReadingKind,
    noted_at: datetime,
    position: int = 1,
    supersedes_id: UUID | None = None,
) -> Reading:
    """A reading of the meter's register at `position`, typed in at the office as its digits; an odd one is flagged.

    It belongs to the place where the meter is now, whose tablets hear of it. `supersedes_id` is the doubted reading
    of the same register whose place it takes. Problems: forbidden, not_found, reading_invalid, invalid, conflict.
    """
    if Grant.YES not in require(work.actor, Action.ENTER_READING_FOR_OTHER):
        raise Problem("forbidden", "A crew lead enters the crew's readings on their orders.")
    if noted_at > work.at + CLOCK_SKEW:
        raise Problem("invalid", "A reading is not from the future.", field="noted_at")
    register = _register_at(work, meter_id, position)
    value = parse_reading(digits, facts_of(register))
    doubted = get(work, Reading, supersedes_id) if supersedes_id is not None else None
    if doubted is not None and doubted.register_id != register.id:
        raise Problem("invalid", "That reading is of another register.", field="supersedes_id")
    place = work.session.scalar(
        select(Installation.service_point_id).where(
            Installation.meter_id == register.meter_id, Installation.removed_at.is_(None)
        )
    )
    reading = record(
        work,
        register.id,
        value=value,
        kind=kind,
        source="office",
        noted_at=noted_at,
        service_point_id=place,
        flags=oddities(work, register, value, before=noted_at, without=supersedes_id),
    )
    if doubted is not None:
        supersede(work, doubted.id, by=reading.id)
    if place is not None:
        service_points.touch(work, [place])
    return reading


def _register_at(work: Work, meter_id: UUID, position: int) -> Register:
    there = select(Register).where(
        Register.meter_id == meter_id, Register.position == position, Register.removed_at.is_(None)
    )
    register = work.session.scalar(there)
    if register is None:
        raise Problem("not_found", f"There is no register {position} of a meter with id {meter_id}.")
    return register


def oddities(
    work: Work, register: Register, value: Decimal, *, before: datetime, without: UUID | None = None
) -> list[str]:
    """The codes of what is out of the ordinary against the reading before, such as NEGATIVE or ROLLOVER."""
    earlier = select(Reading.value).where(
        Reading.register_id == register.id, Reading.superseded_by_id.is_(None), Reading.noted_at <= before
    )
    if without is not None:
        earlier = earlier.where(Reading.id != without)
    previous = work.session.scalar(earlier.order_by(Reading.noted_at.desc(), Reading.id.desc()).limit(1))
    if previous is None:
        return []
    return _codes(register, previous, value)


@dataclass(frozen=True, slots=True)
class Judged:
    """A reading before it is written: of which register, and when it was taken."""

    register: Register
    value: Decimal
    before: datetime


def oddities_of(work: Work, asked: Sequence[Judged]) -> dict[UUID, list[str]]:
    """`oddities` by register id, in one statement as long as each reading is the newest of its register."""
    newest = {row.register_id: row for row in work.session.scalars(latest_of([one.register.id for one in asked]))}
    odd: dict[UUID, list[str]] = {}
    for one in asked:
        previous = newest.get(one.register.id)
        if previous is None:
            odd[one.register.id] = []
        elif previous.noted_at <= one.before:
            odd[one.register.id] = _codes(one.register, previous.value, one.value)
        else:
            # Read before the newest one, and sent after it: a tablet that was offline. It is judged by its own past.
            odd[one.register.id] = oddities(work, one.register, one.value, before=one.before)
    return odd


def _codes(register: Register, previous: Decimal, value: Decimal) -> list[str]:
    return [finding.code for finding in judge(facts_of(register), previous, value).findings]


def facts_of(register: Register) -> RegisterFacts:
    """The register's face, as the rules want it."""
    return RegisterFacts(register.dials, register.decimals, register.multiplier)


def supersede(work: Work, reading_id: UUID, *, by: UUID) -> Reading:
    """A better reading takes the place of a doubted one; both stay."""
    doubted = get(work, Reading, reading_id)
    if doubted.id == by or doubted.superseded_by_id not in (None, by):
        raise Problem("conflict", "That reading was superseded already.")
    doubted.superseded_by_id = by
    work.session.flush()
    journal.audit(work, "supersede", "reading", doubted.id, after={"superseded_by_id": str(by)})
    return doubted
