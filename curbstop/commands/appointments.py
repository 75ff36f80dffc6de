"""Appointments that may be promised: in a window that the policy offers, and with room in the technician's day."""

from datetime import datetime

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
    day = start.astimezone(work.settings.zone).date()
    closures = calendar.closures(work.session, policy, day, day)
    appointments.check(policy.appointments, start, end, now=work.at, closures=closures, zone=work.settings.zone)


def check_room(work: Work, order: ServiceOrder) -> None:
    """Problem(`window_unavailable`) where the order's technician cannot keep its window beside the others of the day.

    Also where the order is planned for another day than its window's.
    """
    if order.window_start is None or order.technician_id is None or order.scheduled_on is None:
        return
    day = order.window_start.astimezone(work.settings.zone).date()
    if day != order.scheduled_on:
        detail = f"{order.number} is planned for {order.scheduled_on}; move it to {day} first."
        raise Problem("window_unavailable", detail, why="another_day")
    others = work.session.execute(
        select(
            ServiceOrder.id, ServiceOrder.type_code, ServiceOrder.type_version,
            ServiceOrder.window_start, ServiceOrder.window_end,
        ).where(
            ServiceOrder.technician_id == order.technician_id,
            ServiceOrder.scheduled_on == day,
            ServiceOrder.id != order.id,
            ServiceOrder.window_end.is_not(None),
            ServiceOrder.state.in_(_WAITING),
        )
    ).all()  # fmt: skip
    policy = calendar.in_force(work.session).policy
    codes = {(row.type_code, row.type_version) for row in others} | {(order.type_code, order.type_version)}
    minutes = {key: load_type(work, *key).service_minutes for key in codes}
    tasks = [Task(row.id, minutes[row.type_code, row.type_version], row.window_start, row.window_end) for row in others]
    tasks.append(Task(order.id, minutes[order.type_code, order.type_version], order.window_start, order.window_end))
    if not fits(tasks, travel_minutes=policy.dispatch.travel_minutes):
        detail = f"The technician has {len(others)} appointments that day and cannot keep this one as well."
        raise Problem("window_unavailable", detail, why="full", appointments=len(others))
