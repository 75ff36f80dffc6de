"""Access issues: a sighting from the field or the office, what the office makes of it, and the check of it later."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import access_steps, journal, letters, policies, supervisor_tasks
from curbstop.commands.work import Work, check_version, get
from curbstop.domain import access_issues as rules
from curbstop.domain import access_notices
from curbstop.domain.access_issues import AccessEvent, AccessState
from curbstop.domain.letters import LetterState
from curbstop.domain.outcomes import load_code_tables
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.access_issue import AccessIssue, AccessNotice
from curbstop.models.attachment import Attachment
from curbstop.models.ids import new_id
from curbstop.models.letter import Letter
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint

# A fault of ours asks for its repair.
UTILITY_FAULT: Final = "access_issue.utility_fault"
TRIES_TASK: Final = "fruitless_tries"
UNPROVEN_TASK: Final = "clearance_unproven"
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
    before = issue.state if issue is not None else None
    found = rules.report(
        category,
        state=AccessState(before) if before is not None else None,
        occurrences=issue.occurrences if issue is not None else 0,
        cleared_at=issue.cleared_at if issue is not None else None,
        at=work.at,
        reopen_days=policies.in_force(work.session).policy.access.reopen_days,
        noticed=issue is not None and access_notices.was_noticed(access_steps.notices_of(work, issue)),
    )
    # A tablet's clock may run ahead; nothing was seen later than now.
    seen_at = min(noted_at or work.at, work.at)
    if issue is None or found.is_new:
        before = None
        issue = AccessIssue(
            id=fresh_id,
            service_point_id=service_point_id,
            category=category,
            reported_by_id=work.actor.staff_id,
            first_seen_at=seen_at,
            last_seen_at=seen_at,
            created_at=work.at,
            round=1,
            version=1,
        )
        work.session.add(issue)
    if before == AccessState.CLEARED:
        _begin_round(issue)
    issue.state, issue.occurrences = found.state.value, found.occurrences
    issue.utility_fault = found.state is AccessState.UTILITY_FAULT
    issue.last_seen_at, issue.cleared_at = max(issue.last_seen_at, seen_at), None
    issue.note = _joined(issue.note, note)
    journal.changed(work, issue, "report")
    reopened = before == AccessState.CLEARED
    access_steps.note(work, issue, "reopen" if reopened else "report", came_from=before, facts=_order(order_id))
    if issue.utility_fault and before != AccessState.UTILITY_FAULT:
        journal.enqueue(work, UTILITY_FAULT, {"access_issue_id": str(issue.id)})
    if order_id is not None:
        _lead_to(work, order_id, issue)
    return issue


def report_tries(work: Work, order: ServiceOrder) -> None:
    """An order was fruitless for the third time: the place becomes an issue of what kept it; else a supervisor looks.

    A consequence of sending somebody again, whoever does that.
    """
    if order.access_issue_id is not None:
        issue = get(work, AccessIssue, order.access_issue_id)
        facts = {"attempt_no": order.attempt_no, "order_id": str(order.id)}
        access_steps.note(work, issue, "fruitless_tries", came_from=issue.state, facts=facts)
        return
    detail = f"{order.number} was tried {order.attempt_no - 1} times in vain, and nothing is said to be in the way."
    supervisor_tasks.open_task(work, TRIES_TASK, detail=detail, order_id=order.id)


def triage(
    work: Work, access_issue_id: UUID, decision: str, *, reason: str | None = None, if_version: int | None = None
) -> AccessIssue:
    """The office's word on a reported issue: `open` (the customer's to mend), `utility_fault` (ours), `dismiss`.

    Problems: forbidden, not_found, version_mismatch, invalid (decision), impossible_transition.
    """
    require(work.actor, Action.TRIAGE_ACCESS_ISSUE)
    issue = get(work, AccessIssue, access_issue_id)
    check_version(issue, if_version)
    event = DECISIONS.get(decision)
    if event is None:
        raise Problem("invalid", f"A decision is one of {', '.join(DECISIONS)}.", field="decision")
    issue.utility_fault = event is AccessEvent.FIND_UTILITY_FAULT
    access_steps.move(work, issue, event, action="triage", reason=reason)
    if issue.utility_fault:
        journal.enqueue(work, UTILITY_FAULT, {"access_issue_id": str(issue.id)})
    return issue


def recheck(work: Work, access_issue_id: UUID, *, still_there: bool, order_id: UUID | None = None) -> AccessIssue:
    """What a posted visit found: cleared, or there still, which after the deadline is the check of its stage.

    An issue that has ended meanwhile is left as it is. It is cleared by a photo of the visit, or of any order of the
    issue; without one it stays, and a supervisor looks. What the utility mends itself needs none.
    """
    require(work.actor, Action.REVIEW_ORDER)
    issue = get(work, AccessIssue, access_issue_id)
    state = AccessState(issue.state)
    if not rules.is_open(state):
        return issue
    if still_there:
        return _still_there(work, issue, state, order_id)
    if state is not AccessState.UTILITY_FAULT and not _has_photo(work, issue, order_id):
        detail = "An access issue was found cleared, without a photo that shows it. Send somebody again, or look."
        facts = {"access_issue_id": str(issue.id), "service_point_id": str(issue.service_point_id)}
        supervisor_tasks.open_task(work, UNPROVEN_TASK, detail=detail, order_id=order_id, facts=facts)
        access_steps.note(work, issue, "clear_unproven", came_from=issue.state, facts=_order(order_id))
        return issue
    issue.cleared_at, issue.proposal, issue.confirmed_at = work.at, None, None
    access_steps.move(work, issue, AccessEvent.CLEAR, action="recheck", facts=_order(order_id))
    _void_unsent(work, issue)
    return issue


def _still_there(work: Work, issue: AccessIssue, state: AccessState, order_id: UUID | None) -> AccessIssue:
    passed = access_notices.has_passed(issue.due_on, access_steps.today(work))
    event = access_notices.event_of_check(state, passed=passed)
    issue.occurrences += 1
    issue.last_seen_at = work.at
    if passed:
        issue.confirmed_at = work.at
    access_steps.move(work, issue, event, action="recheck", facts=_order(order_id))
    return issue


def _has_photo(work: Work, issue: AccessIssue, order_id: UUID | None) -> bool:
    """A waived photo never came; one that is still on its way holds the posting back already."""
    owner = (
        Attachment.order_id == order_id
        if order_id is not None
        else Attachment.order_id.in_(select(ServiceOrder.id).where(ServiceOrder.access_issue_id == issue.id))
    )
    there = select(Attachment.id).where(owner, Attachment.stored_at.is_not(None)).limit(1)
    return work.session.scalar(there) is not None


def _void_unsent(work: Work, issue: AccessIssue) -> None:
    """Nobody is written to about what is gone; a letter that is at the printer's already goes out."""
    unsent = (
        select(Letter.id)
        .join(AccessNotice, AccessNotice.letter_id == Letter.id)
        .where(
            AccessNotice.access_issue_id == issue.id,
            Letter.state.in_([LetterState.DRAFT.value, LetterState.APPROVED.value]),
        )
    )
    for letter_id in work.session.scalars(unsent.order_by(Letter.id)).all():
        letters.void(work, letter_id, reason="The access issue was cleared.")


def _begin_round(issue: AccessIssue) -> None:
    issue.round += 1
    issue.due_on = issue.stopped_on = issue.confirmed_at = None
    issue.check_order_id = issue.final_agreed_by_id = issue.proposal = None


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


def _order(order_id: UUID | None) -> dict[str, str]:
    return {"order_id": str(order_id)} if order_id is not None else {}


def _lead_to(work: Work, order_id: UUID, issue: AccessIssue) -> None:
    order = get(work, ServiceOrder, order_id)
    if order.access_issue_id is None:
        order.access_issue_id = issue.id
        journal.changed(work, order, "access_issue")
