"""Snapshots that a first sync begins with: the list for this tablet, and the files, whole or by ranges of bytes."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from api.core import Answer, Blueprint, actor, reading
from api.core.context import context
from api.core.schemas import Many, Moment, Part, Text, Whole
from curbstop.domain.problems import Problem
from curbstop.queries import tablets as queries
from sync import snapshots

blp = Blueprint("snapshots", "snapshots", url_prefix="/sync/v1/snapshots", description="Where a first sync begins.")

MEDIA_TYPE = "application/zstd"
_PIECE = 256 * 1024


class SnapshotAnswer(Answer):
    bucket = Text("Whose rows.", "route:0192f4a0-7c1e-7d2a-8f00-000000000061")
    seq = Whole("As of which change.", 4711, most=2**63 - 1)
    sha256 = Text("Of the file, and its name.")
    size = Whole("Of the file, in bytes.", 250_000, most=2**63 - 1)
    rows = Whole("Rows in it.", 5_000)
    built_at = Moment("When.")
    resume = Text("To be sent with the pull that goes on from it.")


class SnapshotsAnswer(Answer):
    snapshots = Many(Part(SnapshotAnswer, "A snapshot."), "The newest of each bucket that has one.")


@blp.operation("GET", "", answer=SnapshotsAnswer, problems=("tablet_required",))
def list_snapshots() -> dict[str, Any]:
    """What a first sync of this tablet may begin with."""
    queries.syncing(actor())
    with reading() as session:
        return {"snapshots": snapshots.offered(session, actor(), context().settings)}


_HEADERS: dict[str, Any] = {
    "Accept-Ranges": {"schema": {"type": "string"}},
    "ETag": {"description": "The SHA-256: If-Range is worth sending.", "schema": {"type": "string"}},
    "Repr-Digest": {"description": "SHA-256 of the whole file.", "schema": {"type": "string"}},
    "Content-Digest": {"description": "SHA-256 of the bytes of this answer.", "schema": {"type": "string"}},
}
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_ANSWERS = {
    "200": {"description": "The file.", "headers": _HEADERS, "content": {MEDIA_TYPE: _BYTES}},
    "206": {
        "description": "The bytes of `Range`.",
        "headers": {**_HEADERS, "Content-Range": {"schema": {"type": "string"}}},
        "content": {MEDIA_TYPE: _BYTES},
    },
    "304": {"description": "It is what If-None-Match names; it always is."},
}


@blp.operation(
    "GET",
    "/<string:sha256>",
    status=200,
    problems=("tablet_required", "range_not_satisfiable"),
    doc={"responses": _ANSWERS},
)
def get_snapshot(sha256: str) -> Response:
    """A snapshot's bytes: NDJSON in zstd. A broken download goes on with Range and If-Range."""
    queries.syncing(actor())
    with reading() as session:
        path = snapshots.find(session, actor(), context().settings, sha256)
    size = path.stat().st_size
    response = Response(mimetype=MEDIA_TYPE)
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
