"""Answers that are written while they are made: NDJSON lines, zipped when the caller takes that."""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Response, request

NDJSON = "application/x-ndjson"
# Lines are gathered up to so many bytes: a packet for each would cost more than they do.
PIECE = 32 * 1024


def ndjson(lines: Iterable[dict[str, Any]], close: Callable[[], None]) -> Response:
    """The lines as they come; `close` is called at the end, and also when the caller has gone."""
    pieces = _gathered(lines)
    zipped = request.accept_encodings.quality("gzip") > 0
    response = Response(_zipped(pieces) if zipped else pieces, mimetype=NDJSON)
    response.headers["Vary"] = "Accept-Encoding"
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.call_on_close(close)
    return response


def _gathered(lines: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    waiting, size = [], 0
    for line in lines:
        text = json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        waiting.append(text)
        size += len(text)
        if size >= PIECE:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


def _zipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    zipper = zlib.compressobj(level=5, wbits=31)
    for piece in pieces:
        if out := zipper.compress(piece):
            yield out
    yield zipper.flush()
