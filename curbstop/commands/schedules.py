"""Keeps schedules, and makes their orders by the clock: each period once, whatever was interrupted or missed."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from curbstop.commands import journal
from curbstop.commands.order_batches import Wanted, create_many
from curbstop.commands.order_steps import load_type
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.actors import Actor
from curbstop.domain.order_types import require_creatable
from curbstop.domain.permissions import Action, Role, require
from curbstop.domain.problems import Problem
from curbstop.domain.schedules import Places, Rule, Unit
from curbstop.models.account import Account
from curbstop.models.calendar import closures, in_force
from curbstop.models.ids import new_id
from curbstop.models.schedule import Schedule, ScheduleRun
from curbstop.models.scheduled_places import meant
from curbstop.models.service_point import ServicePoint
from curbstop.models.staff import Staff

log = logging.getLogger(__name__)

EDITABLE = frozenset({"name", "priority", "instructions", "every", "unit", "business_day", "starts_on", "places"})
_RULE = frozenset({"every", "unit", "business_day", "starts_on"})
# Places of one transaction, and schedules of one tick of the clock.
STEP, MOST_SCHEDULES = 500, 20


def create(
    work: Work, *, name: str, type_code: str, rule: Rule, places: Mapping[str, Any], priority: int | None = None,
    instructions: str | None = None,
) -> Schedule:  # fmt: skip
    """A new schedule, for an order type that the maker may create (or the system does).

    Problems: forbidden, order_type_unknown, order_type_inactive, order_type_not_yours, invalid (rule or places).
    """
    require(work.actor, Action.MANAGE_SCHEDULES)
    order_type = load_type(work, type_code)
    require_creatable(order_type, work.actor.roles, system=order_type.system_creates)
    if order_type.is_cut_off:
        raise Problem(
            "invalid", "Nobody is cut off by a schedule; that is what cut-off runs are for.", field="type_code"
        )
    row = Schedule(
        id=new_id(), name=name, type_code=type_code, priority=priority, instructions=instructions, every=rule.every,
        unit=rule.unit.value, business_day=rule.business_day, starts_on=rule.starts_on,
        places=Places.of(places).to_json(), number=0, next_on=rule.starts_on, made_by_id=work.actor.staff_id,
        created_at=work.at,
    )  # fmt: skip
    _set_next(work, row, _first_coming(work, row))
    work.session.add(row)
    journal.changed(work, row, "schedule.create")
    return row


def edit(work: Work, schedule_id: UUID, changes: Mapping[str, Any], *, if_version: int | None = None) -> Schedule:
    """Changes any of EDITABLE; another rule counts from its first coming day. Problems as with `create`."""
    row = _load(work, schedule_id, if_version)
    assert changes.keys() <= EDITABLE
    wanted = dict(changes)
    if "places" in wanted:
        wanted["places"] = Places.of(wanted["places"]).to_json()
    for name, value in wanted.items():
        setattr(row, name, value)
    if wanted.keys() & _RULE:
        _set_next(work, row, _first_coming(work, row))
    journal.changed(work, row, "schedule.edit")
    return row


def pause(work: Work, schedule_id: UUID, *, if_version: int | None = None) -> Schedule:
    """No orders until it is resumed."""
    row = _load(work, schedule_id, if_version)
    if row.paused_at is None:
        row.paused_at = work.at
        journal.changed(work, row, "schedule.pause")
    return row


def resume(work: Work, schedule_id: UUID, *, if_version: int | None = None) -> Schedule:
    """Goes on with the next coming day; what a pause passed over is not made up for."""
    row = _load(work, schedule_id, if_version)
    if row.paused_at is not None:
        row.paused_at = row.trouble = None
        _set_next(work, row, max(row.number, _first_coming(work, row)))
        journal.changed(work, row, "schedule.resume")
    return row


def make_due(work: Work) -> int:
    """Makes what is due, some hundred places a schedule; how many orders. For the clock, which comes again soon.

    A period that was missed, because nothing ran, is made up for; where its order is still open the next one makes
    none. What cannot be made pauses its schedule, which then says why.
    """
    today = work.at.astimezone(work.settings.zone).date()
    due = (
        select(Schedule)
        .where(Schedule.next_on <= today, Schedule.paused_at.is_(None))
        .order_by(Schedule.next_on, Schedule.id)
        .limit(MOST_SCHEDULES)
        .with_for_update(skip_locked=True)
    )
    return sum(_step(work, row, today) for row in work.session.scalars(due).all())


def _step(work: Work, row: Schedule, today: date) -> int:
    """One step of a schedule's due period; whatever it made."""
    planned = _rule(row).day(row.number, closures(work.session, in_force(work.session).policy))
    if planned > today:
        # The calendar is another one by now.
        row.next_on = planned
        return 0
    run = _run(work, row, planned)
    if run.finished_at is not None:
        # Two periods may come to the same open day.
        _set_next(work, row, row.number + 1)
        return 0
    try:
        with work.session.begin_nested():
            batch = _places(work, row, run.after_id)
            made = _make(work, row, batch)
    except Problem as problem:
        log.warning("schedule %s is paused: %s", row.name, problem)
        row.paused_at, row.trouble = work.at, problem.detail
        journal.changed(work, row, "schedule.pause")
        return 0
    run.made += made
    run.in_the_way += len(batch) - made
    if batch:
        run.after_id = batch[-1][0]
    if len(batch) < STEP:
        run.finished_at = work.at
        _set_next(work, row, row.number + 1)
        journal.changed(work, row, "schedule.run")
    work.session.flush()
    return made


