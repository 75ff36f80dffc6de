"""Photos: what a tablet said it took, and the bytes once they are here."""

from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy import Row

from api.core import Blueprint, actor, reading, writing
from api.core.context import context
from api.core.pages import PageQuery, Sort, page_of
from api.core.schemas import Id, Moment, Text, Whole
from api.service_order_schemas import NULL, OnTabletAnswer, PhotoAnswer
from api.service_orders import ReasonBody
from curbstop.blobs import blobs_of, pictures
from curbstop.commands import photo_waivers
from curbstop.domain.media_types import fits
from curbstop.domain.problems import Problem
from curbstop.queries import attachments as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("photos", "photos", url_prefix="/attachments", description="Photos.")

# What a browser may show in its page, with the ending of its file; everything else it saves.
SHOWN = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
SAVED = {"image/heic": ".heic", "application/pdf": ".pdf"}
# What the bytes of a photo are called that are not what was declared.
UNKNOWN = "application/octet-stream"
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_RANGE = {
    "in": "header",
    "name": "Range",
    "description": "One range of bytes, to go on with a download.",
    "schema": {"type": "string", "pattern": "^bytes=[0-9]{1,9}-$"},
}
_NAMED = {"Content-Disposition": {"description": "inline or attachment, with a name.", "schema": {"type": "string"}}}
_BYTES = {
    "parameters": [_RANGE],
    "responses": {
        "200": {
            "description": "The bytes, under their declared type if they look like it.",
            "headers": _NAMED,
            "content": dict.fromkeys((*SHOWN, *SAVED, UNKNOWN), _BINARY),
        },
        "206": {
            "description": "The range of bytes that was asked for.",
            "headers": {**_NAMED, "Content-Range": {"description": "Which.", "schema": {"type": "string"}}},
            "content": dict.fromkeys((*SHOWN, *SAVED, UNKNOWN), _BINARY),
        },
        "304": {"description": "The caller has them already, by If-None-Match."},
    },
}
_THUMBNAIL = {
    "responses": {
        "200": {"description": "The picture.", "content": dict.fromkeys(pictures.FORMATS, _BINARY)},
    }
}


class WaitingPhotosAnswer(OnTabletAnswer):
    """What of one order or access issue is still on one tablet."""

    order_id = Id("The order that they belong to.", **NULL)
    order_number = Text("Its number.", "SO-2026-00123", **NULL)
    access_issue_id = Id("The access issue that they belong to.", **NULL)
    bytes = Whole("How much is still to come.", 12_400_000, most=2**53)
    oldest_at = Moment("When the oldest of them was taken, by the tablet's clock.")
    last_seen_at = Moment("When the tablet was last heard of.", **NULL)


class WaitingQuery(PageQuery):
    sort = Sort("oldest_at")
    order_id = Id("Only those of this order.")
    tablet_id = Id("Only those on this tablet.")


@blp.operation("GET", "/waiting", answer=page_of(WaitingPhotosAnswer), query=WaitingQuery)
def list_waiting_photos(query: dict[str, Any], page: PageRequest) -> Page[Any]:
    """Photos that were taken and are still on tablets, by order and tablet: "3 of 5 photos still on Truck 12"."""
    with reading() as session:
        return queries.waiting(session, actor(), page, **query)


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


@blp.operation(
    "GET",
    "/<uuid:attachment_id>/content",
    status=200,
    problems=("files_unreachable", "range_not_satisfiable"),
    doc=_BYTES,
)
def get_photo_content(attachment_id: UUID) -> Response:
    """A photo's bytes, or a range of them; `not_found` while they have not arrived."""
    with reading() as session:
        found = queries.get(session, actor(), attachment_id)
    if not found.stored:
        raise Problem("not_found", "The photo was taken, but its bytes have not arrived yet.")
    response = _content(found)
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.headers["Accept-Ranges"] = "bytes"
    response.set_etag(found.sha256)
    return guarded(response)


@blp.operation("GET", "/<uuid:attachment_id>/thumbnail", status=200, doc=_THUMBNAIL)
def get_photo_thumbnail(attachment_id: UUID) -> Response:
    """A small picture of a photo, often here before its bytes; `not_found` while there is none."""
    with reading() as session:
        found = queries.thumbnail(session, actor(), attachment_id)
    response = Response(found.content, mimetype=found.media_type)
    # It may be replaced by the tablet's own.
    response.headers["Cache-Control"] = "private, no-cache"
    return guarded(response)


def _content(found: Row[Any]) -> Response:
    if request.if_none_match.contains(found.sha256):
        return Response(status=304)
    blobs = blobs_of(context().settings)
    start, end = _range(found.size, found.sha256)
    head = next(blobs.read(found.sha256, 0, 64), b"")
    true = found.media_type in SHOWN | SAVED and fits(head, found.media_type)
    kind = found.media_type if true else UNKNOWN
    response = Response(blobs.read(found.sha256, start, end - start), mimetype=kind)
    response.content_length = end - start
    if (start, end) != (0, found.size):
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    ending = {**SHOWN, **SAVED, UNKNOWN: ".bin"}[kind]
    shown = "inline" if kind in SHOWN else "attachment"
    response.headers["Content-Disposition"] = f"{shown}; filename=photo-{found.id}{ending}"
    return response


def _range(size: int, sha256: str) -> tuple[int, int]:
    """The bytes asked for, from and to; all of them unless one range of this very content was named."""
    if request.range is None or (request.if_range.etag or sha256) != sha256:
        return 0, size
    if request.range.units != "bytes" or len(request.range.ranges) != 1:
        return 0, size
    wanted = request.range.range_for_length(size)
    if wanted is None:
        raise Problem("range_not_satisfiable", f"The photo has {size} bytes.")
    return wanted


def guarded(response: Response) -> Response:
    """What a camera wrote is never taken for a page or a script."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
