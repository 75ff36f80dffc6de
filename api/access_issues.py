"""Access issues: what keeps technicians from meters, the letters about it, and how it ends."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response

from api.access_issue_schemas import (
    AccessEstimateAnswer,
    AccessEstimateBody,
    AccessIssueAnswer,
    AccessIssueNew,
    AccessIssueQuery,
    AccessLettersBody,
    AccessProposalBody,
    AccessReasonBody,
    AccessSendAgainBody,
    AccessStoryAnswer,
    TriageBody,
)
from api.core import Blueprint, actor, creates, edits, page_of, reading, writing
from api.core.context import context
from curbstop.commands import access_checks as checks
from curbstop.commands import access_escalations as escalations
from curbstop.commands import access_estimates as estimates
from curbstop.commands import access_issues as commands
from curbstop.commands import access_letters as letters
from curbstop.commands.work import Work
from curbstop.domain.letters import Recipient
from curbstop.files.open_access_issues import COLUMNS, cells
from curbstop.models.reading import Reading
from curbstop.queries import access_issues as queries
from curbstop.queries import access_stories as stories
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("access issues", "access_issues", url_prefix="/access-issues", description="What is in the way.")

Told = dict[str, Any]
STEP = ("impossible_transition",)
ROWS_AT_ONCE = 200


def _now() -> queries.Today:
    return queries.now(context().settings.zone)


def _told(work: Work, access_issue_id: UUID) -> Told:
    return queries.get(work.session, work.actor, access_issue_id, _now())


@blp.operation("GET", "", query=AccessIssueQuery, answer=page_of(AccessIssueAnswer))
def list_access_issues(query: dict[str, Any], page: PageRequest) -> Page[dict[str, Any]]:
    """Access issues with their places, ages, clocks and next steps: the list for triage."""
    with reading() as session:
        return queries.find(session, actor(), page, _now(), **query)


@blp.operation("POST", "", body=AccessIssueNew, answer=AccessIssueAnswer, problems=("not_found",))
@creates("/access-issues/{id}")
def report_access_issue(body: dict[str, Any]) -> Told:
    """Report what is in the way.

    One that is open already at the place counts one more; the answer is then that one.
    """
    with writing() as work:
        issue = commands.report(work, **body)
        return _told(work, issue.id)


@blp.operation("GET", "/<uuid:access_issue_id>", answer=AccessIssueAnswer)
def get_access_issue(access_issue_id: UUID) -> Told:
    """One access issue."""
    with reading() as session:
        return queries.get(session, actor(), access_issue_id, _now())


@blp.operation(
    "POST",
    "/<uuid:access_issue_id>/triage",
    body=TriageBody,
    answer=AccessIssueAnswer,
    problems=("impossible_transition",),
)
@edits
def triage_access_issue(access_issue_id: UUID, body: dict[str, Any], if_version: int | None) -> Told:
    """Say what a reported issue is: the customer's to mend, ours, or nothing."""
    with writing() as work:
        commands.triage(work, access_issue_id, **body, if_version=if_version)
        return _told(work, access_issue_id)


