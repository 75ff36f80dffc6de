"""Files that are named by their SHA-256 and never change: sent whole or by a range of bytes, with their digests."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from curbstop.domain.problems import Problem

_PIECE = 256 * 1024
_HEADERS: dict[str, Any] = {
    "Accept-Ranges": {"schema": {"type": "string"}},
    "ETag": {"description": "The SHA-256: If-Range is worth sending.", "schema": {"type": "string"}},
    "Repr-Digest": {"description": "SHA-256 of the whole file.", "schema": {"type": "string"}},
    "Content-Digest": {"description": "SHA-256 of the bytes of this answer.", "schema": {"type": "string"}},
}
_BYTES = {"schema": {"type": "string", "format": "binary"}}


def answers(media_type: str) -> dict[str, Any]:
    """What `send` answers, for the API's document."""
    return {
        "200": {"description": "The file.", "headers": _HEADERS, "content": {media_type: _BYTES}},
        "206": {
            "description": "The bytes of `Range`.",
            "headers": {**_HEADERS, "Content-Range": {"schema": {"type": "string"}}},
            "content": {media_type: _BYTES},
        },
        "304": {"description": "It is what If-None-Match names; it always is."},
    }


def send(path: Path, sha256: str, media_type: str) -> Response:
    """The file, or what `Range` asks for of it. Problem(`range_not_satisfiable`)."""
    size = path.stat().st_size
    response = Response(mimetype=media_type)
    response.content_length = size
    # The file never changes, so its name is the tag, and the caller may keep it for as long as it likes.
    response.set_etag(sha256)
    response.headers["Cache-Control"] = "private, immutable, max-age=31536000"
    try:
        response.make_conditional(request.environ, accept_ranges=True, complete_length=size)
    except RequestedRangeNotSatisfiable:
        raise Problem("range_not_satisfiable", size=size) from None
    if response.status_code == 304:
        return response
    part = response.content_range
    start, stop = part.start or 0, size if part.stop is None else part.stop
    response.response = _read(path, start, stop)
    response.headers["Repr-Digest"] = _digest(bytes.fromhex(sha256))
    response.headers["Content-Digest"] = _digest(_sha256(_read(path, start, stop)))
    return response


def _read(path: Path, start: int, stop: int) -> Iterator[bytes]:
    """The file's bytes from `start` to before `stop`; it is opened when the first is asked for."""
    with path.open("rb") as file:
        file.seek(start)
        while start < stop and (piece := file.read(min(_PIECE, stop - start))):
            start += len(piece)
            yield piece


def _sha256(pieces: Iterator[bytes]) -> bytes:
    hashing = hashlib.sha256()
    for piece in pieces:
        hashing.update(piece)
    return hashing.digest()


def _digest(sha256: bytes) -> str:
    return f"sha-256=:{b64encode(sha256).decode()}:"
