"""Notes what was mended at a place, and that what was in the way there is so no longer."""

from dataclasses import replace
from decimal import Decimal

from sqlalchemy import select

from curbstop.commands import access_issues, journal
from curbstop.commands.change_outs import moment
from curbstop.commands.follow_ups import found_in_words
from curbstop.commands.order_steps import type_of
from curbstop.commands.work import Work
from curbstop.domain.access_issues import AccessState
from curbstop.domain.actors import SYSTEM
from curbstop.models.access_issue import AccessIssue
from curbstop.models.asset_note import AssetNote
from curbstop.models.ids import new_id
from curbstop.models.service_order import ServiceOrder


def write(work: Work, order: ServiceOrder) -> AssetNote:
    """The repair's note. The order's own access issue is cleared, and those at the place that were the utility's."""
    hours = order.captures.get("hours")
    note = AssetNote(
        id=new_id(),
        service_point_id=order.service_point_id,
        order_id=order.id,
        note=found_in_words(order, type_of(work, order)),
        hours=Decimal(str(hours)) if hours is not None else None,
        done_at=moment(work, order),
        recorded_at=work.at,
    )
    work.session.add(note)
    work.session.flush()
    journal.audit(work, "write", "asset_note", note.id, after={"order_id": str(order.id)})
    ours = select(AccessIssue.id).where(
        AccessIssue.service_point_id == order.service_point_id,
        (AccessIssue.state == AccessState.UTILITY_FAULT.value) | (AccessIssue.id == order.access_issue_id),
    )
    system = replace(work, actor=SYSTEM, authority=None)
    for issue_id in work.session.scalars(ours.order_by(AccessIssue.id)).all():
        access_issues.recheck(system, issue_id, still_there=False)
    return note
