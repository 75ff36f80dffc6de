"""The words of tus 1.0.0: its version, extensions and headers, how they are documented, and how they are read."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import request

from curbstop.blobs.parts import Checksum
from curbstop.domain.problems import Problem

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
ALGORITHMS = ("sha256", "sha1", "md5")
CHUNK = "application/offset+octet-stream"
LONGEST_METADATA = 2_000


def header(name: str, about: str, schema: Mapping[str, Any], *, required: bool = False) -> dict[str, Any]:
    """A header as the document has it."""
    return {"in": "header", "name": name, "description": about, "required": required, "schema": dict(schema)}


RESUMABLE = header("Tus-Resumable", "The version of tus.", {"type": "string", "const": VERSION}, required=True)
OFFSET = header("Upload-Offset", "Where the chunk begins.", {"type": "integer", "minimum": 0}, required=True)
CHECKSUM = header(
    "Upload-Checksum",
    "An algorithm and the chunk's digest in base64.",
    {"type": "string", "pattern": "^(sha256|sha1|md5) [A-Za-z0-9+/]+=*$"},
)
CREATING = [
    RESUMABLE,
    header("Upload-Length", "Bytes, as declared.", {"type": "integer", "minimum": 0}, required=True),
    header(
        "Upload-Metadata",
        "Names and base64 values; `attachment_id` is required, `filetype` must be as declared.",
        {"type": "string", "pattern": "^attachment_id [A-Za-z0-9+/]+=*$"},
        required=True,
    ),
    CHECKSUM,
]
BODY = {"required": False, "content": {CHUNK: {"schema": {"type": "string", "format": "binary"}}}}


def number(name: str) -> int:
    """A header that is a whole number, or Problem(`bad_request`)."""
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Problem("bad_request", f"{name} must be a whole number.")
    return int(text)


def metadata(text: str) -> dict[str, bytes]:
    """The names and values of Upload-Metadata, or Problem(`bad_request`)."""
    if len(text) > LONGEST_METADATA:
        raise Problem("bad_request", f"Upload-Metadata has at most {LONGEST_METADATA} characters.")
    found: dict[str, bytes] = {}
    for pair in text.split(",") if text.strip() else []:
        name, _, value = pair.strip().partition(" ")
        if not name or name in found:
            raise Problem("bad_request", "Upload-Metadata has a name twice, or none.")
        found[name] = _decoded(value, "Upload-Metadata")
    return found


def attachment_id(text: bytes) -> UUID:
    """The id in the metadata, or Problem(`bad_request`)."""
    try:
        if len(text) == 36:
            return UUID(text.decode("ascii"))
    except ValueError:
        pass
    raise Problem("bad_request", "Upload-Metadata must name the attachment_id of a declared photo.")


def checksum() -> Checksum | None:
    """Upload-Checksum, or Problem(`bad_request`) for an algorithm that is not offered."""
    text = request.headers.get("Upload-Checksum")
    if text is None:
        return None
    algorithm, _, digest = text.partition(" ")
    if algorithm not in ALGORITHMS:
        raise Problem("bad_request", f"Upload-Checksum is one of {', '.join(ALGORITHMS)}.")
    return Checksum(algorithm, _decoded(digest, "Upload-Checksum"))


def _decoded(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise Problem("bad_request", f"{name} is not base64.") from None
