"""The live stream: a poke whenever something in a tablet's buckets changed, by Server-Sent Events."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

from flask import Response, request

from api.core import Blueprint, actor, reading
from api.core.context import context
from api.core.document import RETRY_AFTER
from curbstop.domain.problems import Problem
from curbstop.queries import staff
from curbstop.queries import tablets as queries
from sync import scope

blp = Blueprint("live", "live", url_prefix="/sync/v1", description="Pokes for tablets that are online.")

KEEPALIVE_S, LONGEST_S = 15.0, 600.0

_EVENTS = {
    "200": {
        "description": '`event: poke` with `data: {"seq": N}` and `id: N`; comments keep the line open.',
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    "503": {"headers": {"Retry-After": RETRY_AFTER}},
}
_LAST_EVENT = {
    "in": "header",
    "name": "Last-Event-ID",
    "required": False,
    "description": "The `seq` of the last checkpoint that was applied: what changed since then is poked at once.",
    "schema": {"type": "string", "pattern": "^[0-9]{1,18}$"},
}


@blp.operation(
    "GET", "/stream", status=200, problems=("tablet_required", "unavailable"),
    doc={"responses": _EVENTS, "parameters": [_LAST_EVENT]},
)  # fmt: skip
def listen_for_changes() -> Response:
    """A poke whenever something in this tablet's buckets changed; then pull.

    The stream ends after ten minutes; open it again. Without it, pull every few minutes.
    """
    me, found, stack = actor(), context(), ExitStack()
    queries.syncing(me)
    with reading() as session:
        buckets = frozenset(scope.buckets_of(session, me))
    listener = stack.enter_context(found.live.listening(buckets))
    seen = request.headers.get("Last-Event-ID", "")
    if seen.isdecimal() and len(seen) <= 18:
        missed = found.live.newest_in(buckets, int(seen))
        if missed is not None:
            listener.poke(missed)

    def still_mine() -> frozenset[str]:
        with found.sessions.read() as session:
            staff.actor_of(session, me.staff_id, me.tablet_id)  # type: ignore[arg-type] # somebody is signed in
            return frozenset(scope.buckets_of(session, me))

    def events() -> Iterator[bytes]:
        yield b": listening\n\n"
        ends = time.monotonic() + LONGEST_S
        while (left := ends - time.monotonic()) > 0:
            seq = listener.wait(min(KEEPALIVE_S, left))
            try:
                listener.buckets = still_mine()
            except Problem:
                return
            yield b": alive\n\n" if seq is None else b'id: %d\nevent: poke\ndata: {"seq": %d}\n\n' % (seq, seq)

    response = Response(events(), mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(stack.close)
    return response
