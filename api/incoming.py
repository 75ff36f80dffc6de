"""Bytes that come in: read piece by piece from the connection, and handed to the store when they are whole."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import request
from werkzeug.exceptions import ClientDisconnected

from api.core import actor, reading, writing
from api.core.context import context
from curbstop.blobs import blobs_of
from curbstop.blobs.parts import CutOffError, Part, Parts
from curbstop.commands import attachments
from curbstop.domain.problems import Problem
from curbstop.models.attachment import Attachment
from curbstop.queries import attachments as queries

# Small enough that little is lost when a connection is reset in the middle of one.
PIECE = 32 * 1024
# A sender that says nothing for so long has gone; a tablet in a dead spot does not even say goodbye.
SILENCE_S = 20.0
# How the API's documentation describes such a body.
BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {}}, "image/*": {"schema": {}}},
    }
}
# How often a silent sender's request looks whether the tablet has come back on another connection.
_LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class Declared:
    """What is known of a photo before its bytes; read once, so that no transaction is open while they come."""

    id: UUID
    sha256: str
    size: int
    media_type: str
    stored: bool


def declared(attachment_id: UUID) -> Declared:
    """A photo that this tablet or this person declared, or Problem(`not_found`, `tablet_required`)."""
    with reading() as session:
        return _declared(queries.mine(session, actor(), attachment_id))


def rescued(attachment_id: UUID) -> Declared:
    """A photo of any tablet, for whoever may bring in its work, or Problem(`forbidden`, `not_found`)."""
    with reading() as session:
        return _declared(queries.to_rescue(session, actor(), attachment_id))


def _declared(row: Attachment) -> Declared:
    return Declared(row.id, row.sha256, row.size, row.media_type, row.stored_at is not None)


def parts() -> Parts:
    """The folder of what is arriving."""
    return Parts(context().settings.parts_dir)


def finish(part: Part, photo: Declared) -> bool:
    """Stores the photo if all of it is here, or was before; whether it is stored now.

    Can be repeated after a crash at any point. Problem(`hash_mismatch`) when these are other bytes than those declared:
    the part is then dropped, so that the upload starts anew.
    """
    blobs = blobs_of(context().settings)
    offset = part.offset
    if offset == photo.size:
        if part.sha256() != photo.sha256:
            part.drop()
            raise Problem("hash_mismatch", f"Declared were {photo.size} bytes with SHA-256 {photo.sha256}.")
        blobs.take(part.path, photo.sha256)
    elif offset or blobs.size(photo.sha256) != photo.size:
        return False
    with writing() as work:
        attachments.mark_stored(work, photo.id)
    part.drop()
    return True


def take(photo: Declared) -> None:
    """Stores the request's body as the photo's bytes, if that is what they are; nothing when they are here already."""
    if photo.stored:
        return
    with parts().hold(photo.id) as part:
        part.drop()
        wrong = Problem("hash_mismatch", f"Declared were {photo.size} bytes with SHA-256 {photo.sha256}.")
        try:
            part.append(pieces(part), photo.size)
        except CutOffError:
            part.drop()
            raise wrong from None
        except Problem as problem:
            part.drop()
            raise wrong if problem.code == "too_large" else problem from None
        if not finish(part, photo):
            part.drop()
            raise wrong


def pieces(part: Part) -> Iterator[bytes]:
    """The request's body as it comes; CutOffError when it ends before its Content-Length, or falls silent."""
    request.max_content_length = attachments.LARGEST
    connection: Any = request.environ.get("gunicorn.socket") or request.environ.get("werkzeug.socket")
    patience = connection.gettimeout() if connection is not None else None
    try:
        if connection is not None:
            # A body in chunks cannot be read on after its parser met a silence.
            connection.settimeout(_LOOK_S if request.content_length is not None else SILENCE_S)
        yield from _pieces(part)
    finally:
        if connection is not None:
            connection.settimeout(patience)


def _pieces(part: Part) -> Iterator[bytes]:
    heard, count = time.monotonic(), 0
    while True:
        try:
            piece = request.stream.read(PIECE)
        except (ClientDisconnected, OSError) as error:
            silent = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
            if (
                silent
                and request.content_length is not None
                and not part.is_wanted
                and time.monotonic() - heard < SILENCE_S
            ):
                continue
            raise CutOffError from error
        if not piece:
            # gunicorn says so of a body's end and of a connection's alike.
            if count < (request.content_length or 0):
                raise CutOffError
            return
        count += len(piece)
        heard = time.monotonic()
        yield piece
