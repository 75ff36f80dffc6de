"""Access issues: a sighting from the field or the office, what the office makes of it, and the check of it later."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal
from curbstop.commands.work import Work, check_version, get
from curbstop.domain import access_issues as rules
from curbstop.domain.access_issues import AccessEvent, AccessState
from curbstop.domain.outcomes import load_code_tables
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.access_issue import AccessIssue
from curbstop.models.ids import new_id
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint

# What the office may decide about a reported issue, and the event that each decision is.
DECISIONS: Final[dict[str, AccessEvent]] = {
    "open": AccessEvent.TRIAGE,
    "utility_fault": AccessEvent.FIND_UTILITY_FAULT,
    "dismiss": AccessEvent.DISMISS,
}


def report(
    work: Work,
    service_point_id: UUID,
    *,
    category: str,
    note: str | None = None,
    noted_at: datetime | None = None,
    access_issue_id: UUID | None = None,
    order_id: UUID | None = None,
) -> AccessIssue:
    """One sighting: counts on the issue of that category that is open here, or begins one.

    `access_issue_id` is the id that a tablet gave it; it is used only when a new issue begins, so look at the answer's.
    `order_id` is the visit that was kept from its meter; that order then leads to the issue.
    Problems: forbidden, not_found (service point), invalid (category), conflict (the id is another issue's).
    """
    require(work.actor, Action.REPORT_ACCESS_ISSUE)
    if category not in load_code_tables().access_categories:
        raise Problem("invalid", f"There is no access category {category!r}.", field="category")
    # The lock on the place makes two reports of one thing count on one issue.
    get(work, ServicePoint, service_point_id)
    fresh_id = _fresh_id(work, access_issue_id, service_point_id, category)
    issue = _latest(work, service_point_id, category)
    found = rules.report(
        category,
        state=AccessState(issue.state) if issue is not None else None,
        occurrences=issue.occurrences if issue is not None else 0,
        cleared_at=issue.cleared_at if issue is not None else None,
        at=work.at,
    )
    # A tablet's clock may run ahead; nothing was seen later than now.
    seen_at = min(noted_at or work.at, work.at)
    if issue is None or found.is_new:
        issue = AccessIssue(
            id=fresh_id,
            service_point_id=service_point_id,
            category=category,
            reported_by_id=work.actor.staff_id,
            first_seen_at=seen_at,
            last_seen_at=seen_at,
            created_at=work.at,
            version=1,
        )
        work.session.add(issue)
    issue.state, issue.occurrences = found.state.value, found.occurrences
    issue.utility_fault = found.state is AccessState.UTILITY_FAULT
    issue.last_seen_at, issue.cleared_at = max(issue.last_seen_at, seen_at), None
    issue.note = _joined(issue.note, note)
    journal.changed(work, issue, "report")
    if order_id is not None:
        _lead_to(work, order_id, issue)
    return issue


def triage(work: Work, access_issue_id: UUID, decision: str, *, if_version: int | None = None) -> AccessIssue:
    """The office's word on a reported issue: `open` (the customer's to mend), `utility_fault` (ours), `dismiss`.

    Problems: forbidden, not_found, version_mismatch, invalid (decision), impossible_transition.
    """
    require(work.actor, Action.TRIAGE_ACCESS_ISSUE)
    issue = get(work, AccessIssue, access_issue_id)
    check_version(issue, if_version)
    event = DECISIONS.get(decision)
    if event is None:
        raise Problem("invalid", f"A decision is one of {', '.join(DECISIONS)}.", field="decision")
    return _move(work, issue, event, "triage")


def recheck(work: Work, access_issue_id: UUID, *, still_there: bool) -> AccessIssue:
    """What a posted re-inspection found: cleared, or there still, which counts as the check of its stage.

    An issue that has ended meanwhile is left as it is.
    """
    require(work.actor, Action.REVIEW_ORDER)
    issue = get(work, AccessIssue, access_issue_id)
    if not rules.is_open(AccessState(issue.state)):
        return issue
    if still_there:
        issue.occurrences += 1
        issue.last_seen_at = work.at
    else:
        issue.cleared_at = work.at
    return _move(work, issue, AccessEvent.STILL_THERE if still_there else AccessEvent.CLEAR, "recheck")


def _move(work: Work, issue: AccessIssue, event: AccessEvent, action: str) -> AccessIssue:
    to = rules.step(AccessState(issue.state), event)
    issue.state = to.value
    if event in DECISIONS.values():
        issue.utility_fault = to is AccessState.UTILITY_FAULT
    journal.changed(work, issue, action)
    return issue


def _fresh_id(work: Work, given: UUID | None, service_point_id: UUID, category: str) -> UUID:
    """The id that a new issue would get: the tablet's, unless an earlier issue of this kind here has it."""
    there = work.session.get(AccessIssue, given) if given is not None else None
    if there is not None and (there.service_point_id, there.category) != (service_point_id, category):
        raise Problem("conflict", "That access issue id belongs to another issue.")
    return given if given is not None and there is None else new_id()


def _latest(work: Work, service_point_id: UUID, category: str) -> AccessIssue | None:
    """The newest issue of the category at the place: the only one that can be open."""
    return work.session.scalar(
        select(AccessIssue)
        .where(AccessIssue.service_point_id == service_point_id, AccessIssue.category == category)
        .order_by(AccessIssue.created_at.desc(), AccessIssue.id.desc())
        .limit(1)
        .with_for_update()
    )


def _joined(old: str | None, new: str | None) -> str | None:
    """Both notes, one a line; the same note again adds nothing."""
    if not new or (old and new in old.split("\n")):
        return old
    return f"{old}\n{new}" if old else new


def _lead_to(work: Work, order_id: UUID, issue: AccessIssue) -> None:
    order = get(work, ServiceOrder, order_id)
    if order.access_issue_id is None:
        order.access_issue_id = issue.id
        journal.changed(work, order, "access_issue")
