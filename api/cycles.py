"""Cycles: when a part of the town is read and billed."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Id, Moment, Text, Whole
from curbstop.commands import routes as commands
from curbstop.queries import routes as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("cycles", "cycles", url_prefix="/cycles", description="When a part of the town is read.")

# Of cycles and of routes: what fits in the files of handheld readers.
CODE: dict[str, Any] = {"longest": 10, "pattern": "[A-Za-z0-9][A-Za-z0-9-]*"}


class CycleAnswer(Answer):
    id = Id("The cycle's id.")
    version = Whole("The version, also in the ETag.", 3)
    code = Text("Its code.", "C1")
    name = Text("Its name.", "First week")
    routes = Whole("How many routes it has.", 12)
    created_at = Moment("When it was entered.")
    updated_at = Moment("When it was last changed.")


class CycleNew(Body):
    code = Text("Its code; unique, and it stays.", "C1", required=True, **CODE)
    name = Text("Its name.", "First week", required=True, shortest=1, longest=80)


class CycleEdit(Body):
    name = Text("Its name.", "First week", required=True, shortest=1, longest=80)


class CycleQuery(PageQuery):
    sort = Sort("code", "name")


@blp.operation("GET", "", query=CycleQuery, answer=page_of(CycleAnswer))
def list_cycles(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Cycles with how many routes each has."""
    with reading() as session:
        return queries.find_cycles(session, actor(), page, **query)


@blp.operation("POST", "", body=CycleNew, answer=CycleAnswer)
@creates("/cycles/{id}")
def create_cycle(body: dict[str, Any]) -> Row[Any]:
    """Enter a cycle; 409 `conflict` when the code is taken."""
    with writing() as work:
        made = commands.create_cycle(work, **body)
        return queries.get_cycle(work.session, work.actor, made.id)


@blp.operation("GET", "/<uuid:cycle_id>", answer=CycleAnswer)
def get_cycle(cycle_id: UUID) -> Row[Any]:
    """One cycle."""
    with reading() as session:
        return queries.get_cycle(session, actor(), cycle_id)


@blp.operation("PATCH", "/<uuid:cycle_id>", body=CycleEdit, answer=CycleAnswer)
@edits
def edit_cycle(cycle_id: UUID, body: dict[str, Any], if_version: int | None) -> Row[Any]:
    """Give the cycle another name."""
    with writing() as work:
        commands.edit_cycle(work, cycle_id, **body, if_version=if_version)
        return queries.get_cycle(work.session, work.actor, cycle_id)
