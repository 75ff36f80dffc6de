"""What the technician sees: the server's rows with the unanswered ops laid over them, computed at each look."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from curbstop.tablet.store import Store

Body = dict[str, Any]
_STATE_AFTER = {
    "order.travel": "en_route",
    "order.arrive": "on_site",
    "order.suspend": "suspended",
    "order.resume": "on_site",
    "order.decline": "ready",
    "order.acknowledge_recall": "cancelled",
}


def find(store: Store, entity_type: str, row_id: str) -> Body | None:
    """The body of a row as the technician sees it; None if it is not on the tablet.

    With it come `id`, `leaving` and `with_office`: what of the technician's work on it the office is looking at.
    NotAllowed when the tablet's lease on viewing is over.
    """
    store.check_may_view()
    ops = _ops(store, f"{entity_type}/{row_id}")
    kept = store.server_row(entity_type, row_id)
    if kept is not None:
        _version, leaving, body = kept
    elif ops and ops[0]["kind"] == "order.create":
        leaving, body = False, _found_work(ops[0]["args"])
    else:
        return None
    for op in ops:
        _lay(body, op["kind"], op["args"])
    return {"id": row_id, "leaving": leaving, "with_office": with_office(store, f"{entity_type}/{row_id}"), **body}


def every(store: Store, entity_type: str) -> Iterator[Body]:
    """All rows of a type as the technician sees them, those created on the tablet included."""
    store.check_may_view()
    ids = {row["id"] for row in store.query("SELECT id FROM server_row WHERE entity_type = ?", entity_type)}
    created = store.query(
        "SELECT aggregate FROM outbox WHERE kind = 'order.create'"
        " UNION SELECT aggregate FROM verdict"
        " WHERE kind = 'order.create' AND shown = 1 AND verdict NOT IN ('parked', 'quarantined')"
    )
    if entity_type == "service_order":
        ids |= {row["aggregate"].partition("/")[2] for row in created}
    for row_id in sorted(ids):
        body = find(store, entity_type, row_id)
        if body is not None:
            yield body


def orders(store: Store) -> list[Body]:
    """The technician's orders in the order of the day."""
    return sorted(
        every(store, "service_order"),
        key=lambda body: (body["scheduled_on"] or "", body["place"] or 0, body["number"] or ""),
    )


def stops(store: Store) -> list[Body]:
    """The stops of all routes on the tablet, in walking order; `visit` tells what was done there, or None."""
    return sorted(every(store, "stop"), key=lambda body: (body["route_code"], body["sequence"]))


def with_office(store: Store, aggregate: str) -> list[Body]:
    """Work on a thing that was parked, oldest first: {op_id, kind, code, state, resolution, says}.

    It begins with the verdict, before any pull, so that what was noted is never silently gone from the screen; the
    conflict's own row then tells how it was settled, until it leaves.
    """
    rows: dict[str, list[Body]] = {}
    for row in store.query(_CONFLICTS, "conflict"):
        body = json.loads(row["body"])
        if body["aggregate"] == aggregate:
            # An op may have two: its position waits for GIS beside the rest.
            rows.setdefault(body["op_id"], []).append(body)
    found = []
    for row in store.query(_PARKED, aggregate):
        bodies = rows.pop(row["op_id"], [])
        found += [_said(body) for body in sorted(bodies, key=_since)]
        # No pull has brought the conflict yet, or it was settled so long ago that it has left.
        if not bodies and row["shown"]:
            found.append(_said({**dict(row), "state": "open"}))
    return found + [_said(body) for body in sorted((one for many in rows.values() for one in many), key=_since)]


def _since(body: Body) -> Any:
    return body["parked_at"]


def conflicts(store: Store) -> list[Body]:
    """Everything of this technician's that the office looks at or has settled, oldest first, each with its row's id."""
    rows = store.query("SELECT id, body FROM server_row WHERE entity_type = 'conflict'")
    bodies = [{"id": row["id"], **json.loads(row["body"])} for row in rows]
    return sorted(bodies, key=lambda body: (body["parked_at"], body["id"]))


