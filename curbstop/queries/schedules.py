"""Reads schedules: what is planned, when next, for how many places, and what each period brought."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.domain.schedules import Places, Rule, Unit
from curbstop.models.calendar import closures, in_force
from curbstop.models.schedule import Schedule, ScheduleRun
from curbstop.models.scheduled_places import meant
from curbstop.models.service_point import ServicePoint
from curbstop.queries.page import Page, PageRequest, fetch
from curbstop.queries.visible_orders import Sight, sight

SORTS = {"next_on": Schedule.next_on, "name": Schedule.name}
# Days and periods that one schedule is shown with.
COMING, LATEST = 6, 12


def find(session: Session, actor: Actor, page: PageRequest, *, paused: bool | None = None) -> Page[dict[str, Any]]:
    """A page of schedules; their words are the office's, as an order's are."""
    require(actor, Action.VIEW_ALL_ORDERS)
    statement: Select[Any] = select(Schedule)
    if paused is not None:
        statement = statement.where(Schedule.paused_at.is_not(None) if paused else Schedule.paused_at.is_(None))
    found = fetch(session, statement, page, SORTS, Schedule.id)
    return replace(found, items=[_seen(row, actor) for row in found.items])


def get(session: Session, actor: Actor, schedule_id: UUID) -> dict[str, Any]:
    """One whole: with the days that come next, how many places it means now, and the latest periods."""
    require(actor, Action.VIEW_ALL_ORDERS)
    row = session.get(Schedule, schedule_id)
    if row is None:
        raise Problem("not_found", f"There is no schedule with id {schedule_id}.")
    rule = Rule(row.every, Unit(row.unit), row.starts_on, row.business_day)
    calendar = closures(session, in_force(session).policy)
    runs = session.scalars(
        select(ScheduleRun)
        .where(ScheduleRun.schedule_id == row.id)
        .order_by(ScheduleRun.due_on.desc(), ScheduleRun.id)
        .limit(LATEST)
    ).all()
    many = select(func.count()).select_from(ServicePoint).where(*meant(Places.of(row.places)))
    return {
        **_seen(row, actor),
        "coming": [] if row.paused_at is not None else rule.coming(row.number, calendar, COMING),
        "place_count": session.scalar(many) or 0,
        "runs": runs,
    }


def _seen(row: Schedule, actor: Actor) -> dict[str, Any]:
    columns = {column.key: getattr(row, column.key) for column in Schedule.__table__.columns}
    return columns if sight(actor) is Sight.OFFICE else {**columns, "instructions": None}
