"""Reads the counts of the dispatch board: what each technician's day holds against what it can, and the pile."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, Row, and_, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from curbstop.domain.actors import Actor
from curbstop.domain.day_plans import Task, arrivals
from curbstop.domain.permissions import Action, Grant, Role, grants
from curbstop.domain.policy import Policy
from curbstop.domain.service_orders import OrderEvent
from curbstop.domain.staff_calendars import WorkDay
from curbstop.models.calendar import closures
from curbstop.models.order_type import OrderTypeRow
from curbstop.models.service_order import OrderHistory, ServiceOrder
from curbstop.models.staff import Staff
from curbstop.models.staff_calendar import calendars
from curbstop.queries.staff_calendars import told_why
from curbstop.queries.timeliness import OVER

# A position older than this says nothing about where somebody is.
FRESH = timedelta(hours=24)
_FIELD = {Role.TECH.value, Role.LEAD.value}
_WITH_POSITION = (OrderEvent.ARRIVE, OrderEvent.COMPLETE, OrderEvent.RETURN)
# Made once: SQLAlchemy takes some milliseconds for the columns of another name of a table.
_OTHER, _LAST = aliased(ServiceOrder), aliased(OrderHistory)

Key = tuple[UUID | None, date | None]
Conditions = Sequence[ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Moment:
    """The policy, now, the days of the board, and what is late and at risk at this moment."""

    policy: Policy
    now: datetime
    zone: ZoneInfo
    first: date
    last: date
    late: ColumnElement[bool]
    risky: ColumnElement[bool]


@dataclass(slots=True)
class Sums:
    """What is counted of a technician's day, or of the pile."""

    orders: int = 0
    late: int = 0
    at_risk: int = 0
    minutes: int = 0
    by_state: Counter[str] = field(default_factory=Counter)
    by_type: Counter[str] = field(default_factory=Counter)
    skills: set[str] = field(default_factory=set)

    def add(self, row: Row[Any], minutes: int, skills: Sequence[str]) -> None:
        self.orders += row.orders
        self.late += row.late
        self.at_risk += row.at_risk
        self.minutes += row.orders * minutes
        self.by_state[row.state] += row.orders
        self.by_type[row.type_code] += row.orders
        self.skills.update(skills)


def read(
    session: Session, actor: Actor, conditions: Conditions, moment: Moment, *, technicians: Sequence[UUID]
) -> dict[str, Any]:
    """The totals, the pile, and every technician with the days of the board, those without work too."""
    policy, types = moment.policy, _types(session)
    whole, pile, days = Sums(), Sums(), defaultdict[Key, Sums](Sums)
    for row in session.execute(_groups(conditions, moment)):
        minutes, skills = types[row.type_code, row.type_version]
        group = days[row.technician_id, row.scheduled_on] if _is_on(row, moment) else pile
        for sums in (whole, group):
            sums.add(row, minutes + policy.dispatch.travel_minutes, skills)
    people = _people(session, actor, technicians, {one for one, _ in days if one is not None})
    known = calendars(session, [one.id for one in people], moment.first, moment.last)
    closed = closures(session, policy)
    windows = _windows(session, moment, types)
    positions = _positions(session, actor, people, moment.now)
    told, why = [], told_why(actor)
    for person in people:
        own = []
        for number in range((moment.last - moment.first).days + 1):
            on = moment.first + timedelta(days=number)
            day = known[person.id].day(on, policy.dispatch, closed)
            tasks = windows.get((person.id, on), [])
            kept = _kept(tasks, on, day, moment, policy.dispatch.travel_minutes)
            said = day if why or person.id == actor.staff_id else replace(day, reason=None)
            own.append(_day(on, said, days[person.id, on], person, kept))
        told.append(
            {
                "technician_id": person.id,
                "name": person.name,
                "skills": person.skills,
                "capacity_orders": person.daily_capacity,
                "position": positions.get(person.id),
                "days": own,
            }
        )
    return {"at": moment.now, "totals": _sums(whole), "pile": _sums(pile), "technicians": told}


def _is_on(row: Row[Any], moment: Moment) -> bool:
    on = row.scheduled_on
    return row.technician_id is not None and on is not None and moment.first <= on <= moment.last


def _groups(conditions: Conditions, moment: Moment) -> Any:
    keys = (
        ServiceOrder.technician_id, ServiceOrder.scheduled_on, ServiceOrder.type_code, ServiceOrder.type_version,
        ServiceOrder.state,
    )  # fmt: skip
    return (
        select(
            *keys,
            func.count().label("orders"),
            _count(moment.late).label("late"),
            _count(moment.risky).label("at_risk"),
        )
        .where(*conditions)
        .group_by(*keys)
    )


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0), type_=Integer), 0)


def _types(session: Session) -> Mapping[tuple[str, int], tuple[int, list[str]]]:
    """How long each type takes, and the skills that it asks for."""
    definition = OrderTypeRow.definition
    rows = session.execute(
        select(OrderTypeRow.code, OrderTypeRow.version, definition["service_minutes"], definition["skills"])
    )
    found = {(code, version): (minutes or 0, skills or []) for code, version, minutes, skills in rows}
    return defaultdict(lambda: (0, list[str]()), found)


