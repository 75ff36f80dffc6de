"""What happened at the stops of a route: read, or skipped and why. Append-only facts, one for each op."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select

from curbstop.commands import access_issues, journal, readings, service_points
from curbstop.commands.work import Work, get
from curbstop.domain.access_issues import SKIPS_TO_REPORT, reported_by_skips
from curbstop.domain.outcomes import load_code_tables
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.domain.readings import ReadingKind, parse_reading
from curbstop.models.ids import new_id
from curbstop.models.meter import Installation, Register
from curbstop.models.route import RouteSession, Stop, StopVisit


def read(
    work: Work, stop_id: UUID, reads: Mapping[UUID, Any], *, note: str | None = None, noted_at: datetime | None = None
) -> StopVisit:
    """A reading for each register of the meter at the stop. Odd readings are kept and flagged, never refused.

    Problems: not_found, not_in_scope, invalid (a register that is not at this stop, or impossible digits).
    """
    stop = _stop_of(work, stop_id)
    registers = {row.id: row for row in work.session.scalars(_registers_at(stop.service_point_id))}
    visit = _visit(work, stop, "read", note=note, noted_at=noted_at)
    flags: list[str] = []
    values: dict[UUID, Decimal] = {}
    for register_id, digits in reads.items():
        register = registers.get(register_id)
        if register is None:
            raise Problem("not_in_scope", "That register is not of a meter at this stop.")
        values[register_id] = parse_reading(digits, readings.facts_of(register))
        flags += readings.oddities(work, register, values[register_id], before=noted_at or work.at)
    visit.details = {"flags": flags}
    work.session.flush()
    for register_id, value in values.items():
        readings.record(
            work,
            register_id,
            value=value,
            kind=ReadingKind.REGULAR,
            source="route",
            noted_at=noted_at or work.at,
            service_point_id=stop.service_point_id,
            stop_visit_id=visit.id,
            flags=flags,
        )
    service_points.touch(work, [stop.service_point_id])
    return visit


def skip(
    work: Work,
    stop_id: UUID,
    *,
    skip_code: str,
    category: str | None = None,
    note: str | None = None,
    noted_at: datetime | None = None,
) -> StopVisit:
    """Not read, and why. A named category reports an access issue at once; else the second skip in a row does."""
    stop = _stop_of(work, stop_id)
    tables = load_code_tables()
    if skip_code not in tables.skip_codes:
        raise Problem("invalid", f"There is no skip code {skip_code!r}.", field="skip_code")
    earlier = work.session.scalars(
        select(StopVisit.skip_code)
        .where(StopVisit.service_point_id == stop.service_point_id)
        .order_by(StopVisit.recorded_at.desc(), StopVisit.id.desc())
        .limit(SKIPS_TO_REPORT - 1)
    ).all()
    visit = _visit(work, stop, "skip", note=note, noted_at=noted_at, skip_code=skip_code, category=category)
    reported = category or reported_by_skips([skip_code, *earlier])
    if reported is not None:
        issue = access_issues.report(work, stop.service_point_id, category=reported, note=note, noted_at=noted_at)
        visit.details = {"access_issue_id": str(issue.id)}
        work.session.flush()
    return visit


def _stop_of(work: Work, stop_id: UUID) -> Stop:
    """The stop, if the actor walks or walked its route version."""
    require(work.actor, Action.FIELD_EVENTS)
    stop = get(work, Stop, stop_id, lock=False)
    walked = exists().where(
        RouteSession.route_version_id == stop.route_version_id, RouteSession.technician_id == work.actor.staff_id
    )
    if work.authority is None and not work.session.scalar(select(walked)):
        raise Problem("not_in_scope", "That stop is not of a route that this technician was given.")
    return stop


def _visit(work: Work, stop: Stop, kind: str, *, noted_at: datetime | None, **members: Any) -> StopVisit:
    visit = StopVisit(
        id=new_id(),
        stop_id=stop.id,
        service_point_id=stop.service_point_id,
        technician_id=work.actor.staff_id,
        tablet_id=work.actor.tablet_id,
        op_id=work.op_id,
        kind=kind,
        details={},
        noted_at=noted_at or work.at,
        recorded_at=work.at,
        **members,
    )
    work.session.add(visit)
    work.session.flush()
    journal.audit(work, f"stop_{kind}", "stop_visit", visit.id, after={"stop_id": str(stop.id)})
    return visit


def _registers_at(service_point_id: UUID) -> Any:
    return (
        select(Register)
        .join(Installation, Installation.meter_id == Register.meter_id)
        .where(Installation.service_point_id == service_point_id, Installation.removed_at.is_(None))
    )
