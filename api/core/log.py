"""One line of log for each request, without query strings or tokens, and the headers that every answer carries."""

import json
import logging
import re
import time
import uuid

from flask import Flask, Response, g, request

log = logging.getLogger("curbstop.request")


def register(app: Flask) -> None:
    """Requests are numbered, timed, logged, and their answers kept out of caches."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.began = time.monotonic()
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if re.fullmatch(r"[\w-]{8,64}", given, re.ASCII) else uuid.uuid4().hex


def _end(response: Response) -> Response:
    headers = response.headers
    headers["X-Request-Id"] = g.get("request_id", "")
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Cache-Control", "no-store")
    headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    headers.setdefault("Referrer-Policy", "no-referrer")
    if request.headers.get("X-Forwarded-Proto", request.scheme) == "https":
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if log.isEnabledFor(logging.INFO):
        log.info(_line(response))
    return response


def _line(response: Response) -> str:
    """Paths hold ids only; secrets travel in headers and bodies, which are not logged."""
    actor = g.get("actor")
    facts = {
        "request_id": g.get("request_id"),
        "method": request.method,
        "path": request.path,
        "status": response.status_code,
        "ms": round((time.monotonic() - g.get("began", time.monotonic())) * 1000, 1),
        "staff_id": str(actor.staff_id) if actor else None,
        "tablet_id": str(actor.tablet_id) if actor and actor.tablet_id else None,
        "from": request.remote_addr,
    }
    return json.dumps(facts)
