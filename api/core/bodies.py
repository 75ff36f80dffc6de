"""Reads request bodies: bounded, unzipped within bounds, and JSON without what no database can hold."""

import json
import math
import zlib
from collections.abc import Mapping
from typing import Any, NoReturn

from flask import request
from marshmallow import Schema, ValidationError

from curbstop.domain.problems import Problem
from curbstop.domain.texts import is_storable

# Twice the push's documented megabyte, so that its own limit is met first.
MOST_BYTES = 2 * 1024 * 1024
MOST_DIGITS = 4_000


def read_bytes(most: int = MOST_BYTES) -> bytes:
    """The body, unzipped when it is gzip; Problem(`too_large`) before more than `most` bytes are held."""
    request.max_content_length = most
    body = request.get_data()
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "gzip":
        body = _inflate(body, most)
    elif encoding not in {"identity", ""}:
        raise Problem("unsupported_media_type", f"Content-Encoding {encoding!r} is not read here; use gzip.")
    if len(body) > most:
        raise Problem("too_large", f"At most {most} bytes.")
    return body


def _inflate(body: bytes, most: int) -> bytes:
    inflater = zlib.decompressobj(wbits=31)
    try:
        text = inflater.decompress(body, most + 1)
    except zlib.error:
        raise Problem("bad_request", "The body is not gzip.") from None
    if len(text) > most or inflater.unconsumed_tail:
        raise Problem("too_large", f"At most {most} bytes when unzipped.")
    if not inflater.eof:
        raise Problem("bad_request", "The gzip body is cut short.")
    return text


def read_json(most: int = MOST_BYTES, *, as_sent: frozenset[str] = frozenset(), optional: bool = False) -> Any:
    """The JSON body, or Problem(`unsupported_media_type`, `bad_request`, `too_large`).

    `optional`: whoever has nothing to say may leave the body out.
    """
    if optional and request.mimetype in ("", "application/json") and not read_bytes(most):
        return {}
    if request.mimetype != "application/json":
        raise Problem("unsupported_media_type")
    return parse(read_bytes(most), as_sent=as_sent)


def parse(body: bytes, *, as_sent: frozenset[str] = frozenset()) -> Any:
    """Strict JSON: no NaN, no lone surrogates, no NUL, nothing nested beyond reason.

    The members named by `as_sent` are taken as they are: whoever asked for them judges each part for itself.
    """
    try:
        how: dict[str, Any] = {"parse_int": _whole} if as_sent else {"parse_constant": _no_constant}
        value = json.loads(body, **how)
    except (ValueError, RecursionError):
        raise Problem("bad_request", "The body is not well-formed JSON.") from None
    judged = {key: item for key, item in value.items() if key not in as_sent} if isinstance(value, dict) else value
    check_text(judged, "body")
    return value


def _whole(text: str) -> int | str:
    """A whole number; one with thousands of digits stays text, since Python refuses to count that far."""
    return int(text) if len(text) <= MOST_DIGITS else text


def _no_constant(text: str) -> NoReturn:
    raise ValueError(text)


def check_text(value: Any, where: str, name: str = "") -> None:
    """Problem(`invalid`) for a string that PostgreSQL or UTF-8 refuses, in a value or in a key."""
    if isinstance(value, str):
        if not is_storable(value):
            raise invalid(where, name, "Holds a character that cannot be stored (NUL or half a surrogate pair).")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise invalid(where, name, "Not a finite number.")
    elif isinstance(value, dict):
        for key, item in value.items():
            check_text(key, where, name)
            check_text(item, where, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            check_text(item, where, f"{name}.{number}" if name else str(number))


def invalid(where: str, name: str, message: str) -> Problem:
    """Problem(`invalid`) about one value."""
    return Problem(
        "invalid", f"{name or where}: {message}", errors=[{"where": where, "name": name, "message": message}]
    )


def load(schema: Schema, values: Any, where: str) -> Any:
    """The schema's reading of `values`, or Problem(`invalid`) that names every wrong one."""
    try:
        return schema.load(values)
    except ValidationError as error:
        raise refused(error.messages, where) from None


def refused(messages: Any, where: str) -> Problem:
    """Problem(`invalid`) made of marshmallow's messages."""
    errors = [{"where": where, "name": name, "message": text} for name, text in _flat(messages, "")]
    first = errors[0] if errors else {"name": "", "message": "not valid"}
    return Problem("invalid", f"{first['name'] or where}: {first['message']}", errors=errors)


def _flat(messages: Any, name: str) -> list[tuple[str, str]]:
    if isinstance(messages, Mapping):
        found = []
        for key, inner in messages.items():
            part = "" if key == "_schema" else str(key)
            found += _flat(inner, ".".join(p for p in (name, part) if p))
        return found
    if isinstance(messages, list):
        return [pair for message in messages for pair in _flat(message, name)]
    return [(name, str(messages))]
