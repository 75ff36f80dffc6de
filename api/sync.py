"""The tablet's side: enrol, push, pull and gate codes. The protocol itself is in `sync`."""

import json
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any, cast
from uuid import UUID

from flask import Response, request

from api.core import Answer, Blueprint, Body, Query, actor, reading, writing
from api.core.bodies import invalid
from api.core.context import context
from api.core.handovers import hand_over
from api.core.schemas import Anything, Free, Id, Many, Part, Text, Whole
from api.core.streams import NDJSON, ndjson
from curbstop.commands import secrets, tries
from curbstop.commands import tablets as commands
from curbstop.commands.tablets import Enrolled
from curbstop.domain.actors import SYSTEM
from curbstop.domain.problems import Problem
from curbstop.models.base import utc_now
from curbstop.queries import tablets as queries
from sync import news
from sync import pull as pulling
from sync import push as pushing
from sync.contract import SCHEMA_VERSION

blp = Blueprint("sync", "sync", url_prefix="/sync/v1", description="What tablets use; see docs/sync-protocol.md.")

PUSH_BYTES = 1024 * 1024
BEACON_BYTES = 4_096


class EnrolBody(Body):
    code = Text(
        "The code from the office; lower case, blanks and hyphens do not matter.", "K7MR2QWX", required=True, longest=20
    )
    install_id = Text("A random id of this installation of the app.", "b7c1", required=True, shortest=1, longest=64)
    schema_version = Whole("Which contract of mobile-schema it speaks.", 1, required=True, least=1, most=1000)
    public_key = Text(
        "Ed25519, 32 bytes in base64url: from now on it seals its ops.", longest=200, load_default=None, allow_none=True
    )


class EnrolAnswer(Answer):
    tablet_id = Id("The tablet's id.")
    tablet_key = Text("The tablet's secret: keep it, sign in with it.")
    name = Text("What the office calls it.", "Truck 7")


def BEACON() -> Any:  # noqa: N802 - a field of two bodies
    return Free(
        "What the tablet says of its own outbox; mobile-schema describes it.",
        {"install_id": "b7c1", "outbox_count": 4, "last_n": 17},
        load_default=None,
        allow_none=True,
    )


def CLOCK() -> Any:  # noqa: N802 - a field of two bodies
    return Free(
        "What the tablet's clocks show as it sends; mobile-schema describes it.",
        {"sent_at": "2026-07-30T14:05:00Z", "boot_id": "5f0c9c1e", "mono_ms": 86_460_000},
        load_default=None,
        allow_none=True,
    )


class PushBody(Body):
    ops = Many(
        Anything("An op, or a sealed one: `content` and `signature`; mobile-schema describes both.", allow_none=True),
        "At most 200 ops, oldest first.",
        required=True,
    )
    beacon = BEACON()
    clock = CLOCK()


class VerdictAnswer(Answer):
    op_id = Text("The op's id, as it was sent.")
    verdict = Text(
        "What became of it; it never changes, but for `waiting`.",
        "applied",
        choices=["applied", "merged", "superseded_noop", "duplicate", "parked", "quarantined", "waiting"],
    )
    code = Text("Why, as a problem's code.")
    detail = Text("Why, in words.")
    result = Free("What it made, or the conflict that it waits in.")

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        field_obj.required = field_name in {"op_id", "verdict", "n"}


class NumberedVerdictAnswer(VerdictAnswer):
    n = Whole("The op's number on this tablet.", 1)


class PushAnswer(Answer):
    verdicts = Many(Part(VerdictAnswer, "A verdict."), "One for each op, in the order sent.")
    server_time = Text("The server's clock.", "2026-07-30T14:05:00.000000Z")


class OpsQuery(Query):
    after_n = Whole("Only ops with a higher number.", 0, least=0, strict=False, load_default=0)
    limit = Whole("At most so many.", 500, least=1, most=1000, strict=False, load_default=500)


class OpsAnswer(Answer):
    ops = Many(Part(NumberedVerdictAnswer, "A verdict."), "What the server has, by number.")
    next_after_n = Whole("Where the next page begins; null at the end.", allow_none=True)


class PullBody(Body):
    cursor = Text(
        "The cursor of the last pull that was applied; null for everything.",
        longest=8_000,
        allow_none=True,
        load_default=None,
    )
    schema_version = Whole("Which contract of mobile-schema the tablet speaks.", 1, required=True)
    resume = Many(
        Text("The `next` of a data line.", longest=8_000),
        "What is staged of a pull with this cursor that broke off: the last `next` of each bucket.",
        load_default=list,
        most=200,
    )
    beacon = BEACON()
    clock = CLOCK()


class GateCodeAnswer(Answer):
    gate_code = Text("Show it, do not store it.", "4711#")


