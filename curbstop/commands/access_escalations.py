"""What follows when no letter helped: two people of billing and field supervision choose, and both are recorded."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import access_steps, fees, journal, policies, service_orders, supervisor_tasks
from curbstop.commands.service_orders import NewOrder
from curbstop.commands.work import Work, check_version, get
from curbstop.domain import access_notices as rules
from curbstop.domain.access_issues import AccessEvent, AccessState
from curbstop.domain.access_remedies import REMEDIES, Remedy
from curbstop.domain.actors import SYSTEM
from curbstop.domain.permissions import Action, Role, require
from curbstop.domain.problems import Problem
from curbstop.models.access_issue import AccessIssue
from curbstop.models.fee import Fee
from curbstop.models.service_order import ServiceOrder
from curbstop.models.staff import Staff

QUOTE_TASK: Final = "relocation_quote"
FEE: Final = "field_visit"


def agree_to_final(work: Work, access_issue_id: UUID, *, reason: str, if_version: int | None = None) -> AccessIssue:
    """The first of two to say that the final notice may go; another of billing and supervision approves the letter.

    Problems: forbidden, not_found, version_mismatch, impossible_transition (it is not at its final notice).
    """
    require(work.actor, Action.ESCALATE_LETTER)
    issue = get(work, AccessIssue, access_issue_id)
    check_version(issue, if_version)
    state = AccessState(issue.state)
    at_final = state is AccessState.FINAL or (state is AccessState.RECHECK2 and issue.confirmed_at is not None)
    if not at_final:
        detail = f"An access issue that is {state.value} is not at its final notice."
        raise Problem("impossible_transition", detail, state=state.value, event="agree_to_final", possible=[])
    issue.final_agreed_by_id = work.actor.staff_id
    journal.changed(work, issue, "agree_to_final")
    access_steps.note(work, issue, "agree_to_final", came_from=issue.state, reason=reason)
    return issue


def propose(
    work: Work, access_issue_id: UUID, remedy: str, *, reason: str, if_version: int | None = None
) -> AccessIssue:
    """What one of billing and supervision would do about it; nothing happens before the other says yes.

    Problems: forbidden, not_found, version_mismatch, impossible_transition (three letters, and a visit that found it
    still there, come first).
    """
    require(work.actor, Action.ESCALATE_LETTER)
    issue = _load(work, access_issue_id, if_version)
    chosen = Remedy(remedy)
    issue.proposal = {
        "remedy": chosen.value, "reason": reason, "by_id": str(work.actor.staff_id), "at": work.at.isoformat(),
    }  # fmt: skip
    journal.changed(work, issue, "propose_remedy")
    facts = {"remedy": chosen.value}
    access_steps.note(work, issue, "propose_remedy", came_from=issue.state, reason=reason, facts=facts)
    return issue


def approve(work: Work, access_issue_id: UUID, *, if_version: int | None = None) -> AccessIssue:
    """The other of the two says yes: the issue is escalated, and what was proposed is done.

    Problems: forbidden, not_found, version_mismatch, conflict (nothing is proposed), four_eyes (the same person, or
    both of one department), fee_refused, and those of making the order.
    """
    require(work.actor, Action.ESCALATE_LETTER)
    issue = _load(work, access_issue_id, if_version)
    proposal = issue.proposal
    if proposal is None:
        raise Problem("conflict", "Nobody has proposed yet what to do about it.")
    proposer = get(work, Staff, UUID(proposal["by_id"]), lock=False)
    if proposer.id == work.actor.staff_id:
        raise Problem("four_eyes", "You proposed it; another of billing and field supervision says yes.")
    if not {Role.BIL, Role.SUP} <= set(work.actor.roles) | {Role(role) for role in proposer.roles}:
        raise Problem("four_eyes", "One of the two is of billing, the other a field supervisor.")
    remedy = Remedy(proposal["remedy"])
    issue.proposal = None
    facts = {"remedy": remedy.value, "proposed_by_id": proposal["by_id"]}
    if issue.state == AccessState.ESCALATED:
        journal.changed(work, issue, "choose_remedy")
        access_steps.note(work, issue, "choose_remedy", came_from=issue.state, reason=proposal["reason"], facts=facts)
    else:
        access_steps.move(work, issue, AccessEvent.ESCALATE, action="escalate", reason=proposal["reason"], facts=facts)
    _carry_out(work, issue, remedy, proposal["reason"])
    return issue


def close(work: Work, access_issue_id: UUID, *, reason: str, if_version: int | None = None) -> AccessIssue:
    """Ends an escalated issue that is not cleared, or a fault of ours. Problems: forbidden, impossible_transition."""
    require(work.actor, Action.ESCALATE_LETTER)
    issue = get(work, AccessIssue, access_issue_id)
    check_version(issue, if_version)
    access_steps.move(work, issue, AccessEvent.CLOSE, action="close", reason=reason)
    return issue


def _load(work: Work, access_issue_id: UUID, if_version: int | None) -> AccessIssue:
    issue = get(work, AccessIssue, access_issue_id)
    check_version(issue, if_version)
    rules.require_escalatable(
        AccessState(issue.state),
        access_steps.notices_of(work, issue),
        issue.round,
        confirmed=issue.confirmed_at is not None,
        today=access_steps.today(work),
    )
    return issue


def _carry_out(work: Work, issue: AccessIssue, remedy: Remedy, reason: str) -> None:
    code = REMEDIES[remedy].order_type
    if code is not None:
        made = service_orders.create(
            replace(work, actor=SYSTEM, authority=None),
            NewOrder(
                type_code=code,
                service_point_id=issue.service_point_id,
                instructions=reason,
                access_issue_id=issue.id,
                reason=reason,
                source="system",
                # Whoever releases it has its gates asked.
                draft=True,
            ),
        )
        facts = {"remedy": remedy.value, "order_id": str(made.id), "number": made.number}
        access_steps.note(work, issue, "remedy_ordered", came_from=issue.state, facts=facts)
    elif remedy is Remedy.QUOTE:
        detail = f"Quote the owner what it costs to move the meter. {reason}"
        facts = {"access_issue_id": str(issue.id), "service_point_id": str(issue.service_point_id)}
        supervisor_tasks.open_task(work, QUOTE_TASK, detail=detail, facts=facts)
    elif remedy is Remedy.FEE:
        _charge(work, issue)


def _charge(work: Work, issue: AccessIssue) -> None:
    """The policy's fee for a visit in vain, once for the newest visit."""
    policies.in_force(work.session).policy.fee_cents(FEE)
    visit = work.session.scalar(
        select(ServiceOrder)
        .where(ServiceOrder.access_issue_id == issue.id, ServiceOrder.completed_at.is_not(None))
        .order_by(ServiceOrder.completed_at.desc())
        .limit(1)
    )
    if visit is None:
        raise Problem("conflict", "Nobody has been there by an order of this issue yet.")
    if work.session.scalar(select(Fee.id).where(Fee.order_id == visit.id, Fee.kind == FEE).limit(1)) is not None:
        raise Problem("conflict", f"The fee for {visit.number} is charged already.")
    fees.attach(work, visit, FEE)
