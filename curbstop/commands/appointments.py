"""Appointments that may be promised: in a window that the policy offers, and with room in the technician's day."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from curbstop.commands.order_steps import load_type
from curbstop.commands.work import Work
from curbstop.domain import appointments
from curbstop.domain.day_plans import Task, fits
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OPEN_STATES, OrderState
from curbstop.models import calendar
from curbstop.models.service_order import ServiceOrder

_WAITING = [state for state in OPEN_STATES if state not in (OrderState.COMPLETED, OrderState.RETURNED)]


def check(work: Work, start: datetime | None, end: datetime | None) -> None:
    """Problem(`invalid`) for half a window, Problem(`window_unavailable`) for one that nobody may promise."""
    if (start is None) != (end is None) or (start is not None and end is not None and end <= start):
        raise Problem("invalid", "An appointment window needs a start and a later end.")
    if start is None or end is None:
        return
    policy = calendar.in_force(work.session).policy
    closures = calendar.closures(work.session, policy)
    appointments.check(policy.appointments, start, end, now=work.at, closures=closures, zone=work.settings.zone)


def check_room(work: Work, order: ServiceOrder) -> None:
    """Problem(`window_unavailable`) where the order's technician cannot keep its window beside the others of the day.

    Also where the order is planned for another day than its window's.
    """
    if order.window_start is None or order.technician_id is None or order.scheduled_on is None:
        return
    tasks = of_day(work, order.technician_id, order.scheduled_on, without=[order.id])
    minutes = load_type(work, order.type_code, order.type_version).service_minutes
    policy = calendar.in_force(work.session).policy
    mine = Task(order.id, minutes, order.window_start, order.window_end)
    problem = misfit(work, tasks, mine, order.scheduled_on, policy.dispatch.travel_minutes)
    if problem is not None:
        raise problem


def of_day(work: Work, technician_id: UUID, on: date, *, without: Sequence[UUID]) -> list[Task]:
    """The appointments that a technician has to keep on a day."""
    rows = work.session.execute(
        select(
            ServiceOrder.id, ServiceOrder.type_code, ServiceOrder.type_version,
            ServiceOrder.window_start, ServiceOrder.window_end,
        ).where(
            ServiceOrder.technician_id == technician_id,
            ServiceOrder.scheduled_on == on,
            ServiceOrder.id.not_in(without),
            ServiceOrder.window_end.is_not(None),
            ServiceOrder.state.in_(_WAITING),
        )
    ).all()  # fmt: skip
    codes = {(row.type_code, row.type_version) for row in rows}
    minutes = {key: load_type(work, *key).service_minutes for key in codes}
    return [Task(row.id, minutes[row.type_code, row.type_version], row.window_start, row.window_end) for row in rows]


def misfit(work: Work, tasks: Sequence[Task], new: Task, on: date, travel_minutes: int) -> Problem | None:
    """Why the new appointment cannot be kept on the day beside the others, if it cannot."""
    if new.window_start is None:
        return None
    day = new.window_start.astimezone(work.settings.zone).date()
    if day != on:
        detail = f"The appointment is on {day} and the order is planned for {on}; move the one or the other."
        return Problem("window_unavailable", detail, why="another_day")
    if fits([*tasks, new], travel_minutes=travel_minutes):
        return None
    detail = f"The technician has {len(tasks)} appointments that day and cannot keep this one as well."
    return Problem("window_unavailable", detail, why="full", appointments=len(tasks))
