"""Reads when somebody is expected at an order, from the plan of the technician's day."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from curbstop.domain.day_plans import Task, arrivals
from curbstop.domain.expectations import Expectation, Known, expectation
from curbstop.domain.policy import Policy
from curbstop.domain.staff_calendars import Off
from curbstop.models.calendar import closures, in_force
from curbstop.models.order_type import OrderTypeRow
from curbstop.models.service_order import ServiceOrder
from curbstop.models.staff_calendar import calendars
from curbstop.queries.timeliness import OVER


def of_order(session: Session, order: Mapping[str, Any], *, now: datetime, zone: ZoneInfo) -> Expectation:
    """What is expected of an order that was read whole; a day in the past is no plan."""
    policy = in_force(session).policy
    planned_at = None
    technician_id, on = order["technician_id"], order["scheduled_on"]
    if technician_id is not None and on is not None and order["state"] not in OVER:
        today = now.astimezone(zone).date()
        if on >= today:
            planned_at = _planned(session, policy, (technician_id, on), order["id"], now=now, zone=zone)
    known = Known(
        state=order["state"],
        due_at=order["due_at"],
        done_at=order["completed_at"],
        technician=order["technician_name"],
        planned_at=planned_at,
    )
    return expectation(known, now=now, risk=timedelta(minutes=policy.service_levels.risk_minutes), zone=zone)


def _planned(
    session: Session, policy: Policy, day: tuple[UUID, date], order_id: UUID, *, now: datetime, zone: ZoneInfo
) -> datetime | None:
    """When the day's plan has the technician there, today's from now on."""
    technician_id, on = day
    rows = session.execute(
        select(
            ServiceOrder.id, ServiceOrder.window_start, ServiceOrder.window_end,
            OrderTypeRow.definition["service_minutes"].label("minutes"),
        )
        .outerjoin(
            OrderTypeRow,
            and_(OrderTypeRow.code == ServiceOrder.type_code, OrderTypeRow.version == ServiceOrder.type_version),
        )
        .where(
            ServiceOrder.technician_id == technician_id,
            ServiceOrder.scheduled_on == on,
            ServiceOrder.state.not_in(OVER),
        )
        .order_by(ServiceOrder.place, ServiceOrder.number)
    ).all()  # fmt: skip
    known = calendars(session, [technician_id], on, on)[technician_id]
    work_day = known.day(on, policy.dispatch, closures(session, policy))
    if work_day.off is Off.ABSENT:
        # Somebody else has to go, and nobody has said who.
        return None
    begins = datetime.combine(on, work_day.begins, zone)
    if on == now.astimezone(zone).date():
        begins = max(begins, now)
    tasks = [Task(row.id, row.minutes or 0, row.window_start, row.window_end) for row in rows]
    found = arrivals(tasks, begins=begins, travel_minutes=policy.dispatch.travel_minutes)
    return next((one.at for one in found if one.id == order_id), None)