@blp.operation(
    "GET",
    "/spreadsheet",
    status=200,
    doc={"responses": {"200": {"description": "The open issues as CSV.", "content": {"text/csv": {}}}}},
)
def download_open_access_issues() -> Response:
    """The open issues as a CSV file in UTF-8, oldest first."""
    found, stack = context(), ExitStack()
    try:
        session = stack.enter_context(found.sessions.read())
        rows = queries.open_by_age(session, actor(), _now())
    except BaseException:
        stack.close()
        raise
    response = Response(_lines(rows, found.settings.zone), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="open-access-issues.csv"'
    response.call_on_close(stack.close)
    return response


@blp.operation("GET", "/<uuid:access_issue_id>/story", answer=AccessStoryAnswer)
def get_access_issue_story(access_issue_id: UUID) -> Told:
    """All that happened: steps, letters, orders, photos, contacts, and what comes next."""
    with reading() as session:
        return stories.story(session, actor(), access_issue_id, _now())


def _do(access_issue_id: UUID, command: Any, **said: Any) -> Told:
    with writing() as work:
        command(work, access_issue_id, **said)
        return _told(work, access_issue_id)


@blp.operation(
    "POST",
    "/<uuid:access_issue_id>/letters",
    body=AccessLettersBody,
    answer=AccessIssueAnswer,
    problems=(*STEP, "conflict", "invalid"),
)
@edits
def write_access_letters(access_issue_id: UUID, body: Told, if_version: int | None) -> Told:
    """Draft the next letter to occupant and owner; approve and mail them under `/letters`."""
    return _do(access_issue_id, letters.write, **body, if_version=if_version)


@blp.operation(
    "POST",
    "/<uuid:access_issue_id>/letters/again",
    body=AccessSendAgainBody,
    answer=AccessIssueAnswer,
    problems=(*STEP, "conflict", "invalid"),
)
@edits
def send_access_letter_again(access_issue_id: UUID, body: Told, if_version: int | None) -> Told:
    """Draft a letter anew that came back: to a corrected address, or to the owner of record."""
    to = Recipient(body["recipient"]) if body["recipient"] else None
    return _do(access_issue_id, letters.send_again, **{**body, "recipient": to}, if_version=if_version)


@blp.operation("POST", "/<uuid:access_issue_id>/checks", body=AccessReasonBody, answer=AccessIssueAnswer, problems=STEP)
@edits
def order_access_check(access_issue_id: UUID, body: Told, if_version: int | None) -> Told:
    """Send somebody to look now, because the customer says that it is done."""
    return _do(access_issue_id, checks.order_check, **body, if_version=if_version)


@blp.operation(
    "POST", "/<uuid:access_issue_id>/final-agreement", body=AccessReasonBody, answer=AccessIssueAnswer, problems=STEP
)
@edits
def agree_to_final_notice(access_issue_id: UUID, body: Told, if_version: int | None) -> Told:
    """The first of two who let the final notice go; the other approves its letter."""
    return _do(access_issue_id, escalations.agree_to_final, **body, if_version=if_version)


@blp.operation(
    "POST", "/<uuid:access_issue_id>/escalation", body=AccessProposalBody, answer=AccessIssueAnswer, problems=STEP
)
@edits
def propose_access_remedy(access_issue_id: UUID, body: Told, if_version: int | None) -> Told:
    """Propose what is done after three letters; somebody else says yes."""
    return _do(access_issue_id, escalations.propose, **body, if_version=if_version)


@blp.operation(
    "POST",
    "/<uuid:access_issue_id>/escalation/approval",
    answer=AccessIssueAnswer,
    problems=(*STEP, "conflict", "four_eyes", "fee_refused", "order_type_inactive", "duplicate_open_order"),
)
@edits
def approve_access_remedy(access_issue_id: UUID, if_version: int | None) -> Told:
    """Say yes to what another proposed: it is done, and the issue is escalated."""
    return _do(access_issue_id, escalations.approve, if_version=if_version)


@blp.operation("POST", "/<uuid:access_issue_id>/close", body=AccessReasonBody, answer=AccessIssueAnswer, problems=STEP)
@edits
def close_access_issue(access_issue_id: UUID, body: Told, if_version: int | None) -> Told:
    """End an escalated issue, or a fault of ours, that is not cleared."""
    return _do(access_issue_id, escalations.close, **body, if_version=if_version)


@blp.operation(
    "POST",
    "/<uuid:access_issue_id>/estimates",
    body=AccessEstimateBody,
    answer=AccessEstimateAnswer,
    problems=(*STEP, "no_meter_installed", "reading_invalid"),
)
def estimate_reading(access_issue_id: UUID, body: Told) -> Reading:
    """Guess a reading while the meter cannot be reached; it is flagged."""
    with writing() as work:
        return estimates.estimate(work, access_issue_id, body["value"], reason=body["reason"])


def _lines(rows: Iterator[Told], zone: ZoneInfo) -> Iterator[str]:
    # The mark tells spreadsheets that it is UTF-8.
    yield "\ufeff" + _csv([COLUMNS])
    while part := list(islice(rows, ROWS_AT_ONCE)):
        yield _csv(cells(row, zone) for row in part)


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
