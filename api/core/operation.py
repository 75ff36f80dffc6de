"""Turns a function into an operation: who asks, what was sent, the transaction, the answer, and its documentation."""

import inspect
import json
import logging
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

import flask_smorest
from flask import Response, request
from marshmallow import Schema
from sqlalchemy.exc import DBAPIError

from api.core import bodies, document, idempotency, signed_in, versions
from api.core.pages import PageAnswer, page_body, take_page
from curbstop.models.engine import is_passing

log = logging.getLogger("curbstop.api")

Function = TypeVar("Function", bound=Callable[..., Any])
# A mark that a handler carries between its own decorator and `operation`.
_EDITS, _CREATES = "_curbstop_edits", "_curbstop_creates"
# How often a transaction that another one was in the way of is carried out.
TRIES = 3


def edits(function: Function) -> Function:
    """The handler gets `if_version`, from If-Match, and passes it to its command."""
    setattr(function, _EDITS, True)
    return function


def creates(location: str) -> Callable[[Function], Function]:
    """The handler creates a row: Idempotency-Key is required, 201 answered, Location made of the answer's members."""

    def mark(function: Function) -> Function:
        setattr(function, _CREATES, location)
        return function

    return mark


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc] # flask-smorest carries no types
    """The operations of one noun."""

    def operation(
        self,
        method: str,
        rule: str,
        *,
        answer: type[Schema] | Schema | None = None,
        body: type[Schema] | None = None,
        query: type[Schema] | None = None,
        status: int | None = None,
        problems: tuple[str, ...] = (),
        public: bool = False,
        blocked_too: bool = False,
        by_key: bool = False,
        most_bytes: int = bodies.MOST_BYTES,
        as_sent: frozenset[str] = frozenset(),
        doc: Mapping[str, Any] | None = None,
    ) -> Callable[[Function], Function]:
        """Registers the function under `method` and `rule`.

        It is called with the path's parameters and, by name, `body` and `query` (plain dicts that the schemas
        loaded), `page` (when `answer` is a page), `if_version` (when marked `@edits`). It returns what `answer` dumps,
        or a finished Response. Its name is the operationId, its docstring the summary. `problems` are the codes of its
        command; those of signing in, parsing, versions and pages are added here. Members of the body named by
        `as_sent` may hold what is refused elsewhere (NUL, NaN): the function judges them.
        `blocked_too` lets a blocked tablet in as well, `by_key` a GIS tool with somebody's key for layers.
        """

        def register(function: Function) -> Function:
            spec = _Operation(
                function,
                rule,
                answer=answer,
                body=body,
                query=query,
                status=status,
                public=public,
                most=most_bytes,
                as_sent=as_sent,
            )
            spec.blocked_too, spec.by_key = blocked_too, by_key

            @wraps(function)
            def handler(**path: Any) -> Response:
                return spec.run(path)

            written = spec.documentation(problems)
            # Where flask-smorest looks for it.
            setattr(handler, "_apidoc", {"manual_doc": _merged(written, doc or {})})  # noqa: B010
            self.route(rule, methods=[method], parameters=document.path_parameters(rule))(handler)
            return function

        return register


