"""What happened at the stops of a route: read, or skipped and why. Append-only facts, one for each op."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, true

from curbstop.commands import access_issues, claims, journal, policies, readings, service_points
from curbstop.commands.many import insert_many
from curbstop.commands.work import Work, get
from curbstop.domain.access_issues import reported_by_skips
from curbstop.domain.outcomes import load_code_tables
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.domain.readings import ReadingKind, parse_reading
from curbstop.models.among import among
from curbstop.models.ids import new_id
from curbstop.models.meter import Installation, Register
from curbstop.models.route import RouteSession, RouteVersion, Stop, StopVisit


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRead:
    """The digits of each register at a stop, by register id, and the op that brought them.

    `trouble` are the trouble codes of a register; `flags` is what is to be remarked on all of it.
    """

    stop_id: UUID
    reads: Mapping[UUID, Any]
    note: str | None = None
    noted_at: datetime | None = None
    op_id: UUID | None = None
    trouble: Mapping[UUID, Sequence[str]] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Read:
    """What became of a StopRead: the visit and the codes of what is odd about its readings."""

    visit_id: UUID
    flags: list[str]


def read(
    work: Work, stop_id: UUID, reads: Mapping[UUID, Any], *, note: str | None = None, noted_at: datetime | None = None
) -> Read:
    """A reading for each register of the meter at the stop. Odd readings are kept and flagged, never refused.

    Problems: not_found, not_in_scope, invalid (a register that is not at this stop, or impossible digits).
    """
    found = read_many(work, [StopRead(stop_id=stop_id, reads=reads, note=note, noted_at=noted_at, op_id=work.op_id)])[0]
    if isinstance(found, Problem):
        raise found
    return found


def read_many(work: Work, asked: Sequence[StopRead]) -> list[Read | Problem]:
    """Many stops at once, each for itself: what it became, or why not. A fixed number of statements.

    A register may stand only once in `asked`: each reading is judged by what was there before all of them.
    """
    require(work.actor, Action.FIELD_EVENTS)
    stops, registers = _stops_and_registers(work, [one.stop_id for one in asked])
    others = claims.readings_of_others(work, [one.stop_id for one in asked])
    found: list[Read | Problem] = []
    taken: list[tuple[UUID, StopRead, UUID, dict[UUID, Decimal]]] = []
    judged: list[readings.Judged] = []
    for one in asked:
        try:
            place, values = _values(one, stops, registers)
            claims.check_readings(work, values, others.get(one.stop_id, []), at=one.noted_at or work.at)
        except Problem as problem:
            found.append(problem)
            continue
        visit_id = new_id()
        taken.append((visit_id, one, place, values))
        found.append(Read(visit_id, []))
        judged += [readings.Judged(registers[key][1], value, one.noted_at or work.at) for key, value in values.items()]
    odd = readings.oddities_of(work, judged)
    visits, rows = [], []
    flags_of = {read.visit_id: read.flags for read in found if isinstance(read, Read)}
    for visit_id, one, place, values in taken:
        flags = flags_of[visit_id]
        flags += [*sorted(one.flags), *(code for register_id in values for code in odd[register_id])]
        visits.append(_visit_row(work, visit_id, one, place, flags))
        rows += [
            readings.reading_row(
                register_id,
                value,
                kind=ReadingKind.REGULAR,
                source="route",
                noted_at=one.noted_at or work.at,
                recorded_at=work.at,
                service_point_id=place,
                stop_visit_id=visit_id,
                flags=[*flags, *one.trouble.get(register_id, ())],
            )
            for register_id, value in values.items()
        ]
    if visits:
        insert_many(work.session, StopVisit, visits)
        journal.audit_many(
            work, "stop_read", "stop_visit", [(row["id"], None, {"stop_id": str(row["stop_id"])}) for row in visits]
        )
        readings.insert_rows(work, rows)
        service_points.touch(work, [place for _, _, place, _ in taken])
    return found


def _values(
    one: StopRead, stops: Mapping[UUID, tuple[UUID, bool]], registers: Mapping[UUID, tuple[UUID, Register]]
) -> tuple[UUID, dict[UUID, Decimal]]:
    """The place and each register's value, or the Problem with it."""
    if one.stop_id not in stops:
        raise Problem("not_found", f"There is no stop with id {one.stop_id}.")
    place, walked = stops[one.stop_id]
    if not walked:
        raise _not_walked()
    values: dict[UUID, Decimal] = {}
    for register_id, digits in one.reads.items():
        at, register = registers.get(register_id, (None, None))
        if register is None or at != place:
            raise Problem("register_not_here", "That register is not of a meter at this stop.")
        values[register_id] = parse_reading(digits, readings.facts_of(register))
    return place, values