@blp.operation(
    "POST",
    "/enrol",
    body=EnrolBody,
    answer=EnrolAnswer,
    status=201,
    public=True,
    problems=("enrolment_code_invalid", "too_many_requests"),
)
def enrol_tablet(body: dict[str, Any]) -> Enrolled:
    """Turn a one-time code into a tablet.

    The same code from the same installation gives the same answer again, should the first have been lost.
    """
    name = f"enrol {request.remote_addr}"
    with reading() as session:
        tries.check(session, name, context().settings.sign_in_tries, utc_now())
    try:
        with writing(SYSTEM) as work:
            enrolled = commands.enrol(work, body.pop("code"), **body)
    except Problem as problem:
        if problem.code == "enrolment_code_invalid":
            with writing(SYSTEM) as work:
                tries.wrong(work, name)
        raise
    return enrolled


@blp.operation(
    "POST",
    "/push",
    body=PushBody,
    answer=PushAnswer,
    most_bytes=PUSH_BYTES,
    # One op with a NUL in a note must not hold up the others: it gets its own verdict.
    as_sent=frozenset({"ops"}),
    problems=("tablet_required",),
    blocked_too=True,
)
def push_ops(body: dict[str, Any]) -> dict[str, Any]:
    """Send ops; each gets exactly one verdict, the same one however often it is sent.

    The body may be gzip. What is wrong with an op is its verdict, never an error of the request. What a blocked tablet
    still sends is kept and not carried out.
    """
    found = context()
    queries.syncing(actor())
    _check_small(body)
    verdicts = pushing.take(
        found.sessions, actor(), found.settings, body["ops"], beacon=body["beacon"], clock=body["clock"]
    )
    return {"verdicts": verdicts, "server_time": utc_now().isoformat().replace("+00:00", "Z")}


def _check_small(body: dict[str, Any]) -> None:
    for name in ("beacon", "clock"):
        if body[name] is not None and len(json.dumps(body[name])) > BEACON_BYTES:
            raise invalid("body", name, f"At most {BEACON_BYTES} bytes.")


@blp.operation("GET", "/ops", query=OpsQuery, answer=OpsAnswer, problems=("tablet_required",))
def list_ops(query: dict[str, Any]) -> dict[str, Any]:
    """What the server has got from this tablet."""
    queries.syncing(actor())
    with reading() as session:
        ops, next_after_n = pushing.verdicts(session, actor(), query["after_n"], query["limit"])
    return {"ops": ops, "next_after_n": next_after_n}


_LINES = {
    "200": {
        "description": "Lines: a checkpoint, data, and checkpoint_complete; apply all of them or none.",
        "headers": {"Vary": {"schema": {"type": "string"}}},
        "content": {NDJSON: {"schema": {"type": "string", "description": "One JSON object a line."}}},
    },
    "204": {"description": "Nothing changed since the cursor."},
}


@blp.operation(
    "POST",
    "/pull",
    body=PullBody,
    status=200,
    problems=(
        "tablet_required",
        "invalid_cursor",
        "history_changed",
        "schema_unsupported",
        "drain_only",
        "unavailable",
    ),
    doc={"responses": _LINES},
)
def pull_changes(body: dict[str, Any]) -> Response:
    """What changed in this tablet's buckets since its cursor, from one consistent snapshot."""
    me, found = actor(), context()
    queries.syncing(me)
    _check_small(body)
    current = found.settings.oldest_schema <= body["schema_version"] == SCHEMA_VERSION
    if body["cursor"] is not None and not body["resume"] and current:
        with found.sessions.glance() as connection:
            if news.quiet(connection, me, found.settings, body["cursor"], utc_now(), beacon=body["beacon"]):
                return Response(status=204)
    hand_over(found, me, body)
    stack = ExitStack()
    try:
        if body["cursor"] is None:
            # Everything is much to read; whoever has to wait is told so before it is looked at.
            stack.callback(found.turns.take())
        session = stack.enter_context(found.sessions.read())
        lines = pulling.texts(
            session, me, found.settings, body["cursor"], body["schema_version"], resume=body["resume"]
        )
        if lines is not None and body["cursor"] is not None:
            stack.callback(found.turns.take())
    except BaseException:
        stack.close()
        raise
    if lines is None:
        stack.close()
        return Response(status=204)
    response = ndjson(lines, stack.close, limit_s=found.settings.pull_seconds)
    response.response = found.turns.paced(cast(Iterable[bytes], response.response))
    return response


@blp.operation(
    "GET",
    "/service-points/<uuid:service_point_id>/gate-code",
    answer=GateCodeAnswer,
    problems=("tablet_required", "unavailable"),
)
def reveal_gate_code(service_point_id: UUID) -> dict[str, str]:
    """The gate code, for the technician with an order there today, within the work window. It is audited."""
    queries.syncing(actor())
    with writing() as work:
        return {"gate_code": secrets.reveal_gate_code(work, service_point_id)}
