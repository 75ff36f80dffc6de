"""Reads what waits for a supervisor."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.service_order import ServiceOrder
from curbstop.models.staff import Staff
from curbstop.models.supervisor_task import SupervisorTask
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"created_at": SupervisorTask.created_at}


def find(
    session: Session,
    actor: Actor,
    page: PageRequest,
    *,
    state: str | None = None,
    kind: str | None = None,
    order_id: UUID | None = None,
) -> Page[Row[Any]]:
    """A page of tasks, oldest first unless asked otherwise."""
    require(actor, Action.VIEW_SUPERVISOR_TASKS)
    wanted = {SupervisorTask.state: state, SupervisorTask.kind: kind, SupervisorTask.order_id: order_id}
    statement = _statement().where(*(column == value for column, value in wanted.items() if value is not None))
    return fetch(session, statement, page, SORTS, SupervisorTask.id)


def get(session: Session, actor: Actor, task_id: UUID) -> Row[Any]:
    """One task, or Problem(`not_found`)."""
    require(actor, Action.VIEW_SUPERVISOR_TASKS)
    row = session.execute(_statement().where(SupervisorTask.id == task_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no supervisor task with id {task_id}.")
    return row


def _statement() -> Select[Any]:
    columns = (getattr(SupervisorTask, column.key) for column in SupervisorTask.__table__.columns)
    return (
        select(*columns, ServiceOrder.number.label("order_number"), Staff.name.label("done_by_name"))
        .outerjoin(ServiceOrder, ServiceOrder.id == SupervisorTask.order_id)
        .outerjoin(Staff, Staff.id == SupervisorTask.done_by_id)
    )
