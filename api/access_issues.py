"""Access issues: what keeps technicians from meters, and the office's word on it."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, edits, page_of, reading, writing
from api.core.schemas import Flag, Id, Many, Moment, Text, Whole
from api.service_order_schemas import NULL
from curbstop.commands import access_issues as commands
from curbstop.domain.access_issues import AccessState
from curbstop.domain.outcomes import load_code_tables
from curbstop.queries import access_issues as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("access issues", "access_issues", url_prefix="/access-issues", description="What is in the way.")

STATES = [state.value for state in AccessState]
CATEGORIES = sorted(load_code_tables().access_categories)


class AccessIssueAnswer(Answer):
    id = Id("The access issue's id.")
    version = Whole("The version, also in the ETag.", 2)
    service_point_id = Id("Where it is.")
    service_point_number = Text("The service point's number.", "SP-000042")
    address = Text("The address.", "12 Main St")
    city = Text("The city.", "Millbrook", **NULL)
    category = Text("What is in the way.", "FOLIAGE", choices=CATEGORIES)
    state = Text("Where it stands.", "reported", choices=STATES)
    utility_fault = Flag("Whether it is ours to mend; then no letter is written.", False)
    occurrences = Whole("How often it was met.", 2)
    note = Text("What was said of it, a line each.", "Hedge is 3 ft high.", **NULL)
    photos = Whole("How many photos of it were taken.", 1)
    reported_by_id = Id("Who reported it first; null when the system did.", **NULL)
    reported_by_name = Text("Who reported it first, by name.", "Tess Okafor", **NULL)
    first_seen_at = Moment("When it was met first.")
    last_seen_at = Moment("When it was met last.")
    cleared_at = Moment("When it was found gone.", **NULL)
    created_at = Moment("When it was entered.")
    updated_at = Moment("When it was last changed.")


class AccessIssueNew(Body):
    service_point_id = Id("Where it is.", required=True)
    category = Text("What is in the way.", "FOLIAGE", required=True, choices=CATEGORIES)
    note = Text("What there is to say.", "Hedge is 3 ft high.", longest=4000, allow_none=True)


class TriageBody(Body):
    decision = Text(
        "`open`: the customer's to mend. `utility_fault`: ours. `dismiss`: nothing in it.",
        "open",
        required=True,
        choices=list(commands.DECISIONS),
    )


class AccessIssueQuery(PageQuery):
    sort = Sort("first_seen_at", "last_seen_at")
    state = Many(Text("A state.", "reported", choices=STATES), "Only in these states.", ["open"], load_default=list)
    category = Text("Only of this category.", "FOLIAGE", choices=CATEGORIES, load_default=None)
    service_point_id = Id("Only at this service point.", load_default=None)
    open = Flag("Only those that stand, or only those that ended.", True, load_default=None)


@blp.operation("GET", "", query=AccessIssueQuery, answer=page_of(AccessIssueAnswer))
def list_access_issues(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """Access issues with their places."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation("POST", "", body=AccessIssueNew, answer=AccessIssueAnswer, problems=("not_found",))
@creates("/access-issues/{id}")
def report_access_issue(body: dict[str, Any]) -> Row[Any]:
    """Report what is in the way.

    One that is open already at the place counts one more; the answer is then that one.
    """
    with writing() as work:
        issue = commands.report(work, **body)
        return queries.get(work.session, work.actor, issue.id)


@blp.operation("GET", "/<uuid:access_issue_id>", answer=AccessIssueAnswer)
def get_access_issue(access_issue_id: UUID) -> Row[Any]:
    """One access issue."""
    with reading() as session:
        return queries.get(session, actor(), access_issue_id)


@blp.operation(
    "POST",
    "/<uuid:access_issue_id>/triage",
    body=TriageBody,
    answer=AccessIssueAnswer,
    problems=("impossible_transition",),
)
@edits
def triage_access_issue(access_issue_id: UUID, body: dict[str, Any], if_version: int | None) -> Row[Any]:
    """Say what a reported issue is: the customer's to mend, ours, or nothing."""
    with writing() as work:
        commands.triage(work, access_issue_id, **body, if_version=if_version)
        return queries.get(work.session, work.actor, access_issue_id)
