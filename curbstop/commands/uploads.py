"""Uploads: that a photo's bytes are on their way, until when they may be, and that they came to an end."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select

from curbstop.blobs.parts import Parts
from curbstop.commands.work import Work, get
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.attachment import Attachment, Upload

EXPIRES_AFTER = timedelta(days=30)
# How long an upload that ran out is still called expired, and not unknown.
REMEMBERED = timedelta(days=30)


def create(work: Work, attachment_id: UUID, *, client_metadata: str) -> Upload:
    """An upload for a declared photo; the one that is there, if there is one that has not run out."""
    require(work.actor, Action.FIELD_EVENTS)
    # Locked, so that of two creations at once the second finds the first.
    get(work, Attachment, attachment_id)
    upload = work.session.get(Upload, attachment_id)
    if upload is not None and upload.expires_at > work.at:
        return upload
    if upload is None:
        upload = Upload(attachment_id=attachment_id)
        work.session.add(upload)
    upload.client_metadata = client_metadata
    upload.created_at, upload.expires_at = work.at, work.at + EXPIRES_AFTER
    work.session.flush()
    return upload


def terminate(work: Work, attachment_id: UUID) -> None:
    """The tablet gives an upload up; it may create it again. Problems: forbidden, conflict (the photo is stored)."""
    require(work.actor, Action.FIELD_EVENTS)
    if get(work, Attachment, attachment_id).stored_at is not None:
        raise Problem("conflict", "The photo has arrived and belongs to the office's records now.")
    work.session.execute(delete(Upload).where(Upload.attachment_id == attachment_id))


def forget_expired(work: Work) -> int:
    """The bytes of uploads that ran out, and what is known of those that ran out long ago; how many. For the clock."""
    ran_out = select(Upload.attachment_id).where(Upload.expires_at <= work.at)
    count = 0
    for attachment_id in work.session.scalars(ran_out):
        count += _forget_part(work, attachment_id)
    work.session.execute(delete(Upload).where(Upload.expires_at <= work.at - REMEMBERED))
    return count


def _forget_part(work: Work, attachment_id: UUID) -> int:
    parts = Parts(work.settings.parts_dir)
    if not parts.size(attachment_id):
        return 0
    try:
        with parts.hold(attachment_id, patience_s=0) as part:
            part.drop()
    except Problem:
        return 0  # somebody is writing to it at this moment; the next hour finds it
    return 1
