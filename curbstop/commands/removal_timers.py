"""Removal timers: run while a connection is off, and tell a supervisor when the meter may be taken away."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal, policies, supervisor_tasks
from curbstop.commands.work import Work
from curbstop.domain.removal_timers import due_on
from curbstop.models.ids import new_id
from curbstop.models.removal_timer import RemovalTimer
from curbstop.models.service_point import ServicePoint

TASK = "removal_due"


def start(work: Work, service_point_id: UUID, *, at: datetime, order_id: UUID | None = None) -> RemovalTimer | None:
    """The connection is off since then; a timer that runs goes on as it is. None where the policy removes nothing."""
    if _running(work, service_point_id) is not None:
        return None
    off_since = _local_day(work, at)
    due = due_on(off_since, policies.in_force(work.session).policy.removal)
    if due is None:
        return None
    timer = RemovalTimer(
        id=new_id(),
        service_point_id=service_point_id,
        order_id=order_id,
        off_since=off_since,
        due_on=due,
        recorded_at=work.at,
    )
    work.session.add(timer)
    work.session.flush()
    journal.audit(work, "start", "removal_timer", timer.id, after={"due_on": due.isoformat()})
    return timer


def end(work: Work, service_point_id: UUID, *, at: datetime, reason: str) -> None:
    """The connection is not just off any more, whether on again or gone."""
    timer = _running(work, service_point_id)
    if timer is None:
        return
    timer.ended_at, timer.end_reason = at, reason
    work.session.flush()
    journal.audit(work, "end", "removal_timer", timer.id, after={"reason": reason})


def tell_due(work: Work, *, limit: int = 200) -> int:
    """Opens a supervisor's task for each connection that was off so long, once; returns how many. For the clock."""
    due = (
        select(RemovalTimer, ServicePoint.number, ServicePoint.address)
        .join(ServicePoint, ServicePoint.id == RemovalTimer.service_point_id)
        .where(
            RemovalTimer.ended_at.is_(None),
            RemovalTimer.task_id.is_(None),
            RemovalTimer.due_on <= _local_day(work, work.at),
        )
        .order_by(RemovalTimer.due_on, RemovalTimer.id)
        .limit(limit)
        .with_for_update(of=RemovalTimer, skip_locked=True)
    )
    found = work.session.execute(due).all()
    for timer, number, address in found:
        detail = f"{number} ({address}) has been off since {timer.off_since}. Its meter may be removed."
        facts = {"service_point_id": str(timer.service_point_id), "off_since": timer.off_since.isoformat()}
        timer.task_id = supervisor_tasks.open_task(work, TASK, detail=detail, order_id=timer.order_id, facts=facts).id
    work.session.flush()
    return len(found)


def _running(work: Work, service_point_id: UUID) -> RemovalTimer | None:
    return work.session.scalar(
        select(RemovalTimer)
        .where(RemovalTimer.service_point_id == service_point_id, RemovalTimer.ended_at.is_(None))
        .with_for_update()
    )


def _local_day(work: Work, at: datetime) -> date:
    return at.astimezone(work.settings.zone).date()
