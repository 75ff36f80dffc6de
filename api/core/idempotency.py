"""Idempotency-Key: a creating POST that is sent again gets the answer of the first time, and creates nothing."""

import hashlib
import re
from collections.abc import Callable

from flask import Response, g, request

from api.core.bodies import read_bytes
from api.core.transactions import writing
from curbstop.commands import request_keys
from curbstop.commands.request_keys import KeptAnswer
from curbstop.domain.problems import Problem


def once(handle: Callable[[], Response]) -> Response:
    """Runs `handle` and keeps its answer in one transaction, or gives the answer that was kept."""
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        raise Problem("idempotency_key_required")
    if not re.fullmatch(r"[\x21-\x7e]{1,100}", key):
        raise Problem("bad_request", "Idempotency-Key is 1 to 100 visible ASCII characters.")
    with writing() as work:
        kept = request_keys.claim(work, key, _fingerprint())
        if kept is not None:
            return _again(kept)
        g.work = work
        try:
            response = handle()
        finally:
            g.pop("work", None)
        answer = KeptAnswer(
            response.status_code, response.headers.get("ETag"), response.headers.get("Location"), response.get_data()
        )
        request_keys.keep(work, key, answer)
    return response


def _fingerprint() -> bytes:
    head = f"{request.method} {request.full_path}\n".encode()
    return hashlib.sha256(head + read_bytes()).digest()


def _again(kept: KeptAnswer) -> Response:
    response = Response(kept.body, status=kept.status, mimetype="application/json")
    if kept.etag:
        response.headers["ETag"] = kept.etag
    if kept.location:
        response.headers["Location"] = kept.location
    response.headers["Idempotency-Replayed"] = "true"
    return response
