"""The one error handler: whatever goes wrong is answered as a problem, and nothing internal leaks."""

import json
import logging
from typing import Any

from flask import Flask, Response, g
from marshmallow import ValidationError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException

from api.core.bodies import refused
from curbstop.domain.problems import PROBLEMS, Problem

log = logging.getLogger("curbstop.api")

MEDIA_TYPE = "application/problem+json"
# The code that stands for a bare HTTP status.
BY_STATUS = {
    400: "bad_request",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    413: "too_large",
    416: "range_not_satisfiable",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    503: "unavailable",
}
# Codes whose detail speaks to whoever runs the server, not to whoever calls it.
INWARD = {"database_unreachable", "queue_unreachable", "files_unreachable", "bad_setting"}
RETRY_AFTER_S = {
    "unavailable": 2,
    "database_unreachable": 5,
    "queue_unreachable": 5,
    "files_unreachable": 5,
    "upload_locked": 2,
}


def register(app: Flask) -> None:
    """Every exception of a request ends here."""
    app.register_error_handler(Exception, answer)


def answer(error: Exception) -> Response:
    """The problem response for any exception."""
    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        return error.get_response()  # type: ignore[return-value] # a redirect is no problem
    response = problem_response(to_problem(error))
    if isinstance(error, HTTPException):
        for name, value in error.get_headers():
            if name.lower() in {"allow", "retry-after"}:
                response.headers[name] = value
    return response


def to_problem(error: Exception) -> Problem:
    """The catalogue's word for any exception; the unexpected is logged with its trace."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ValidationError):
        return refused(error.messages, "body")
    if isinstance(error, HTTPException):
        code = BY_STATUS.get(error.code or 500, "bad_request" if (error.code or 500) < 500 else "internal")
        return Problem(code)
    if isinstance(error, DBAPIError):
        return _of_database(error)
    log.error("unexpected %s in request %s", type(error).__name__, g.get("request_id"), exc_info=error)
    return Problem("internal", request_id=g.get("request_id"))


def _of_database(error: DBAPIError) -> Problem:
    if isinstance(error, IntegrityError):
        log.info("refused by a constraint in request %s: %s", g.get("request_id"), _first_line(error))
        return Problem("conflict")
    if isinstance(error, DataError):
        log.info("refused by a column in request %s: %s", g.get("request_id"), _first_line(error))
        return Problem("invalid", "A value does not fit its column.", errors=[])
    if isinstance(error, OperationalError) or error.connection_invalidated:
        log.error("database failed in request %s: %s", g.get("request_id"), _first_line(error))
        return Problem("unavailable")
    log.error("unexpected database error in request %s", g.get("request_id"), exc_info=error)
    return Problem("internal", request_id=g.get("request_id"))


def _first_line(error: DBAPIError) -> str:
    """What happened, without the row that it happened to."""
    return str(error.orig).partition("\n")[0]


def problem_response(problem: Problem) -> Response:
    """The problem as `application/problem+json`, with the headers that go with its code."""
    body = problem.to_json()
    if problem.code in INWARD:
        log.error("%s in request %s: %s", problem.code, g.get("request_id"), problem.detail)
        body["detail"] = PROBLEMS["unavailable"].remedy
    response = Response(json.dumps(body, default=str), status=problem.status, mimetype=MEDIA_TYPE)
    for name, value in _headers(problem).items():
        response.headers[name] = value
    return response


def _headers(problem: Problem) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="Curbstop layers", Bearer' if g.get("by_key") else "Bearer"
    if problem.code == "version_mismatch" and "current_version" in problem.extra:
        headers["ETag"] = f'"v{problem.extra["current_version"]}"'
    if problem.code == "range_not_satisfiable" and "size" in problem.extra:
        headers["Content-Range"] = f"bytes */{problem.extra['size']}"
    wait = problem.extra.get("retry_after_s") or RETRY_AFTER_S.get(problem.code)
    if wait:
        headers["Retry-After"] = str(wait)
    return headers
