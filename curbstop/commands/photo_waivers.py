"""Waives a declared photo whose bytes will not come, because its tablet is lost: its order can then be posted."""

from uuid import UUID

from curbstop.commands import journal
from curbstop.commands.work import Work, get
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.attachment import Attachment


def waive(work: Work, attachment_id: UUID, *, reason: str) -> Attachment:
    """Nobody waits for these bytes any more; should they come after all, they are stored as ever.

    Waiving it again changes nothing. Problems: forbidden, not_found, conflict (its bytes are here).
    """
    require(work.actor, Action.WAIVE_PHOTO)
    photo = get(work, Attachment, attachment_id)
    if photo.waived_at is not None:
        return photo
    if photo.stored_at is not None:
        raise Problem("conflict", "That photo has arrived; there is nothing to waive.")
    photo.waived_at, photo.waived_by_id, photo.waive_reason = work.at, work.actor.staff_id, reason
    journal.changed(work, photo, "waive")
    if photo.order_id is not None:
        # An order that only waited for its photos may post itself now.
        journal.enqueue(work, "service_order.completed", {"order_id": str(photo.order_id)})
    return photo
