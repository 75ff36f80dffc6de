"""Resumable uploads of photos, as tus 1.0.0 has them: core, creation (with upload), checksum, expiration, termination.

The upload of an attachment is at its attachment's id, so that a tablet that was set up anew finds it.
"""

from collections.abc import Mapping
from uuid import UUID

from flask import Response, request
from werkzeug.http import http_date

from api import incoming, tus
from api.core import Blueprint, reading, writing
from api.incoming import Declared
from curbstop.blobs.parts import CutOffError, Part
from curbstop.commands import attachments, uploads
from curbstop.domain.problems import Problem
from curbstop.models.attachment import Upload
from curbstop.queries import attachments as queries

PREFIX = "/sync/v1/uploads"
_CHUNK_PROBLEMS = (
    "tus_version_unsupported", "tablet_required", "bad_request", "checksum_mismatch", "hash_mismatch", "too_large",
    "upload_locked", "upload_expired", "storage_full", "files_unreachable",
)  # fmt: skip

blp = Blueprint("uploads", "uploads", url_prefix=PREFIX, description="Photos in pieces: tus 1.0.0.")


@blp.before_request
def _check_version() -> None:
    """A request in another version of tus is not processed; OPTIONS tells which there is."""
    if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != tus.VERSION:
        raise Problem("tus_version_unsupported")


@blp.after_app_request
def _say_version(response: Response) -> Response:
    if request.path.startswith(PREFIX):
        response.headers["Tus-Resumable"] = tus.VERSION
        if response.status_code == 412:
            response.headers["Tus-Version"] = tus.VERSION
    return response


def _options() -> Response:
    return Response(
        status=204,
        headers={
            "Tus-Version": tus.VERSION,
            "Tus-Extension": tus.EXTENSIONS,
            "Tus-Max-Size": str(attachments.LARGEST),
            "Tus-Checksum-Algorithm": ",".join(tus.ALGORITHMS),
        },
    )


@blp.operation("OPTIONS", "", public=True)
def get_upload_options() -> Response:
    """What of tus is offered here."""
    return _options()


@blp.operation("OPTIONS", "/<uuid:attachment_id>", public=True)
def get_options_of_upload(attachment_id: UUID) -> Response:  # noqa: ARG001 - the same for all
    """What of tus is offered here, asked of one upload."""
    return _options()


@blp.operation(
    "POST",
    "",
    status=201,
    problems=(*_CHUNK_PROBLEMS, "not_found", "invalid", "conflict"),
    doc={"parameters": tus.CREATING, "requestBody": tus.BODY},
)
def create_upload() -> Response:
    """Begins the upload of a declared photo, or finds the one that was begun; its first bytes may come along."""
    length = tus.number("Upload-Length")
    if length > attachments.LARGEST:
        raise Problem("too_large", f"At most {attachments.LARGEST} bytes.")
    said = tus.metadata(request.headers.get("Upload-Metadata", ""))
    photo = incoming.declared(tus.attachment_id(said.get("attachment_id", b"")))
    _check_declaration(photo, length, said)
    with writing() as work:
        upload = uploads.create(work, photo.id, client_metadata=request.headers.get("Upload-Metadata", ""))
        is_new, expires = upload.created_at == work.at, http_date(upload.expires_at)
    headers = {"Location": f"{PREFIX}/{photo.id}", "Upload-Expires": expires}
    if photo.stored:
        return Response(status=201, headers={**headers, "Upload-Offset": str(photo.size)})
    with incoming.parts().hold(photo.id) as part:
        if is_new:
            part.drop()
        done = incoming.finish(part, photo)
        # Bytes that come with a creation that is sent again are of no use: the offset says where to go on.
        if not done and request.mimetype == tus.CHUNK and part.offset == 0:
            done = _receive(part, photo)
        headers["Upload-Offset"] = str(photo.size if done else part.offset)
    return Response(status=201, headers=headers)


@blp.operation(
    "HEAD",
    "/<uuid:attachment_id>",
    status=200,
    problems=("tus_version_unsupported", "tablet_required", "upload_locked", "upload_expired", "files_unreachable"),
    doc={"parameters": [tus.RESUMABLE]},
)
def get_upload(attachment_id: UUID) -> Response:
    """How many bytes of an upload are here, durably."""
    photo = incoming.declared(attachment_id)
    upload = _upload(photo)
    headers = {"Upload-Length": str(photo.size), "Cache-Control": "no-store"}
    if upload is not None and upload.client_metadata:
        headers["Upload-Metadata"] = upload.client_metadata
    if photo.stored or upload is None:
        return Response(status=200, headers={**headers, "Upload-Offset": str(photo.size)})
    with incoming.parts().hold(photo.id) as part:
        # Everything may be here while the end was lost: nobody would send another byte, so it is finished now.
        try:
            done = incoming.finish(part, photo)
        except Problem as problem:
            if problem.code != "hash_mismatch":
                raise
            done = False
        headers["Upload-Offset"] = str(photo.size if done else part.secure())
    return Response(status=200, headers={**headers, "Upload-Expires": http_date(upload.expires_at)})


