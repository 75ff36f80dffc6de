"""Photos and signatures: declared by an op before their bytes, stored when the bytes have come and agree."""

from datetime import datetime
from uuid import UUID

from curbstop.commands import journal
from curbstop.commands.field_notes import was_given
from curbstop.commands.holdings import held_once
from curbstop.commands.order_steps import reaches_other_technicians
from curbstop.commands.work import Work, get
from curbstop.domain.media_types import MEDIA_TYPES
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.access_issue import AccessIssue
from curbstop.models.attachment import Attachment, Thumbnail
from curbstop.models.service_order import ServiceOrder

LARGEST = 25 * 1024 * 1024


def declare(
    work: Work,
    attachment_id: UUID,
    *,
    order_id: UUID | None,
    access_issue_id: UUID | None,
    label: str,
    media_type: str,
    sha256: str,
    size: int,
    noted_at: datetime,
) -> Attachment:
    """Says that a photo was taken: the office then knows of it before a byte has arrived.

    The same declaration again is a no-op. Problems: forbidden, not_found (its owner), invalid, conflict (the id is
    taken by another photo).
    """
    require(work.actor, Action.FIELD_EVENTS)
    if (order_id is None) == (access_issue_id is None):
        raise Problem("invalid", "A photo belongs to a service order or to an access issue.")
    if media_type not in MEDIA_TYPES or not 0 < size <= LARGEST:
        raise Problem("invalid", f"A photo is one of {', '.join(sorted(MEDIA_TYPES))}, of at most {LARGEST} bytes.")
    _check_owner(work, order_id, access_issue_id)
    there = work.session.get(Attachment, attachment_id)
    if there is not None:
        if (there.sha256, there.size) != (sha256, size):
            raise Problem("conflict", "That attachment id belongs to another photo.")
        return there
    attachment = Attachment(
        id=attachment_id,
        order_id=order_id,
        access_issue_id=access_issue_id,
        tablet_id=work.actor.tablet_id,
        staff_id=work.actor.staff_id,
        label=label,
        media_type=media_type,
        sha256=sha256,
        size=size,
        noted_at=noted_at,
        created_at=work.at,
    )
    work.session.add(attachment)
    journal.changed(work, attachment, "declare")
    return attachment


def is_declared(work: Work, attachment_id: UUID) -> bool:
    """Whether a photo of that id is known already."""
    return work.session.get(Attachment, attachment_id) is not None


def _check_owner(work: Work, order_id: UUID | None, access_issue_id: UUID | None) -> None:
    """Raises Problem(not_in_scope) unless the order or the place was given to the actor: a photo holds up a posting."""
    decided = work.authority is not None
    if order_id is not None:
        order = get(work, ServiceOrder, order_id, lock=False)
        given = order.technician_id == work.actor.staff_id or held_once(work, order)
        given = given or reaches_other_technicians(work, order)
    else:
        assert access_issue_id is not None
        issue = get(work, AccessIssue, access_issue_id, lock=False)
        given = issue.reported_by_id == work.actor.staff_id or was_given(work, issue.service_point_id)
    if not (given or decided):
        raise Problem("not_in_scope", "That photo belongs to work that was not this technician's.")


def mark_stored(work: Work, attachment_id: UUID) -> Attachment:
    """The bytes are here and agree with the declaration; an order that waited for its photos may be posted now."""
    require(work.actor, Action.FIELD_EVENTS)
    attachment = get(work, Attachment, attachment_id)
    if attachment.stored_at is None:
        attachment.stored_at = work.at
        journal.changed(work, attachment, "store")
        if work.session.get(Thumbnail, attachment_id) is None:
            journal.enqueue(work, "attachment.stored", {"attachment_id": str(attachment_id)})
        if attachment.order_id is not None:
            journal.enqueue(work, "service_order.completed", {"order_id": str(attachment.order_id)})
    return attachment
