"""The utility's policy: its settings in versions, and the days on which it is closed."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import Response

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Day, Free, Id, Moment, Text, Whole
from api.service_order_schemas import NULL
from curbstop.commands import policies as commands
from curbstop.domain.policy import PROFILES
from curbstop.models.policy import Closure
from curbstop.queries import policies as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("policy", "policy", url_prefix="/policy", description="What the ordinance says, as settings.")

REASON = "Why; it stays with the version."


class PolicyAnswer(Answer):
    version = Whole("The version's number, also in the ETag; 0 is a profile that nobody has touched.", 3)
    profile = Text("Where the utility started from.", "nc", choices=list(PROFILES))
    content = Free("All settings, by section.", {"cut_off": {"delinquent_days": 10}})
    reason = Text("Why it was made.", "Ordinance 2026-14", **NULL)
    made_at = Moment("When it was made.", **NULL)
    made_by_id = Id("Who made it.", **NULL)
    made_by_name = Text("Who made it, by name.", "Ada Admin", **NULL)


class PolicyEditBody(Body):
    changes = Free("The settings to change, by section.", {"cut_off": {"delinquent_days": 15}}, required=True)
    reason = Text(REASON, "Ordinance 2026-14", required=True, shortest=1, longest=2000)


class PolicyStartBody(Body):
    profile = Text("The shipped profile.", "nc", choices=list(PROFILES), required=True)
    reason = Text(REASON, "We are in North Carolina.", required=True, shortest=1, longest=2000)


class PolicyVersionQuery(PageQuery):
    sort = Sort("number")


class ClosureAnswer(Answer):
    id = Id("The closure's id.")
    version = Whole("The version, also in the ETag.", 1)
    day = Day("The day.")
    name = Text("What it is.", "Founders' Day")


class ClosureBody(Body):
    day = Day("The day.", required=True)
    name = Text("What it is.", "Founders' Day", required=True, shortest=1, longest=120)


class ClosuresQuery(PageQuery):
    sort = Sort("day")
    since = Day("Only from this day on.", load_default=None)


@blp.operation("GET", "", answer=PolicyAnswer)
def get_policy() -> dict[str, Any]:
    """The policy in force."""
    with reading() as session:
        return queries.current(session, actor())


@blp.operation("PATCH", "", body=PolicyEditBody, answer=PolicyAnswer, problems=("policy_invalid",))
@edits
def edit_policy(body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Change settings; that makes a new version. Decisions of the past keep the version they were made under."""
    with writing() as work:
        commands.edit(work, body["changes"], reason=body["reason"], if_version=if_version)
        return queries.current(work.session, actor())


@blp.operation("POST", "/start", body=PolicyStartBody, answer=PolicyAnswer, problems=("policy_invalid",))
@edits
def start_policy(body: dict[str, Any], if_version: int | None) -> dict[str, Any]:
    """Go by a shipped profile from now on; the settings until now stay in their versions."""
    with writing() as work:
        commands.start(work, body["profile"], reason=body["reason"], if_version=if_version)
        return queries.current(work.session, actor())


@blp.operation("GET", "/versions", query=PolicyVersionQuery, answer=page_of(PolicyAnswer))
def list_policy_versions(query: dict[str, Any], page: PageRequest) -> Page[dict[str, Any]]:
    """All versions."""
    del query  # it has nothing but the page
    with reading() as session:
        return queries.versions(session, actor(), page)


@blp.operation("GET", "/versions/<int:number>", answer=PolicyAnswer)
def get_policy_version(number: int) -> dict[str, Any]:
    """One version, as a decision names it."""
    with reading() as session:
        return queries.version(session, actor(), number)


@blp.operation("GET", "/closures", query=ClosuresQuery, answer=page_of(ClosureAnswer))
def list_closures(query: dict[str, Any], page: PageRequest) -> Page[Closure]:
    """Days on which the utility is closed, beside weekends and public holidays."""
    with reading() as session:
        return queries.closures(session, actor(), page, since=query["since"])


@blp.operation("POST", "/closures", body=ClosureBody, answer=ClosureAnswer)
@creates("/policy/closures/{id}")
def add_closure(body: dict[str, Any]) -> Closure:
    """Close for a day: nothing is cut off on it or, by the policy, on its eve."""
    day: date = body["day"]
    with writing() as work:
        return commands.close(work, day, body["name"])


@blp.operation("DELETE", "/closures/<uuid:closure_id>")
@edits
def remove_closure(closure_id: UUID, if_version: int | None) -> Response:
    """Be open on that day after all."""
    with writing() as work:
        commands.reopen(work, closure_id, if_version=if_version)
    return Response(status=204)