@blp.operation(
    "PATCH",
    "/<uuid:attachment_id>",
    problems=(*_CHUNK_PROBLEMS, "unsupported_media_type", "offset_mismatch"),
    doc={"parameters": [tus.RESUMABLE, tus.OFFSET, tus.CHECKSUM], "requestBody": tus.BODY},
)
def append_to_upload(attachment_id: UUID) -> Response:
    """Adds a chunk at the upload's offset; what arrived of one that is cut off is kept."""
    if request.mimetype != tus.CHUNK:
        raise Problem("unsupported_media_type", f"Send the bytes as {tus.CHUNK}.")
    offset = tus.number("Upload-Offset")
    photo = incoming.declared(attachment_id)
    upload = _upload(photo)
    if photo.stored or upload is None:
        if offset != photo.size:
            raise Problem("offset_mismatch", f"The upload is complete, at {photo.size}.", offset=photo.size)
        return Response(status=204, headers={"Upload-Offset": str(photo.size)})
    with incoming.parts().hold(photo.id) as part:
        if part.offset != offset:
            raise Problem("offset_mismatch", f"The upload is at {part.offset}.", offset=part.offset)
        done = _receive(part, photo)
        at = photo.size if done else part.offset
    headers = {"Upload-Offset": str(at), "Upload-Expires": http_date(upload.expires_at)}
    return Response(status=204, headers=headers)


@blp.operation(
    "POST",
    "/<uuid:attachment_id>",
    problems=(*_CHUNK_PROBLEMS, "unsupported_media_type", "offset_mismatch", "conflict", "method_not_allowed"),
    doc={
        "parameters": [
            tus.RESUMABLE,
            tus.header(
                "X-HTTP-Method-Override",
                "The method that is meant.",
                {"type": "string", "enum": ["PATCH", "DELETE"]},
                required=True,
            ),
            {**tus.OFFSET, "required": False},
            tus.CHECKSUM,
        ],
        "requestBody": tus.BODY,
    },
)
def change_upload(attachment_id: UUID) -> Response:
    """PATCH or DELETE for clients whose network lets neither through."""
    meant = {"PATCH": append_to_upload, "DELETE": terminate_upload}
    method = request.headers.get("X-HTTP-Method-Override", "")
    if method not in meant:
        raise Problem("method_not_allowed", "POST to an upload needs X-HTTP-Method-Override: PATCH or DELETE.")
    return meant[method](attachment_id)


@blp.operation(
    "DELETE",
    "/<uuid:attachment_id>",
    problems=("tus_version_unsupported", "tablet_required", "conflict", "upload_locked"),
    doc={"parameters": [tus.RESUMABLE]},
)
def terminate_upload(attachment_id: UUID) -> Response:
    """Gives an unfinished upload up and frees its bytes; it may be created again."""
    photo = incoming.declared(attachment_id)
    with incoming.parts().hold(photo.id) as part:
        with writing() as work:
            uploads.terminate(work, photo.id)
        part.drop()
    return Response(status=204)


def _receive(part: Part, photo: Declared) -> bool:
    """Adds the request's body to the part; whether the photo is stored with it."""
    room = photo.size - part.offset
    if request.content_length is not None and request.content_length > room:
        raise Problem("too_large", f"The upload has room for {room} more bytes.")
    checksum = tus.checksum()
    try:
        part.append(incoming.pieces(part), room, checksum)
    except CutOffError:
        raise Problem("bad_request", f"The body ended early; the upload is at {part.offset}.") from None
    return incoming.finish(part, photo)


def _upload(photo: Declared) -> Upload | None:
    """The photo's upload; None when the photo is stored without one. Problem(`not_found`, `upload_expired`)."""
    with reading() as session:
        return queries.upload(session, photo.id, stored=photo.stored)


def _check_declaration(photo: Declared, length: int, said: Mapping[str, bytes]) -> None:
    if length != photo.size:
        raise Problem("invalid", f"Declared were {photo.size} bytes.", errors=[])
    if said.get("filetype", photo.media_type.encode()) != photo.media_type.encode():
        raise Problem("invalid", f"Declared was {photo.media_type}.", errors=[])
