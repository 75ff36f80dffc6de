"""Thumbnails: a tablet's own, ahead of the photo, or one that is made when the photo has come without one."""

from uuid import UUID

from curbstop.blobs import blobs_of, pictures
from curbstop.commands.work import Work, get
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.attachment import Attachment, Thumbnail
from curbstop.models.engine import Sessions
from curbstop.settings import Settings


def bring(work: Work, attachment_id: UUID, content: bytes) -> Thumbnail:
    """What the tablet shows itself; again, or after one that was made here, it replaces that. Problem(`invalid`)."""
    require(work.actor, Action.FIELD_EVENTS)
    kind = pictures.check_thumbnail(content)
    get(work, Attachment, attachment_id)
    row = work.session.get(Thumbnail, attachment_id)
    if row is None:
        row = Thumbnail(attachment_id=attachment_id)
        work.session.add(row)
    row.content, row.media_type, row.made_by, row.created_at = content, kind, "tablet", work.at
    work.session.flush()
    return row


def draw(sessions: Sessions, settings: Settings, attachment_id: UUID) -> bytes | None:
    """A thumbnail of a stored photo that has none; None when there is one, or none can be made.

    Outside any transaction: decoding a photo takes a moment, and on the embedded database nobody could write meanwhile.
    """
    with sessions.read() as session:
        photo = session.get(Attachment, attachment_id)
        if photo is None or photo.stored_at is None or session.get(Thumbnail, attachment_id) is not None:
            return None
        sha256, declared = photo.sha256, photo.media_type
    try:
        pieces = blobs_of(settings).read(sha256)
    except Problem as problem:
        if problem.code != "not_found":
            raise  # the store is away: the job is tried again
        return None
    return pictures.make_thumbnail(pieces, declared)


def keep(work: Work, attachment_id: UUID, content: bytes | None) -> None:
    """Keeps what was drawn, unless the tablet's own came meanwhile."""
    get(work, Attachment, attachment_id)
    if content is None or work.session.get(Thumbnail, attachment_id) is not None:
        return
    row = Thumbnail(attachment_id=attachment_id, media_type="image/jpeg", content=content, made_by="server")
    row.created_at = work.at
    work.session.add(row)
    work.session.flush()
