"""Re-inspections of access issues: ordered once when the customer's time is over, or when they say that it is done."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import access_steps, journal, service_orders
from curbstop.commands.order_steps import load_type
from curbstop.commands.service_orders import NewOrder
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.access_issues import WAITS_FOR_CUSTOMER, AccessEvent, AccessState, is_open
from curbstop.domain.actors import SYSTEM
from curbstop.domain.outcomes import load_code_tables
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OPEN_STATES
from curbstop.models.access_issue import AccessIssue
from curbstop.models.service_order import ServiceOrder

CHECK: Final = "ACC_CHK"
REPAIR: Final = "BOX_RPR"


def order_check(
    work: Work, access_issue_id: UUID, *, reason: str, if_version: int | None = None
) -> tuple[AccessIssue, ServiceOrder]:
    """Somebody looks at once, because the customer says that it is done, or the last check came to nothing.

    A check that is under way already is the answer. One before the customer's time is over may clear, and takes none of
    that time away. Problems: forbidden, not_found, version_mismatch, impossible_transition (it ended, or is ours).
    """
    require(work.actor, Action.TRIAGE_ACCESS_ISSUE)
    issue = get(work, AccessIssue, access_issue_id)
    check_version(issue, if_version)
    state = AccessState(issue.state)
    if not is_open(state) or state is AccessState.UTILITY_FAULT:
        detail = f"An access issue that is {state.value} is not checked."
        raise Problem("impossible_transition", detail, state=state.value, event="order_check", possible=[])
    return issue, _order(work, issue, reason)


def order_due(work: Work, *, limit: int = 200) -> int:
    """A check for each issue whose customer's time is over, once; how many. By the clock."""
    due = (
        select(AccessIssue)
        .where(
            AccessIssue.state.in_([state.value for state in WAITS_FOR_CUSTOMER]),
            AccessIssue.due_on < access_steps.today(work),
        )
        .order_by(AccessIssue.due_on, AccessIssue.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = list(work.session.scalars(due))
    for issue in found:
        _order(work, issue, f"The customer had until {issue.due_on}.")
    return len(found)


def order_repair(work: Work, access_issue_id: UUID) -> ServiceOrder | None:
    """The repair of what is ours, once: one that is open at the place is enough. As the system.

    None when it is not ours any more, or this release knows no such repair yet; the list of triage then says so.
    """
    issue = get(work, AccessIssue, access_issue_id)
    if issue.state != AccessState.UTILITY_FAULT or not load_type(work, REPAIR).built:
        return None
    there = _open(work, issue.service_point_id, REPAIR)
    if there is not None:
        return there
    return _make(work, issue, REPAIR, "Ours to mend.")


def _order(work: Work, issue: AccessIssue, reason: str) -> ServiceOrder:
    order = _open(work, issue.service_point_id, CHECK, issue.id)
    if order is None:
        order = _make(work, issue, CHECK, reason)
    issue.check_order_id = order.id
    facts = {"order_id": str(order.id), "number": order.number}
    if AccessState(issue.state) in WAITS_FOR_CUSTOMER:
        access_steps.move(work, issue, AccessEvent.ORDER_CHECK, action="order_check", reason=reason, facts=facts)
    else:
        journal.changed(work, issue, "order_check")
        access_steps.note(work, issue, "order_check", came_from=issue.state, reason=reason, facts=facts)
    return order


def _open(work: Work, service_point_id: UUID, code: str, issue_id: UUID | None = None) -> ServiceOrder | None:
    here = select(ServiceOrder).where(
        ServiceOrder.service_point_id == service_point_id,
        ServiceOrder.type_code == code,
        ServiceOrder.state.in_(OPEN_STATES),
    )
    if issue_id is not None:
        here = here.where(ServiceOrder.access_issue_id == issue_id)
    return work.session.scalar(here.order_by(ServiceOrder.created_at).limit(1))


def _make(work: Work, issue: AccessIssue, code: str, reason: str) -> ServiceOrder:
    """As the system: a consequence of the policy, whoever sets it off. Two hedges at one place are two checks."""
    label = load_code_tables().access_categories[issue.category].label
    return service_orders.create(
        replace(work, actor=SYSTEM, authority=None),
        NewOrder(
            type_code=code,
            service_point_id=issue.service_point_id,
            instructions=f"{label}: is it still there? Take a photo of the meter box." if code == CHECK else label,
            access_issue_id=issue.id,
            override_duplicate=True,
            reason=reason,
            source="system",
        ),
    )
