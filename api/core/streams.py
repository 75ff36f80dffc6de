"""Answers that are written while they are made: NDJSON lines, packed as the caller takes them, and not for ever."""

import json
import logging
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final, cast

import zstandard
from flask import Response, request
from werkzeug.datastructures import Accept

log = logging.getLogger("curbstop.streams")

NDJSON = "application/x-ndjson"
# Stands in place of a line: what was said so far goes out now.
FLUSH: Final[dict[str, Any]] = {}
# Lines are gathered up to so many bytes: a packet for each would cost more than they do.
PIECE = 32 * 1024
# How long one piece may wait for a reader who has stopped reading, in seconds.
STALLED_S = 30.0
# What was made ahead of its reader and is larger goes to the disk.
KEPT_IN_MEMORY = 1024 * 1024

Line = dict[str, Any] | str
# Makes bytes of bytes; of None what is left at a flush; at the end, what is left at all.
Packer = Callable[[bytes | None], bytes]


def ndjson(lines: Iterable[Line], close: Callable[[], None], *, limit_s: float | None = None) -> Response:
    """The lines as they come, each a JSON value or the text of one with its line end.

    `close` is called at the end, and also when the caller has gone. After `limit_s` the answer ends where it is, for a
    reader who takes for ever would hold whatever the lines are read from; the caller's protocol must notice that.
    """
    coding = _coding(request.accept_encodings)
    pieces = _gathered(lines if limit_s is None else _timely(lines, limit_s))
    response = Response(_packed(pieces, coding), mimetype=NDJSON)
    response.headers["Vary"] = "Accept-Encoding"
    if coding is not None:
        response.headers["Content-Encoding"] = coding
    response.call_on_close(close)
    never_stall()
    return response


def kept(lines: Iterable[Line], pace: Callable[[Iterable[bytes]], Iterator[bytes]]) -> IO[bytes]:
    """The lines, made at once and kept in a file: a slow reader then holds nothing of what they were read from."""
    file = SpooledTemporaryFile(max_size=KEPT_IN_MEMORY)  # noqa: SIM115 - closed by whoever sends it
    try:
        for piece in pace(piece for piece in _gathered(lines) if piece):
            file.write(piece)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return cast(IO[bytes], file)


def _coding(accepted: Accept) -> str | None:
    """zstd or gzip, whichever the caller likes better; zstd when both alike, for it packs tighter and quicker."""
    # What is not named is not meant: `*` may be said by somebody who knows gzip only, and nobody minds a short answer.
    named = set(accepted.values())
    best, best_quality = None, float(accepted.quality("identity")) if "identity" in named else 0.0
    for coding in ("gzip", "zstd"):
        quality = float(accepted.quality(coding)) if coding in named or coding == "gzip" else 0.0
        if quality > 0 and quality >= best_quality:
            best, best_quality = coding, quality
    return best


def _timely(lines: Iterable[Line], limit_s: float) -> Iterator[Line]:
    """The lines that are begun in time; two at least, so that whoever comes again gets further each time."""
    deadline = time.monotonic() + limit_s
    for number, line in enumerate(lines):
        if number > 1 and time.monotonic() > deadline:
            log.info("an answer was ended after %.0f s and %d lines; its reader goes on from there", limit_s, number)
            return
        yield line


def never_stall() -> None:
    """One write waits only so long; gunicorn hands its socket on for such things, other servers have their own ways."""
    socket = request.environ.get("gunicorn.socket")
    if socket is not None:
        socket.settimeout(STALLED_S)


def _gathered(lines: Iterable[Line]) -> Iterator[bytes | None]:
    """Pieces of a good size; None after each that should reach the caller now."""
    waiting: list[bytes] = []
    size = 0
    for line in lines:
        if line is FLUSH:
            yield b"".join(waiting)
            yield None
            waiting, size = [], 0
            continue
        text = line if isinstance(line, str) else json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n"
        waiting.append(text.encode())
        size += len(waiting[-1])
        if size >= PIECE:
            yield b"".join(waiting)
            # Whole lines reach the caller, who can go on from the last one if the next is cut.
            yield None
            waiting, size = [], 0
    yield b"".join(waiting)


def _packed(pieces: Iterator[bytes | None], coding: str | None) -> Iterator[bytes]:
    packer, end = {"gzip": _gzip, "zstd": _zstd, None: _plain}[coding]()
    for piece in pieces:
        if packed := packer(piece):
            yield packed
    if packed := end():
        yield packed


def _plain() -> tuple[Packer, Callable[[], bytes]]:
    return (lambda piece: piece or b""), (lambda: b"")


def _gzip() -> tuple[Packer, Callable[[], bytes]]:
    zipper = zlib.compressobj(level=1, wbits=31)
    return (lambda piece: zipper.flush(zlib.Z_SYNC_FLUSH) if piece is None else zipper.compress(piece)), zipper.flush


def _zstd() -> tuple[Packer, Callable[[], bytes]]:
    packer = zstandard.ZstdCompressor(level=3).compressobj()
    block, end = zstandard.COMPRESSOBJ_FLUSH_BLOCK, zstandard.COMPRESSOBJ_FLUSH_FINISH
    return (lambda piece: packer.flush(block) if piece is None else packer.compress(piece)), (lambda: packer.flush(end))
