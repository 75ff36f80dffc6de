"""Takes access issues one step on: the next state, the clock anew, and who did it, why and by which policy."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal, policies
from curbstop.commands.work import Work
from curbstop.domain import access_notices as rules
from curbstop.domain.access_issues import STAGE, AccessEvent, AccessState, step
from curbstop.domain.access_notices import Mail, Notice
from curbstop.models.access_issue import AccessIssue, AccessNotice, AccessStep
from curbstop.models.among import among
from curbstop.models.ids import new_id
from curbstop.models.letter import Letter

_MAIL = {
    "mailed": Mail.MAILED,
    "delivered": Mail.MAILED,
    "returned_undeliverable": Mail.RETURNED,
    "void": Mail.VOID,
}


class Steps:
    """Steps of several issues that are written down together: a fixed number of statements for any number of them.

    The issues are locked by the caller. What is altered of their notices before `write` counts already.
    """

    def __init__(self, work: Work, issues: Sequence[AccessIssue]) -> None:
        self._work = work
        self._ids = {issue.id for issue in issues}
        self._number = policies.in_force(work.session).number
        self._changed: dict[UUID, tuple[str, AccessIssue]] = {}
        self._lines: list[AccessStep] = []

    @cached_property
    def notices(self) -> Mapping[UUID, list[tuple[AccessNotice, Letter]]]:
        """Each issue's notices with their letters, in the order in which they were written."""
        rows = self._work.session.execute(
            select(AccessNotice, Letter)
            .join(Letter, Letter.id == AccessNotice.letter_id)
            .where(among(self._work.session, AccessNotice.access_issue_id, self._ids))
            .order_by(AccessNotice.created_at, AccessNotice.id)
        )
        found: dict[UUID, list[tuple[AccessNotice, Letter]]] = defaultdict(list)
        for notice, letter in rows:
            found[notice.access_issue_id].append((notice, letter))
        return found

    def move(
        self,
        issue: AccessIssue,
        event: AccessEvent,
        *,
        action: str,
        reason: str | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """The issue's next state with its clock; Problem(`impossible_transition`)."""
        state = AccessState(issue.state)
        issue.state = step(state, event).value
        self.set_clock(issue)
        self.change(issue, action)
        self.note(issue, event.value, came_from=state.value, reason=reason, facts=facts)

    def change(self, issue: AccessIssue, action: str) -> None:
        """The issue is altered; it gets one version more, whatever else happens to it here."""
        self._changed.setdefault(issue.id, (action, issue))

    def note(
        self,
        issue: AccessIssue,
        event: str,
        *,
        came_from: str | None,
        reason: str | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """One line of the issue's history; also for what moves nothing."""
        due = {"due_on": issue.due_on.isoformat()} if issue.due_on is not None else {}
        line = AccessStep(
            id=new_id(),
            access_issue_id=issue.id,
            event=event,
            from_state=came_from,
            to_state=issue.state,
            at=self._work.at,
            by_id=(self._work.authority or self._work.actor).staff_id,
            reason=reason,
            policy_number=self._number,
            facts={**due, **(facts or {})},
        )
        self._lines.append(line)

    def set_clock(self, issue: AccessIssue) -> None:
        """The issue's last day by its letters, and since when its clock stands still."""
        stage = STAGE.get(AccessState(issue.state))
        if stage is None:
            issue.due_on = issue.stopped_on = None
            return
        known = _as_rules(self.notices.get(issue.id, []))
        issue.due_on = rules.deadline(known, issue.round, stage)
        if not rules.came_back(known, issue.round, stage):
            issue.stopped_on = None
        elif issue.stopped_on is None:
            issue.stopped_on = today(self._work)

    def write(self) -> None:
        """Into the database, the issues by what happened to them."""
        by_action: dict[str, list[AccessIssue]] = defaultdict(list)
        for action, issue in self._changed.values():
            by_action[action].append(issue)
        for action, issues in by_action.items():
            journal.changed_many(self._work, issues, action)
        self._work.session.add_all(self._lines)
        self._work.session.flush()


def move(
    work: Work,
    issue: AccessIssue,
    event: AccessEvent,
    *,
    action: str,
    reason: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """One issue's next state with its clock, written down; Problem(`impossible_transition`)."""
    steps = Steps(work, [issue])
    steps.move(issue, event, action=action, reason=reason, facts=facts)
    steps.write()


def note(
    work: Work,
    issue: AccessIssue,
    event: str,
    *,
    came_from: str | None,
    reason: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """One line of one issue's history."""
    steps = Steps(work, [issue])
    steps.note(issue, event, came_from=came_from, reason=reason, facts=facts)
    steps.write()


def notices_of(work: Work, issue: AccessIssue) -> list[Notice]:
    """The issue's letters as the rules see them; what was mailed out of turn counts for nothing."""
    return _as_rules(Steps(work, [issue]).notices.get(issue.id, []))


def _as_rules(notices: Sequence[tuple[AccessNotice, Letter]]) -> list[Notice]:
    return [
        Notice(notice.stage, notice.round, _MAIL.get(letter.state, Mail.WAITING), notice.until, notice.replaced)
        for notice, letter in notices
        if not notice.out_of_turn
    ]


def today(work: Work) -> date:
    """The utility's own day."""
    return work.at.astimezone(work.settings.zone).date()
