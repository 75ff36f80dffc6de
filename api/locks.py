"""Locks and seals at service points."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, page_of, reading, writing
from api.core.schemas import Id, Moment, Text
from api.service_order_schemas import NULL
from curbstop.commands import locks as commands
from curbstop.domain.locks import LockEnd
from curbstop.queries import locks as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("locks", "locks", url_prefix="", description="Locks and seals at service points, with their history.")


class LockAnswer(Answer):
    id = Id("The lock's id.")
    service_point_id = Id("The place.")
    kind = Text("What it is.", "barrel")
    number = Text("The lock's number.", "B-1042", **NULL)
    seal_no = Text("The seal's number.", "S-77", **NULL)
    applied_at = Moment("When it was put on.")
    order_id = Id("By which order.", **NULL)
    order_number = Text("Its number.", "SO-2026-00123", **NULL)
    ended_at = Moment("Until when it was there; null while it is.", **NULL)
    ended = Text("How it ended.", "removed", choices=[word.value for word in LockEnd], **NULL)
    ended_by_order_id = Id("By which order.", **NULL)
    ended_by_order_number = Text("Its number.", "SO-2026-00124", **NULL)
    end_reason = Text("What the office says to it.", "Cut off and thrown away.", **NULL)


class LockQuery(PageQuery):
    sort = Sort("applied_at")


class EndLockBody(Body):
    reason = Text("Why it is not there.", "Reported by the crew.", required=True, shortest=1, longest=500)


@blp.operation("GET", "/service-points/<uuid:service_point_id>/locks", query=LockQuery, answer=page_of(LockAnswer))
def list_locks(service_point_id: UUID, query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """The locks and seals that were put on here, with those that are."""
    del query
    with reading() as session:
        return queries.of_place(session, actor(), page, service_point_id)


@blp.operation("POST", "/locks/<uuid:lock_id>/end", body=EndLockBody, answer=LockAnswer, problems=("conflict",))
def end_lock(lock_id: UUID, body: dict[str, Any]) -> Row[Any]:
    """Say that a lock is not where the books have it; its number is free again."""
    with writing() as work:
        commands.end(work, lock_id, **body)
        return queries.get(work.session, work.actor, lock_id)
