"""Writes an operation's part of the OpenAPI document: parameters, bodies, answers, and every problem it can give."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import Schema

from api.core.errors import MEDIA_TYPE
from curbstop.domain.problems import PROBLEMS, Problem

JSON = "application/json"
PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `code` is stable: decide by it, show `detail`.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string", "description": "The same for every problem of this code."},
        "status": {"type": "integer"},
        "code": {"type": "string", "enum": sorted(PROBLEMS)},
        "detail": {"type": "string", "description": "What happened in this case, and what to do."},
        "errors": {
            "type": "array",
            "description": "With `invalid`: every value that was refused.",
            "items": {
                "type": "object",
                "required": ["where", "name", "message"],
                "properties": {
                    "where": {"type": "string", "description": "body, query, path or headers"},
                    "name": {"type": "string", "description": "The value, by its path."},
                    "message": {"type": "string"},
                },
            },
        },
        "current_version": {"type": "integer", "description": "With `version_mismatch`: the version that is there."},
    },
}
ETAG = {"description": 'The version of this row, such as "v3", for If-Match.', "schema": {"type": "string"}}
LOCATION = {"description": "Where the new row is.", "schema": {"type": "string", "format": "uri-reference"}}
LINK = {"description": 'The next page, as rel="next"; absent at the end.', "schema": {"type": "string"}}
RETRY_AFTER = {"description": "Try again after so many seconds.", "schema": {"type": "integer"}}
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "description": "The ETag of the version that was edited, or * for whichever is there.",
    "schema": {"type": "string", "minLength": 1, "examples": ['"v3"']},
}
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "description": "A fresh UUID for each new request; the same one when the request is sent again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[!-~]+$"},
}


def problem_responses(codes: Iterable[str]) -> dict[str, Any]:
    """A response for each status of `codes`, each with its codes as enum and an example."""
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    return {str(status): _problem_response(status, sorted(by_status[status])) for status in sorted(by_status)}


def _problem_response(status: int, codes: list[str]) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": " ".join(f"`{code}`: {PROBLEMS[code].title}." for code in codes),
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "allOf": [
                        {"$ref": "#/components/schemas/Problem"},
                        {"properties": {"code": {"enum": codes}, "status": {"const": status}}},
                    ]
                },
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
            }
        },
    }
    if status in {429, 503}:
        response["headers"] = {"Retry-After": RETRY_AFTER}
    if status == 412:
        response["headers"] = {"ETag": ETAG}
    return response


def problem_examples() -> dict[str, Any]:
    """One example for each code, for the document's components."""
    return {code: {"value": Problem(code).to_json()} for code in PROBLEMS}


def success_response(
    answer: Schema | Mapping[str, Any] | None, description: str, headers: Mapping[str, Any], media_type: str = JSON
) -> dict[str, Any]:
    """The response of the ordinary way through; `answer` is a schema, a raw JSON Schema, or None for no body."""
    response: dict[str, Any] = {"description": description}
    if answer is not None:
        response["content"] = {media_type: {"schema": answer}}
    if headers:
        response["headers"] = dict(headers)
    return response


def path_parameters(rule: str) -> list[dict[str, Any]]:
    """Descriptions of the path's parameters; their types are read from the rule itself."""
    names = re.findall(r"<(?:[^:<>]+:)?([^<>]+)>", rule)
    return [
        {"in": "path", "name": name, "description": f"The id of the {name.removesuffix('_id').replace('_', ' ')}."}
        for name in names
    ]
