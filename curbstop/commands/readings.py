"""Records readings: append-only facts. A better one supersedes, nothing is overwritten."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from curbstop.commands import journal
from curbstop.commands.work import Work, get
from curbstop.domain.permissions import Action, may, require
from curbstop.domain.problems import Problem
from curbstop.domain.readings import ReadingKind, RegisterFacts, parse_reading
from curbstop.models.ids import new_id
from curbstop.models.meter import Register
from curbstop.models.reading import Reading


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
    reading = Reading(
        id=new_id(),
        register_id=register.id,
        service_point_id=service_point_id,
        value=value,
        kind=kind.value,
        source=source,
        noted_at=noted_at,
        recorded_at=work.at,
        order_id=order_id,
        stop_visit_id=stop_visit_id,
        flags=list(flags),
    )
    work.session.add(reading)
    work.session.flush()
    after: dict[str, Any] = {"register_id": str(register.id), "value": str(value), "kind": kind.value}
    journal.audit(work, "record", "reading", reading.id, after=after)
    return reading


def enter(work: Work, register_id: UUID, digits: str, *, kind: ReadingKind, noted_at: datetime) -> Reading:
    """A reading typed in at the office, as the digits that the register showed."""
    require(work.actor, Action.ENTER_READING_FOR_OTHER)
    register = get(work, Register, register_id, lock=False)
    facts = RegisterFacts(register.dials, register.decimals, register.multiplier)
    value = parse_reading(digits, facts)
    return record(work, register_id, value=value, kind=kind, source="office", noted_at=noted_at)


def supersede(work: Work, reading_id: UUID, *, by: UUID) -> Reading:
    """A better reading takes the place of a doubted one; both stay."""
    doubted = get(work, Reading, reading_id)
    if doubted.id == by or doubted.superseded_by_id not in (None, by):
        raise Problem("conflict", "That reading was superseded already.")
    doubted.superseded_by_id = by
    work.session.flush()
    journal.audit(work, "supersede", "reading", doubted.id, after={"superseded_by_id": str(by)})
    return doubted
