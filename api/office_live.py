"""The office's live stream: which orders changed, by Server-Sent Events that go on where they were cut."""

from typing import Any

from flask import Response, request

from api.core import Blueprint, actor
from api.core.context import context
from api.core.document import RETRY_AFTER
from api.core.handover import Stream
from curbstop.queries.visible_orders import sight

blp = Blueprint("office live", "office_live", url_prefix="/dispatch", description="Changes for whoever looks on.")

_ABOUT = (
    "`ready` comes first and says by its id from where on changes are told: load the board after it. `orders` has "
    '`{"orders": [{"id", "version", "state", "technician_id", "scheduled_on", "due_at", "gone"}]}`; of one that you '
    "may see no longer only `id` and `gone`. `reload`: load the board anew (a gap, other rights, or all due moments "
    "are new). Comments keep the line open."
)
_EVENTS = {
    "200": {"description": _ABOUT, "content": {"text/event-stream": {"schema": {"type": "string"}}}},
    "503": {"headers": {"Retry-After": RETRY_AFTER}},
}
_LAST_EVENT = {
    "in": "header",
    "name": "Last-Event-ID",
    "required": False,
    "description": "The id of the last event that arrived: what changed since then is told at once.",
    "schema": {"type": "string", "maxLength": 60},
}


@blp.operation(
    "GET", "/stream", status=200, problems=("unavailable",), doc={"responses": _EVENTS, "parameters": [_LAST_EVENT]},
)  # fmt: skip
def listen_for_orders() -> Response:
    """Changes of the orders that you may see, as they happen.

    The stream ends after about ten minutes; open it again with Last-Event-ID, and nothing is missed or told twice.
    """
    me = actor()
    # Problem(forbidden) for whoever sees no order at all.
    sight(me)
    if request.method == "HEAD":
        return _answer([])
    listener = context().live.open_office(me, last=request.headers.get("Last-Event-ID"))
    stream = Stream(listener, request.environ)
    response = _answer(stream)
    response.call_on_close(stream.close)
    return response


def _answer(body: Any) -> Response:
    response = Response(body, mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    return response
