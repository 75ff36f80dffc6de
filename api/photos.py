"""Photos: what a tablet said it took, and the bytes once they are here."""

from typing import Any
from uuid import UUID

from flask import Response, send_file
from sqlalchemy import Row

from api.core import Blueprint, actor, reading, writing
from api.core.context import context
from api.service_order_schemas import PhotoAnswer
from api.service_orders import ReasonBody
from curbstop.commands import photo_files, photo_waivers
from curbstop.domain.problems import Problem
from curbstop.queries import attachments as queries

blp = Blueprint("photos", "photos", url_prefix="/attachments", description="Photos.")

# What a browser may show in its page, with the ending of its file; everything else it saves.
SHOWN = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
SAVED = {"image/heic": ".heic", "application/pdf": ".pdf"}
_BYTES = {
    "200": {
        "description": "The bytes, as they were declared.",
        "headers": {
            "Content-Disposition": {"description": "inline or attachment, with a name.", "schema": {"type": "string"}}
        },
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in (*SHOWN, *SAVED)},
    }
}


@blp.operation("GET", "/<uuid:attachment_id>", answer=PhotoAnswer)
def get_photo(attachment_id: UUID) -> Row[Any]:
    """A photo as it was declared, and whether its bytes are here."""
    with reading() as session:
        return queries.get(session, actor(), attachment_id)


@blp.operation("POST", "/<uuid:attachment_id>/waive", body=ReasonBody, answer=PhotoAnswer, problems=("conflict",))
def waive_photo(attachment_id: UUID, body: dict[str, Any]) -> Row[Any]:
    """Wait no longer for a photo whose tablet is lost, so that its order can be posted.

    Doing so again changes nothing; bytes that come after all are stored.
    """
    with writing() as work:
        photo_waivers.waive(work, attachment_id, **body)
        return queries.get(work.session, actor(), attachment_id)


@blp.operation("GET", "/<uuid:attachment_id>/content", status=200, doc={"responses": _BYTES})
def get_photo_content(attachment_id: UUID) -> Response:
    """A photo's bytes; `not_found` while they have not arrived."""
    with reading() as session:
        found = queries.get(session, actor(), attachment_id)
    path = photo_files.path_of(context().settings.files_dir, found.sha256)
    endings = {**SHOWN, **SAVED}
    if not found.stored or found.media_type not in endings or not path.is_file():
        raise Problem("not_found", "The photo was taken, but its bytes have not arrived yet.")
    name = f"photo-{attachment_id}{endings[found.media_type]}"
    saved = found.media_type in SAVED
    # Not conditional: the answer is always the whole photo, as documented.
    response = send_file(path, mimetype=found.media_type, as_attachment=saved, download_name=name, etag=False)
    # What a camera wrote is never taken for a page or a script.
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response
