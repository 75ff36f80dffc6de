"""The live stream: a poke whenever something in a tablet's buckets changed, by Server-Sent Events."""

from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from api.core import Blueprint, actor, reading
from api.core.context import context
from api.core.document import RETRY_AFTER
from api.core.handover import Stream
from api.core.listeners import Listener
from api.core.office_listeners import OfficeListener
from curbstop.domain.problems import Problem
from curbstop.queries import staff
from curbstop.queries import tablets as queries
from curbstop.queries.visible_orders import sight
from sync import scope

blp = Blueprint("live", "live", url_prefix="/sync/v1", description="Pokes for tablets that are online.")

_EVENTS = {
    "200": {
        "description": '`event: poke` with `data: {"seq": N}` and `id: N`; comments keep the line open, `retry` says '
        "how long to wait before the next stream.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    "503": {"headers": {"Retry-After": RETRY_AFTER}},
}  # fmt: skip
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

    The stream ends after about ten minutes, and when the session does. Without it, pull every few minutes.
    """
    me = actor()
    tablet_id = queries.syncing(me)
    assert me.staff_id is not None
    if request.method == "HEAD":
        return _answer([])
    with reading() as session:
        buckets = frozenset(scope.buckets_of(session, me))
    last = request.headers.get("Last-Event-ID", "")
    after = int(last) if last.isdecimal() and last.isascii() and len(last) <= 18 else None
    listener = context().live.open(me.staff_id, tablet_id, buckets, after=after)
    stream = Stream(listener, request.environ)
    response = _answer(stream)
    response.call_on_close(stream.close)
    return response


def standing(session: Session, listener: Listener) -> frozenset[str]:
    """The buckets that a listener may hear of now, or the Problem that ends its stream."""
    me = staff.actor_of(session, listener.staff_id, listener.tablet_id)
    if isinstance(listener, OfficeListener):
        sight(me)
        listener.actor = me
        return listener.buckets
    queries.syncing(me)
    assert listener.tablet_id is not None
    if staff.has_signed_out(session, listener.staff_id, listener.tablet_id):
        raise Problem("session_ended")
    return frozenset(scope.buckets_of(session, me))


def _answer(body: Any) -> Response:
    response = Response(body, mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    return response