def _run(work: Work, row: Schedule, planned: date) -> ScheduleRun:
    mine = select(ScheduleRun).where(ScheduleRun.schedule_id == row.id, ScheduleRun.due_on == planned)
    run = work.session.scalar(mine)
    if run is None:
        run = ScheduleRun(id=new_id(), schedule_id=row.id, due_on=planned, made=0, in_the_way=0, begun_at=work.at)
        work.session.add(run)
        work.session.flush()
    return run


def _places(work: Work, row: Schedule, after: UUID | None) -> Sequence[Any]:
    """The next places by id, each with its current account."""
    current = (
        select(Account.id)
        .where(Account.service_point_id == ServicePoint.id, Account.status != "finaled")
        .order_by(Account.id.desc())
        .limit(1)
        .correlate(ServicePoint)
        .scalar_subquery()
    )
    statement = select(ServicePoint.id, current).where(*meant(Places.of(row.places))).order_by(ServicePoint.id)
    if after is not None:
        statement = statement.where(ServicePoint.id > after)
    return work.session.execute(statement.limit(STEP)).all()


def _make(work: Work, row: Schedule, batch: Sequence[Any]) -> int:
    wanted = [
        Wanted(service_point_id=point, account_id=account, instructions=row.instructions, priority=row.priority)
        for point, account in batch
    ]
    if not wanted:
        return 0
    maker = work if load_type(work, row.type_code).system_creates else replace(work, actor=_maker(work, row))
    return len(create_many(maker, row.type_code, wanted, source="schedule").made)


def _maker(work: Work, row: Schedule) -> Actor:
    """Whoever made the schedule, with today's roles: the clock makes nothing that they could not."""
    person = work.session.get(Staff, row.made_by_id) if row.made_by_id is not None else None
    if person is None or not person.active:
        raise Problem(
            "forbidden", f"Whoever made {row.name!r} is not here any more; somebody else has to make it anew."
        )
    return Actor(person.id, person.name, frozenset(Role(role) for role in person.roles))


def _load(work: Work, schedule_id: UUID, if_version: int | None) -> Schedule:
    require(work.actor, Action.MANAGE_SCHEDULES)
    row = get(work, Schedule, schedule_id)
    check_version(row, if_version)
    return row


def _rule(row: Schedule) -> Rule:
    return Rule(row.every, Unit(row.unit), row.starts_on, row.business_day)


def _first_coming(work: Work, row: Schedule) -> int:
    """The first period whose day is not over and was not run."""
    today = work.at.astimezone(work.settings.zone).date()
    rule, calendar = _rule(row), closures(work.session, in_force(work.session).policy)
    mine = select(func.max(ScheduleRun.due_on)).where(ScheduleRun.schedule_id == row.id)
    done = work.session.scalar(mine.where(ScheduleRun.finished_at.is_not(None)))
    days = enumerate(rule.days(0, calendar))
    return next(number for number, day in days if day >= today and (done is None or day > done))


def _set_next(work: Work, row: Schedule, number: int) -> None:
    row.number = number
    row.next_on = _rule(row).day(number, closures(work.session, in_force(work.session).policy))
