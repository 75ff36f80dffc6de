"""Whether work at an owner's cost was announced in a final notice, and its deadline has passed."""

from uuid import UUID

from curbstop.commands.work import Work
from curbstop.domain.access_issues import AccessState
from curbstop.domain.order_types import OrderType
from curbstop.domain.problems import Problem
from curbstop.models.access_issue import AccessIssue


def check(work: Work, order_type: OrderType, access_issue_id: UUID | None, *, at: UUID) -> None:
    """Problem(`invalid`) for an order that bills costs without the place's access issue that was escalated."""
    if not any(call.effect == "bill_costs" for call in order_type.effects):
        return
    issue = work.session.get(AccessIssue, access_issue_id) if access_issue_id is not None else None
    if issue is None or issue.service_point_id != at or issue.state != AccessState.ESCALATED:
        detail = f"{order_type.code} needs the access issue here whose final notice has run out."
        raise Problem("invalid", detail, field="access_issue_id")
