"""Reads consumption: what a place used in each of its billing periods, across exchanges."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.consumption import Leg, Mark, Period, Stretch, period, rounded, stretch
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.domain.readings import ReadingKind, RegisterFacts
from curbstop.models.meter import Installation, Meter, Register
from curbstop.models.reading import Reading
from curbstop.models.service_point import ServicePoint

# A billing period goes from one of these to the next.
_BILLED = (ReadingKind.REGULAR, ReadingKind.REREAD)
# Two clocks may disagree so much about when a meter came or went.
_LENIENCY = timedelta(hours=12)


def of_place(
    session: Session, actor: Actor, service_point_id: UUID, *, zone: ZoneInfo, most: int = 13
) -> list[dict[str, Any]]:
    """The place's newest billing periods, the newest first, in gallons; the last one may still be open.

    A period goes from one regular reading to the next, or to the last reading there is. Each of its legs is what one
    register counted in it; where two readings of one contradict each other, the period's use is null. Three
    statements. Problem(`not_found`).
    """
    require(actor, Action.VIEW_NETWORK)
    if session.scalar(select(ServicePoint.id).where(ServicePoint.id == service_point_id)) is None:
        raise Problem("not_found", f"There is no service point with id {service_point_id}.")
    places = _installations(session, service_point_id)
    marks = _marks(session, service_point_id, places)
    stretches = _stretches(places, marks)
    bounds = _bounds(stretches, zone)
    newest = list(pairwise(bounds))[-most:]
    return [
        _told(period(stretches, start, end), billed=_is_billed(stretches, end, zone)) for start, end in reversed(newest)
    ]


def _installations(session: Session, service_point_id: UUID) -> Sequence[Any]:
    """Every register that was ever here, with its meter's time here."""
    rows = session.execute(
        select(Installation.id, Installation.installed_at, Installation.removed_at, Meter.serial, Register)
        .join(Meter, Meter.id == Installation.meter_id)
        .join(Register, Register.meter_id == Meter.id)
        .where(Installation.service_point_id == service_point_id)
        .order_by(Installation.installed_at, Register.position, Register.id)
    )
    return rows.all()


def _marks(session: Session, service_point_id: UUID, places: Sequence[Any]) -> Mapping[UUID, list[Mark]]:
    rows = session.execute(
        select(Reading.register_id, Reading.noted_at, Reading.value, Reading.kind)
        .where(
            Reading.register_id.in_({row.Register.id for row in places}),
            Reading.superseded_by_id.is_(None),
            or_(Reading.service_point_id == service_point_id, Reading.service_point_id.is_(None)),
        )
        .order_by(Reading.noted_at, Reading.id)
    )
    found: dict[UUID, list[Mark]] = defaultdict(list)
    for register_id, at, value, kind in rows:
        found[register_id].append(Mark(at, value, ReadingKind(kind)))
    return found


def _stretches(places: Sequence[Any], marks: Mapping[UUID, list[Mark]]) -> list[Stretch]:
    """A register that was here twice has two of them: what it counted elsewhere is not this place's."""
    made = []
    for row in places:
        register = row.Register
        mine = [
            mark
            for mark in marks.get(register.id, ())
            if row.installed_at - _LENIENCY <= mark.at
            and (row.removed_at is None or mark.at <= row.removed_at + _LENIENCY)
        ]
        facts = RegisterFacts(register.dials, register.decimals, register.multiplier)
        made.append(stretch(facts, register.unit, mine, meter=row.serial, position=register.position))
    return [one for one in made if one.marks]


def _bounds(stretches: Sequence[Stretch], zone: ZoneInfo) -> list[datetime]:
    """One moment a day on which the place was read for billing, and the first and last of all readings."""
    marks = [mark for one in stretches for mark in one.marks]
    if not marks:
        return []
    by_day: dict[date, datetime] = {}
    for mark in marks:
        if mark.kind in _BILLED:
            day = mark.at.astimezone(zone).date()
            by_day[day] = max(by_day.get(day, mark.at), mark.at)
    ends = (min(mark.at for mark in marks), max(mark.at for mark in marks))
    return sorted({*by_day.values(), *ends})


def _is_billed(stretches: Sequence[Stretch], end: datetime, zone: ZoneInfo) -> bool:
    day = end.astimezone(zone).date()
    return any(
        mark.kind in _BILLED and mark.at.astimezone(zone).date() == day for one in stretches for mark in one.marks
    )


def _told(one: Period, *, billed: bool) -> dict[str, Any]:
    return {
        "start": one.start,
        "end": one.end,
        "open": not billed,
        "used_gal": None if one.used is None else rounded(one.used),
        "estimated": any(leg.estimated for leg in one.legs),
        "exchanged": len({leg.meter for leg in one.legs}) > 1,
        "legs": [_leg(leg) for leg in one.legs],
    }


def _leg(leg: Leg) -> dict[str, Any]:
    return {
        "serial": leg.meter,
        "position": leg.position,
        "unit": leg.unit,
        "from_value": leg.first.value,
        "from_at": leg.first.at,
        "to_value": leg.last.value,
        "to_at": leg.last.at,
        "used_gal": None if leg.used is None else rounded(leg.used),
        "rolled_over": leg.rolled_over,
        "estimated": leg.estimated,
    }
