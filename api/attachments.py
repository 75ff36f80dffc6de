"""Photos: a tablet brings their bytes, the office looks at them."""

from typing import Any, BinaryIO, cast
from uuid import UUID

from flask import request

from api.core import Answer, Blueprint, actor, reading, writing
from api.core.context import context
from api.core.schemas import Flag, Id, Text, Whole
from curbstop.commands import attachments, photo_files
from curbstop.models.attachment import Attachment
from curbstop.queries import tablets as queries

blp = Blueprint("attachments", "attachments", url_prefix="/sync/v1/attachments", description="The bytes of photos.")


class AttachmentAnswer(Answer):
    id = Id("The attachment's id.")
    stored = Flag("Whether the bytes are here.", True)
    sha256 = Text("What was declared.")
    size = Whole("Bytes, as declared.", 84_213)


@blp.operation(
    "PUT",
    "/<uuid:attachment_id>",
    problems=("tablet_required", "hash_mismatch", "too_large"),
    doc={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {}}, "image/*": {"schema": {}}},
        }
    },
)
def store_attachment(attachment_id: UUID) -> None:
    """The bytes of a photo that an attachment.declare op has announced; sending them again changes nothing."""
    with reading() as session:
        row = queries.attachment(session, actor(), attachment_id)
        wanted, size, stored = row.sha256, row.size, row.stored_at is not None
    if stored:
        return
    request.max_content_length = attachments.LARGEST
    photo_files.store(context().settings.files_dir, cast(BinaryIO, request.stream), sha256=wanted, size=size)
    with writing() as work:
        attachments.mark_stored(work, attachment_id)


@blp.operation("GET", "/<uuid:attachment_id>", answer=AttachmentAnswer, problems=("tablet_required",))
def get_attachment(attachment_id: UUID) -> dict[str, Any]:
    """Whether the bytes of a photo have arrived."""
    with reading() as session:
        return _facts(queries.attachment(session, actor(), attachment_id))


def _facts(row: Attachment) -> dict[str, Any]:
    return {"id": row.id, "stored": row.stored_at is not None, "sha256": row.sha256, "size": row.size}