class _Operation:
    """One operation: what it takes and gives, and how a request goes through it."""

    def __init__(
        self,
        function: Callable[..., Any],
        rule: str,
        *,
        answer: type[Schema] | Schema | None,
        body: type[Schema] | None,
        query: type[Schema] | None,
        status: int | None,
        public: bool,
        most: int,
        as_sent: frozenset[str],
    ) -> None:
        self.function, self.rule, self.public = function, rule, public
        self.most_bytes, self.as_sent = most, as_sent
        self.blocked_too = self.by_key = False
        self.id = function.__name__
        self.answer = answer() if isinstance(answer, type) else answer
        self.body = body() if body else None
        self.may_say_nothing = self.body is not None and not any(one.required for one in self.body.fields.values())
        self.query = query() if query else None
        self.edits = bool(getattr(function, _EDITS, False))
        self.location: str | None = getattr(function, _CREATES, None)
        self.paged = isinstance(self.answer, PageAnswer)
        self.tagged = self.answer is not None and "version" in self.answer.fields
        self.status = status or (201 if self.location is not None else 200 if self.answer else 204)

    def run(self, path: dict[str, Any]) -> Response:
        """The answer; carried out again where another transaction was in the way, as long as nothing was streamed in.

        Of two that wait for each other's rows PostgreSQL ends one, and whoever asked for it did nothing wrong.
        """
        may_repeat = self.body is not None or not request.content_length
        for left in reversed(range(TRIES if may_repeat else 1)):
            try:
                return self._run(path)
            except DBAPIError as error:
                if not left or not is_passing(error):
                    raise
                log.info("%s met %s; %d tries left", self.id, type(error.orig).__name__, left)
        raise AssertionError

    def _run(self, path: dict[str, Any]) -> Response:
        if not self.public:
            signed_in.identify(blocked_too=self.blocked_too, by_key=self.by_key)
        if self.location is not None:
            return idempotency.once(lambda: self._carry_out(path))
        return self._carry_out(path)

    def _carry_out(self, path: dict[str, Any]) -> Response:
        given: dict[str, Any] = dict(path)
        if self.edits:
            given["if_version"] = versions.if_match()
        if self.query is not None:
            given["query"] = self._load_query(self.query)
        if self.paged:
            given["page"] = take_page(self.id, given["query"])
        if self.body is not None:
            sent = bodies.read_json(self.most_bytes, as_sent=self.as_sent, optional=self.may_say_nothing)
            given["body"] = bodies.load(self.body, sent, "body")
        asked = given.get("page")
        result = self.function(**given)
        if isinstance(result, Response):
            return result
        headers: dict[str, str] = {}
        if self.paged:
            assert asked is not None
            result, headers = page_body(self.id, result, asked)
        return self._answered(result, headers)

    def _load_query(self, schema: Schema) -> Any:
        sent: dict[str, Any] = {}
        for name, values in request.args.lists():
            bodies.check_text(name, "query")
            for value in values:
                bodies.check_text(value, "query", name)
            field = schema.fields.get(name)
            sent[name] = values if field is not None and hasattr(field, "inner") else values[0]
            if len(values) > 1 and sent[name] is not values:
                raise bodies.invalid("query", name, "Given more than once.")
        return bodies.load(schema, sent, "query")

    def _answered(self, result: Any, headers: Mapping[str, str]) -> Response:
        if self.answer is None:
            return Response(status=self.status)
        dumped = self.answer.dump(result)
        response = Response(json.dumps(dumped, default=str), status=self.status, mimetype=document.JSON)
        response.headers.extend(headers)
        if self.tagged:
            response.headers["ETag"] = versions.etag(dumped["version"])
        if self.location:
            response.headers["Location"] = self.location.format_map(dumped)
        return response

    def documentation(self, problems: tuple[str, ...]) -> dict[str, Any]:
        """What this operation adds to the OpenAPI document."""
        summary, _, description = inspect.cleandoc(self.function.__doc__ or "").partition("\n")
        parameters: list[Any] = [{"in": "query", "schema": self.query}] if self.query is not None else []
        parameters += [document.IF_MATCH] if self.edits else []
        parameters += [document.IDEMPOTENCY_KEY] if self.location is not None else []
        good = document.success_response(self.answer, summary, self._success_headers())
        written: dict[str, Any] = {
            "operationId": self.id,
            "summary": summary,
            "security": [] if self.public else [{"bearer": []}, *([{"layer_key": []}] if self.by_key else [])],
            "responses": {str(self.status): good, **document.problem_responses([*problems, *self._own_codes()])},
        }
        if description.strip():
            written["description"] = description.strip()
        if parameters:
            written["parameters"] = parameters
        if self.body is not None:
            content = {document.JSON: {"schema": self.body}}
            written["requestBody"] = {"required": not self.may_say_nothing, "content": content}
        return written

    def _success_headers(self) -> dict[str, Any]:
        headers = {"ETag": document.ETAG} if self.tagged else {}
        if self.location:
            headers["Location"] = document.LOCATION
        if self.paged:
            headers["Link"] = document.LINK
        return headers

    def _own_codes(self) -> list[str]:
        """The codes that come from what an operation takes, not from its command."""
        codes = ["internal", "unavailable", "database_unreachable"]
        if not self.public:
            codes += [*signed_in.CODES, "forbidden"]
        if "<" in self.rule:
            codes += ["not_found"]
        if self.query is not None:
            codes += ["invalid"]
        if self.paged:
            codes += ["invalid_cursor"]
        if self.body is not None:
            codes += ["bad_request", "invalid", "too_large", "unsupported_media_type"]
        if self.edits:
            codes += ["bad_request", "precondition_required", "version_mismatch", "conflict"]
        if self.location is not None:
            codes += ["idempotency_key_required", "idempotency_key_reused", "conflict", "bad_request", "too_large"]
        return codes


def _merged(written: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """`extra` over `written`, member by member."""
    for key, value in extra.items():
        known = written.get(key)
        written[key] = _merged(known, value) if isinstance(known, dict) and isinstance(value, Mapping) else value
    return written
