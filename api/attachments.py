"""Photos: a tablet asks whether their bytes are here, or brings small ones in one go; `uploads` resumes large ones."""

from typing import Any
from uuid import UUID

from api import incoming
from api.core import Answer, Blueprint, bodies, writing
from api.core.schemas import Flag, Id, Text, Whole
from curbstop.blobs import pictures
from curbstop.commands import thumbnails

blp = Blueprint("attachments", "attachments", url_prefix="/sync/v1/attachments", description="The bytes of photos.")


class AttachmentAnswer(Answer):
    id = Id("The attachment's id.")
    stored = Flag("Whether the bytes are here.", True)
    sha256 = Text("What was declared.")
    size = Whole("Bytes, as declared.", 84_213)


@blp.operation(
    "PUT",
    "/<uuid:attachment_id>",
    problems=("tablet_required", "hash_mismatch", "too_large", "upload_locked", "storage_full", "files_unreachable"),
    doc=incoming.BODY,
)
def store_attachment(attachment_id: UUID) -> None:
    """The bytes of a photo that an attachment.declare op has announced; sending them again changes nothing."""
    incoming.take(incoming.declared(attachment_id))


@blp.operation(
    "PUT",
    "/<uuid:attachment_id>/thumbnail",
    problems=("tablet_required", "invalid", "too_large", "bad_request", "unsupported_media_type"),
    doc={"requestBody": {"required": True, "content": {"image/*": {"schema": {}}}}},
)
def store_thumbnail(attachment_id: UUID) -> None:
    """A small picture of a declared photo, ahead of its bytes, so that the office sees what is coming."""
    photo = incoming.declared(attachment_id)
    content = bodies.read_bytes(pictures.LARGEST_BYTES)
    with writing() as work:
        thumbnails.bring(work, photo.id, content)


@blp.operation("GET", "/<uuid:attachment_id>", answer=AttachmentAnswer, problems=("tablet_required",))
def get_attachment(attachment_id: UUID) -> dict[str, Any]:
    """Whether the bytes of a photo have arrived."""
    photo = incoming.declared(attachment_id)
    return {"id": photo.id, "stored": photo.stored, "sha256": photo.sha256, "size": photo.size}
