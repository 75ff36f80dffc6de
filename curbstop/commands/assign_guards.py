"""Whether a technician's day takes more work: the calendar, the capacity in orders and minutes, the appointments.

A dispatcher may go on with a reason where the policy only warns; what was overridden, and why, is audited.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from curbstop.commands import appointments, journal, locate_tickets
from curbstop.commands.order_steps import load_type
from curbstop.commands.work import Work
from curbstop.domain.day_plans import Task
from curbstop.domain.dispatch import Override, settle
from curbstop.domain.permissions import Action, Grant, grants
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OrderState
from curbstop.domain.staff_calendars import Off, WorkDay
from curbstop.models.calendar import closures, in_force
from curbstop.models.service_order import ServiceOrder
from curbstop.models.staff import Staff
from curbstop.models.staff_calendar import calendars

_OFF_WORDS = {
    Off.ABSENT: "is away",
    Off.NOT_A_WORKING_DAY: "does not work",
    Off.CLOSED: "does not work, for the utility is closed",
}


class Day:
    """A technician's day that orders come into, one after the other; what is overridden is written down by `audit`."""

    def __init__(
        self, work: Work, technician: Staff, on: date, order_ids: Sequence[UUID], override_reason: str | None
    ) -> None:
        """Problem(`invalid`) for a day that is over. `order_ids` are coming: the day is looked at without them."""
        if on < work.at.astimezone(work.settings.zone).date():
            raise Problem("invalid", "scheduled_on must not lie in the past.", field="scheduled_on")
        self.work, self.technician, self.on = work, technician, on
        self.policy = in_force(work.session).policy
        may = Grant.YES in grants(work.actor, Action.DISPATCH)
        self.override = Override(override_reason, may) if override_reason else None
        self.overridden: set[str] = set()
        closed = closures(work.session, self.policy)
        calendar = calendars(work.session, [technician.id], on, on)[technician.id]
        self.day: WorkDay = calendar.day(on, self.policy.dispatch, closed)
        self._minutes_of: dict[tuple[str, int], int] = {}
        self._tasks: list[Task] | None = None
        self.coming = list(order_ids)
        self.orders, self.minutes = self._there(order_ids)

    def take(self, order: ServiceOrder) -> None:
        """Counts the order in.

        Problem(`technician_off` | `day_full` | `window_unavailable`) where it does not fit, which says whether somebody
        may override it; Problem(`dig_not_legal`), which nobody overrides, where the order digs and no locate ticket
        covers the day. What was done that day counts too: the capacity is what a technician can do in one day, not what
        may lie before them at once. Cancelled work takes no room.
        """
        locate_tickets.check_day(self.work, order, self.on)
        minutes = self._minutes(order.type_code, order.type_version)
        travel = self.policy.dispatch.travel_minutes
        visit = Task(order.id, minutes - travel, order.window_start, order.window_end)
        for problem, firmness in (
            (self._calendar(), self.policy.dispatch.calendar),
            (self._full(minutes), self.policy.dispatch.capacity),
            (self._misfit(visit), self.policy.dispatch.capacity),
        ):
            if problem is not None:
                self.overridden.add(settle(problem, firmness, self.override))
        self.orders, self.minutes = self.orders + 1, self.minutes + minutes
        if visit.window_start is not None:
            self._appointments().append(visit)

    def audit(self) -> dict[str, list[str]]:
        """Writes down what was overridden; for the orders' history as well."""
        if not self.overridden or self.override is None:
            return {}
        codes = sorted(self.overridden)
        said = {"on": self.on.isoformat(), "codes": codes, "reason": self.override.reason}
        journal.audit(self.work, "override_day", "staff", self.technician.id, after=said)
        return {"overridden": codes}

    def _calendar(self) -> Problem | None:
        if self.day.off is None:
            return None
        why = f": {self.day.reason}" if self.day.reason else ""
        detail = f"{self.technician.name} {_OFF_WORDS[self.day.off]} on {self.on}{why}."
        return Problem("technician_off", detail, why=self.day.off.value)

    def _full(self, minutes: int) -> Problem | None:
        most = self.technician.daily_capacity
        if self.orders >= most:
            detail = (
                f"{self.technician.name} has {self.orders} orders that day already, and room for {most}. "
                "Choose another day or technician; an administrator may raise daily_capacity."
            )
            return Problem("day_full", detail, capacity=most, assigned=self.orders, asked=len(self.coming))
        if self.day.kept and self.day.off is None and self.minutes + minutes > self.day.minutes:
            detail = (
                f"{self.technician.name} has work for {self.minutes} of {self.day.minutes} minutes that day already."
            )
            return Problem("day_full", detail, capacity_minutes=self.day.minutes, assigned_minutes=self.minutes)
        return None

    def _misfit(self, visit: Task) -> Problem | None:
        if visit.window_start is None:
            return None
        travel = self.policy.dispatch.travel_minutes
        return appointments.misfit(self.work, self._appointments(), visit, self.on, travel)

    def _appointments(self) -> list[Task]:
        """Those of the day, looked up once."""
        if self._tasks is None:
            self._tasks = appointments.of_day(self.work, self.technician.id, self.on, without=self.coming)
        return self._tasks

    def _there(self, order_ids: Sequence[UUID]) -> tuple[int, int]:
        rows = self.work.session.execute(
            select(ServiceOrder.type_code, ServiceOrder.type_version, func.count())
            .where(
                ServiceOrder.technician_id == self.technician.id,
                ServiceOrder.scheduled_on == self.on,
                ServiceOrder.id.not_in(order_ids),
                ServiceOrder.state != OrderState.CANCELLED.value,
            )
            .group_by(ServiceOrder.type_code, ServiceOrder.type_version)
        ).all()
        counts = Counter({(code, version): count for code, version, count in rows})
        return counts.total(), sum(self._minutes(*key) * count for key, count in counts.items())

    def _minutes(self, code: str, version: int) -> int:
        """An order's work and the way to it; each type is looked up once."""
        key = (code, version)
        if key not in self._minutes_of:
            travel = self.policy.dispatch.travel_minutes
            self._minutes_of[key] = load_type(self.work, code, version).service_minutes + travel
        return self._minutes_of[key]