def proposals(store: Store) -> list[Body]:
    """What this technician proposed about routes and places, oldest first; `says` is GIS's answer in words."""
    said = {"open": "GIS is looking at it.", "accepted": "GIS has taken it.", "refused": "GIS has refused it."}
    bodies = every(store, "route_change_request")
    told = [{**body, "says": " ".join(filter(None, (said[body["state"]], body["reason"])))} for body in bodies]
    return sorted(told, key=lambda body: (body["proposed_at"], body["id"]))


_CONFLICTS = "SELECT body FROM server_row WHERE entity_type = ?"
_PARKED = (
    "SELECT op_id, kind, code, shown FROM verdict"
    " WHERE aggregate = ? AND verdict IN ('parked', 'quarantined') ORDER BY n"
)
_SAYS = {
    None: "The office is looking at it.",
    "apply": "The office has taken it as you noted it.",
    "merge": "The office has taken it with corrections.",
    "keep_theirs": "The office keeps what it has; what you captured is kept beside it.",
}


def _said(body: Mapping[str, Any]) -> Body:
    reason = body.get("reason")
    says = _SAYS[body.get("resolution")] + (f" {reason}" if reason else "")
    return {name: body.get(name) for name in ("op_id", "kind", "code", "state", "resolution")} | {"says": says}


def _ops(store: Store, aggregate: str) -> list[dict[str, Any]]:
    """Ops to be laid over a row: unanswered ones, and answered ones whose effects no pull has brought."""
    rows = store.query(
        "SELECT n, content FROM outbox WHERE aggregate = ?"
        " UNION ALL SELECT n, content FROM verdict"
        " WHERE aggregate = ? AND shown = 1 AND verdict NOT IN ('parked', 'quarantined') ORDER BY n",
        aggregate,
        aggregate,
    )
    return [json.loads(row["content"]) for row in rows]


def _found_work(args: Mapping[str, Any]) -> Body:
    empty = dict.fromkeys(
        ("number", "requested_on", "window_start", "window_end", "scheduled_on", "place", "technician_id",
         "authorized_until", "customer_name", "account_number", "outcome", "notes", "type_version")
    )  # fmt: skip
    given = {"type_code": args["type_code"], "service_point_id": args["service_point_id"]}
    given["instructions"] = args.get("instructions")
    return {**empty, **given, "state": "dispatched", "priority": 3, "attempt_no": 1, "captures": {}, "flags": []}


def _lay(body: Body, kind: str, args: Mapping[str, Any]) -> None:
    if kind in _STATE_AFTER:
        body["state"] = _STATE_AFTER[kind]
    elif kind in _LAYERS:
        _LAYERS[kind](body, args)


def _finish(body: Body, args: Mapping[str, Any], state: str) -> None:
    body["state"] = state
    body["outcome"] = args["outcome"]
    body["captures"] = {**body["captures"], **args.get("captures", {})}
    body["notes"] = args.get("notes") or body["notes"]


def _edit(body: Body, args: Mapping[str, Any]) -> None:
    for name, change in args["fields"].items():
        # A position is two members of the row.
        body.update(change["value"] if name == "location" else {name: change["value"]})


_LAYERS: dict[str, Callable[[Body, Mapping[str, Any]], None]] = {
    "order.complete": lambda body, args: _finish(body, args, "completed"),
    "order.return": lambda body, args: _finish(
        body, args, "cancelled" if body["state"] == "recall_pending" else "returned"
    ),
    "stop.read": lambda body, args: body.update(visit={"kind": "read", "readings": args["readings"]}),
    "stop.skip": lambda body, args: body.update(visit={"kind": "skip", "skip_code": args["skip_code"]}),
    "service_point.edit": _edit,
}
