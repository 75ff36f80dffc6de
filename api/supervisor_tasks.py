"""Supervisor tasks: what happened and wants a supervisor's eye, such as a cut-off done after its recall."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, edits, page_of, reading, writing
from api.core.schemas import Free, Id, Moment, Text, Whole
from api.service_order_schemas import NULL
from curbstop.commands import supervisor_tasks as commands
from curbstop.queries import supervisor_tasks as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint(
    "supervisor tasks", "supervisor_tasks", url_prefix="/supervisor-tasks", description="What wants a supervisor's eye."
)
STATES = ["open", "done"]


class SupervisorTaskAnswer(Answer):
    id = Id("The task's id.")
    version = Whole("The version, also in the ETag.", 1)
    kind = Text("What happened.", "completed_after_recall")
    order_id = Id("The order concerned.", **NULL)
    order_number = Text("Its number.", "SO-2026-00123", **NULL)
    detail = Text("What happened, in words.", "SO-2026-00123 was cut off after it had been recalled.")
    facts = Free("What the server knew of it: times, clocks, what followed.", {"recalled_at": "2026-07-30T14:02:00Z"})
    state = Text("Whether somebody has looked at it.", "open", choices=STATES)
    note = Text("What the supervisor says to it.", "Called the customer.", **NULL)
    created_at = Moment("When it was opened.")
    done_at = Moment("When it was done.", **NULL)
    done_by_id = Id("Who did it.", **NULL)
    done_by_name = Text("Who did it, by name.", "Sue Park", **NULL)


class SupervisorTaskQuery(PageQuery):
    sort = Sort("created_at")
    state = Text("Only in this state.", "open", choices=STATES, load_default=None)
    kind = Text("Only of this kind.", "completed_after_recall", longest=40, load_default=None)
    order_id = Id("Only of this order.", load_default=None)


class FinishBody(Body):
    note = Text("What was done about it.", "Called the customer.", required=True, shortest=1, longest=2000)


@blp.operation("GET", "", query=SupervisorTaskQuery, answer=page_of(SupervisorTaskAnswer))
def list_supervisor_tasks(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """What waits for a supervisor, or was done."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation("GET", "/<uuid:supervisor_task_id>", answer=SupervisorTaskAnswer)
def get_supervisor_task(supervisor_task_id: UUID) -> Row[Any]:
    """One task with its facts."""
    with reading() as session:
        return queries.get(session, actor(), supervisor_task_id)


@blp.operation("POST", "/<uuid:supervisor_task_id>/finish", body=FinishBody, answer=SupervisorTaskAnswer)
@edits
def finish_supervisor_task(supervisor_task_id: UUID, body: dict[str, Any], if_version: int | None) -> Row[Any]:
    """Say that it was looked at; doing so again changes nothing."""
    with writing() as work:
        commands.finish(work, supervisor_task_id, **body, if_version=if_version)
        return queries.get(work.session, actor(), supervisor_task_id)