def _stops_and_registers(
    work: Work, stop_ids: Sequence[UUID]
) -> tuple[dict[UUID, tuple[UUID, bool]], dict[UUID, tuple[UUID, Register]]]:
    """Stop id -> (its place, whether the actor walks or walked its route); register id -> (its place, register).

    Their route version stays locked, of several in one order as everybody takes them: of two who bring readings of one
    stop at once the second sees the first's. It is one row for a whole batch, and others may refer to it meanwhile.
    """
    stops = {
        stop_id: (place, walked)
        for stop_id, place, walked in work.session.execute(
            select(Stop.id, Stop.service_point_id, _walked_by(work))
            .where(among(work.session, Stop.id, stop_ids))
            .join(RouteVersion, RouteVersion.id == Stop.route_version_id)
            .order_by(RouteVersion.id)
            .with_for_update(of=RouteVersion, key_share=True)
        )
    }
    at_them = (
        select(Installation.service_point_id, Register)
        .join(Register, Register.meter_id == Installation.meter_id)
        .where(
            among(work.session, Installation.service_point_id, [place for place, _ in stops.values()]),
            Installation.removed_at.is_(None),
        )
    )
    return stops, {register.id: (place, register) for place, register in work.session.execute(at_them)}


def _visit_row(work: Work, visit_id: UUID, one: StopRead, place: UUID, flags: list[str]) -> dict[str, Any]:
    return {
        "id": visit_id,
        "stop_id": one.stop_id,
        "service_point_id": place,
        "technician_id": work.actor.staff_id,
        "tablet_id": work.actor.tablet_id,
        "op_id": one.op_id,
        "kind": "read",
        "note": one.note,
        "details": {"flags": flags, **_details_of(one)},
        "noted_at": one.noted_at or work.at,
        "recorded_at": work.at,
    }


def _details_of(one: StopRead) -> dict[str, Any]:
    trouble = {str(register_id): list(codes) for register_id, codes in one.trouble.items() if codes}
    return {"trouble": trouble} if trouble else {}


def skip(
    work: Work,
    stop_id: UUID,
    *,
    skip_code: str,
    category: str | None = None,
    note: str | None = None,
    noted_at: datetime | None = None,
) -> StopVisit:
    """Not read, and why. A named category reports an access issue at once; else so many in a row do (policy)."""
    stop = _stop_of(work, stop_id)
    tables = load_code_tables()
    if skip_code not in tables.skip_codes:
        raise Problem("invalid", f"There is no skip code {skip_code!r}.", field="skip_code")
    skips = policies.in_force(work.session).policy.access.skips
    earlier = work.session.scalars(
        select(StopVisit.skip_code)
        .where(StopVisit.service_point_id == stop.service_point_id)
        .order_by(StopVisit.recorded_at.desc(), StopVisit.id.desc())
        .limit(skips - 1)
    ).all()
    visit = _visit(work, stop, "skip", note=note, noted_at=noted_at, skip_code=skip_code, category=category)
    reported = category or reported_by_skips([skip_code, *earlier], skips)
    if reported is not None:
        issue = access_issues.report(work, stop.service_point_id, category=reported, note=note, noted_at=noted_at)
        visit.details = {"access_issue_id": str(issue.id)}
        work.session.flush()
    return visit


def _stop_of(work: Work, stop_id: UUID) -> Stop:
    """The stop, if the actor walks or walked its route version."""
    require(work.actor, Action.FIELD_EVENTS)
    stop = get(work, Stop, stop_id, lock=False)
    if not work.session.scalar(select(_walked_by(work)).where(Stop.id == stop_id)):
        raise _not_walked()
    return stop


def _walked_by(work: Work) -> Any:
    if work.authority is not None:
        return true()
    return exists().where(
        RouteSession.route_version_id == Stop.route_version_id, RouteSession.technician_id == work.actor.staff_id
    )


def _not_walked() -> Problem:
    return Problem("not_in_scope", "That stop is not of a route that this technician was given.")


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
