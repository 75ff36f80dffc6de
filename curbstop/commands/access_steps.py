"""Takes an access issue one step on: the next state, the clock anew, and who did it, why and by which policy."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal, policies
from curbstop.commands.work import Work
from curbstop.domain import access_notices as rules
from curbstop.domain.access_issues import STAGE, AccessEvent, AccessState, step
from curbstop.domain.access_notices import Mail, Notice
from curbstop.models.access_issue import AccessIssue, AccessNotice, AccessStep
from curbstop.models.ids import new_id
from curbstop.models.letter import Letter

_MAIL = {
    "mailed": Mail.MAILED,
    "delivered": Mail.MAILED,
    "returned_undeliverable": Mail.RETURNED,
    "void": Mail.VOID,
}


def move(
    work: Work,
    issue: AccessIssue,
    event: AccessEvent,
    *,
    action: str,
    reason: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """The issue's next state with its clock, written down; Problem(`impossible_transition`)."""
    state = AccessState(issue.state)
    issue.state = step(state, event).value
    set_clock(work, issue)
    journal.changed(work, issue, action)
    note(work, issue, event.value, came_from=state.value, reason=reason, facts=facts)


def note(
    work: Work,
    issue: AccessIssue,
    event: str,
    *,
    came_from: str | None,
    reason: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """One line of the issue's history; also for what moves nothing."""
    due = {"due_on": issue.due_on.isoformat()} if issue.due_on is not None else {}
    row = AccessStep(
        id=new_id(),
        access_issue_id=issue.id,
        event=event,
        from_state=came_from,
        to_state=issue.state,
        at=work.at,
        by_id=(work.authority or work.actor).staff_id,
        reason=reason,
        policy_number=policies.in_force(work.session).number,
        facts={**due, **(facts or {})},
    )
    work.session.add(row)
    work.session.flush()


def set_clock(work: Work, issue: AccessIssue) -> None:
    """The issue's last day by its letters, and since when its clock stands still."""
    stage = STAGE.get(AccessState(issue.state))
    if stage is None:
        issue.due_on = issue.stopped_on = None
        return
    notices = notices_of(work, issue.id)
    issue.due_on = rules.deadline(notices, issue.round, stage)
    if not rules.came_back(notices, issue.round, stage):
        issue.stopped_on = None
    elif issue.stopped_on is None:
        issue.stopped_on = today(work)


def notices_of(work: Work, access_issue_id: UUID) -> list[Notice]:
    """The issue's letters as the rules see them; what was mailed out of turn counts for nothing."""
    rows = work.session.execute(
        select(AccessNotice, Letter.state)
        .join(Letter, Letter.id == AccessNotice.letter_id)
        .where(AccessNotice.access_issue_id == access_issue_id, AccessNotice.out_of_turn.is_(False))
        .order_by(AccessNotice.created_at, AccessNotice.id)
    )
    return [
        Notice(row.stage, row.round, _MAIL.get(state, Mail.WAITING), row.until, row.replaced) for row, state in rows
    ]


def today(work: Work) -> date:
    """The utility's own day."""
    return work.at.astimezone(work.settings.zone).date()
