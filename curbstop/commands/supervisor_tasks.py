"""Tasks for supervisors: opened in the transaction of what happened, done when somebody has looked at it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from curbstop.commands import journal
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.permissions import Action, require
from curbstop.models.ids import new_id
from curbstop.models.supervisor_task import SupervisorTask


def open_task(
    work: Work, kind: str, *, detail: str, order_id: UUID | None = None, facts: Mapping[str, Any] | None = None
) -> SupervisorTask:
    """Something for a supervisor to look at; nobody's permission is asked, since it is a consequence."""
    task = SupervisorTask(
        id=new_id(),
        kind=kind,
        order_id=order_id,
        detail=detail,
        facts=dict(facts or {}),
        state="open",
        created_at=work.at,
        version=1,
    )
    work.session.add(task)
    journal.changed(work, task, "open")
    return task


def finish(work: Work, task_id: UUID, *, note: str, if_version: int | None = None) -> SupervisorTask:
    """A supervisor has looked at it; finishing it again changes nothing.

    Problems: forbidden, not_found, version_mismatch.
    """
    require(work.actor, Action.FINISH_SUPERVISOR_TASK)
    task = get(work, SupervisorTask, task_id)
    if task.state == "done":
        return task
    check_version(task, if_version)
    task.state, task.note, task.done_at, task.done_by_id = "done", note, work.at, work.actor.staff_id
    journal.changed(work, task, "finish")
    return task