def _people(session: Session, actor: Actor, wanted: Sequence[UUID], busy: set[UUID]) -> list[Any]:
    """Active technicians, and whoever has work on these days; a crew lead sees the crew."""
    statement = select(
        Staff.id, Staff.name, Staff.roles, Staff.skills, Staff.daily_capacity, Staff.active, Staff.crew_lead_id
    ).order_by(Staff.name, Staff.id)
    if wanted:
        statement = statement.where(Staff.id.in_(wanted))
    if not grants(actor, Action.VIEW_ALL_ORDERS) & {Grant.YES, Grant.GEO_ONLY}:
        statement = statement.where((Staff.crew_lead_id == actor.staff_id) | (Staff.id == actor.staff_id))
    return [one for one in session.execute(statement) if one.id in busy or (one.active and _FIELD & set(one.roles))]


def _windows(
    session: Session, moment: Moment, types: Mapping[tuple[str, int], tuple[int, list[str]]]
) -> dict[tuple[UUID, date], list[Task]]:
    """What is still to be done, in the planned order, on the days of technicians that hold an appointment."""
    with_one = exists().where(
        _OTHER.technician_id == ServiceOrder.technician_id,
        _OTHER.scheduled_on == ServiceOrder.scheduled_on,
        # Said once more, so that nobody looks for appointments through all the years.
        _OTHER.scheduled_on.between(moment.first, moment.last),
        _OTHER.window_end.is_not(None),
        _OTHER.state.not_in(OVER),
    )
    rows = session.execute(
        select(
            ServiceOrder.id, ServiceOrder.technician_id, ServiceOrder.scheduled_on, ServiceOrder.type_code,
            ServiceOrder.type_version, ServiceOrder.window_start, ServiceOrder.window_end,
        )
        .where(
            ServiceOrder.scheduled_on.between(moment.first, moment.last),
            ServiceOrder.technician_id.is_not(None),
            # Said by what it is not, so that the day's index is taken and not the one of states.
            and_(ServiceOrder.state.not_in(OVER), with_one),
        )
        .order_by(ServiceOrder.place, ServiceOrder.number)
    )  # fmt: skip
    found: dict[tuple[UUID, date], list[Task]] = defaultdict(list)
    for row in rows:
        task = Task(row.id, types[row.type_code, row.type_version][0], row.window_start, row.window_end)
        found[row.technician_id, row.scheduled_on].append(task)
    return found


def _kept(tasks: Sequence[Task], on: date, day: WorkDay, moment: Moment, travel_minutes: int) -> Counter[bool]:
    """How many appointments the plan keeps and breaks; today's goes on from now."""
    begins = datetime.combine(on, day.begins, moment.zone)
    if on == moment.now.astimezone(moment.zone).date():
        begins = max(begins, moment.now)
    found = arrivals(tasks, begins=begins, travel_minutes=travel_minutes)
    return Counter(one.kept for one in found if one.kept is not None)


def _positions(session: Session, actor: Actor, people: Sequence[Any], now: datetime) -> dict[UUID, dict[str, Any]]:
    """Where the last op with a position was noted, for whoever dispatches; nobody is followed in between."""
    if not grants(actor, Action.DISPATCH):
        return {}
    newest = (
        select(_LAST.id)
        .where(
            _LAST.staff_id == Staff.id,
            _LAST.recorded_at >= now - FRESH,
            _LAST.event.in_(_WITH_POSITION),
            _LAST.facts["position"].as_string().is_not(None),
        )
        .order_by(_LAST.recorded_at.desc(), _LAST.id.desc())
        .limit(1)
        .correlate(Staff)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Staff.id, OrderHistory.facts, OrderHistory.recorded_at, OrderHistory.noted_at, OrderHistory.order_id)
        .join(OrderHistory, OrderHistory.id == newest)
        .where(Staff.id.in_([one.id for one in people]))
    )
    found = {}
    for staff_id, facts, recorded_at, noted_at, order_id in rows:
        # A clock that is ahead does not make a future.
        at = min(noted_at or recorded_at, recorded_at)
        position = {name: facts["position"].get(name) for name in ("longitude", "latitude", "accuracy_m")}
        age = max(0, round((now - at).total_seconds() / 60))
        found[staff_id] = {**position, "at": at, "age_minutes": age, "order_id": order_id}
    return found


def _day(on: date, day: WorkDay, sums: Sums, person: Any, kept: Counter[bool]) -> dict[str, Any]:
    return {
        **_sums(sums),
        "on": on,
        "off": day.off.value if day.off else None,
        "off_reason": day.reason,
        "capacity_minutes": day.minutes,
        "missing_skills": sorted(sums.skills - set(person.skills)),
        "windows_kept": kept[True],
        "windows_broken": kept[False],
    }


def _sums(sums: Sums) -> dict[str, Any]:
    return {
        "orders": sums.orders,
        "late": sums.late,
        "at_risk": sums.at_risk,
        "minutes": sums.minutes,
        "by_state": dict(sorted(sums.by_state.items())),
        "by_type": dict(sorted(sums.by_type.items())),
    }
