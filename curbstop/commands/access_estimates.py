"""Readings that are guessed while something is in the way: flagged, and after a few in a row somebody must decide."""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import access_steps, policies, readings, service_points, supervisor_tasks
from curbstop.commands.change_outs import installed, registers_of
from curbstop.commands.work import Work, get
from curbstop.domain.access_issues import AccessState, is_open
from curbstop.domain.actors import SYSTEM
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.domain.readings import ReadingKind, parse_reading
from curbstop.models.access_issue import AccessIssue
from curbstop.models.reading import Reading

FLAG: Final = "access_issue"
TASK: Final = "access_escalation_due"


def estimate(work: Work, access_issue_id: UUID, digits: Any, *, reason: str) -> Reading:
    """A guessed reading of the first register at the place, flagged. So many in a row open a supervisor's task.

    Problems: forbidden, not_found, impossible_transition (the issue has ended), no_meter_installed, reading_invalid.
    """
    if Grant.YES not in require(work.actor, Action.ENTER_READING_FOR_OTHER):
        raise Problem("forbidden", "A crew lead enters the crew's readings on their orders.")
    issue = get(work, AccessIssue, access_issue_id)
    if not is_open(AccessState(issue.state)):
        detail = "A reading is estimated for an access issue only while it is open."
        raise Problem("impossible_transition", detail, state=issue.state, event="estimate", possible=[])
    here = installed(work, issue.service_point_id)
    if here is None:
        raise Problem("no_meter_installed", "There is no meter here that the reading could belong to.")
    register = next(iter(registers_of(work, here[1].id).values()), None)
    if register is None:
        raise Problem("no_meter_installed", "The meter here has no register.")
    made = readings.record(
        work,
        register.id,
        value=parse_reading(digits, readings.facts_of(register)),
        kind=ReadingKind.ESTIMATED,
        source="access_issue",
        noted_at=work.at,
        service_point_id=issue.service_point_id,
        flags=[FLAG],
    )
    service_points.touch(work, [issue.service_point_id])
    in_a_row = _in_a_row(work, register.id)
    facts = {"reading_id": str(made.id), "in_a_row": in_a_row}
    access_steps.note(work, issue, "estimate", came_from=issue.state, reason=reason, facts=facts)
    if in_a_row == policies.in_force(work.session).policy.access.estimates:
        detail = f"{in_a_row} readings in a row were estimated because of what is in the way. The issue must escalate."
        said = {"access_issue_id": str(issue.id), "service_point_id": str(issue.service_point_id)}
        supervisor_tasks.open_task(replace(work, actor=SYSTEM, authority=None), TASK, detail=detail, facts=said)
    return made


def _in_a_row(work: Work, register_id: UUID) -> int:
    """How many of the newest readings of a register were guessed."""
    newest = select(Reading.kind).where(Reading.register_id == register_id, Reading.superseded_by_id.is_(None))
    kinds = work.session.scalars(newest.order_by(Reading.noted_at.desc(), Reading.id.desc()).limit(100)).all()
    guessed = [kind == ReadingKind.ESTIMATED for kind in kinds]
    return guessed.index(False) if False in guessed else len(guessed)
