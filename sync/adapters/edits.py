"""Turns a row that a client altered into the ops that say what happened, and pushes them as any op.

Nothing writes a row: a field that was corrected is a `service_point.edit`, a state that an order went to is the event
that leads there, and a row of the table `op` is an op already. What no op says is not carried out; the client gets the
server's row again.

The id of an op follows from what the client sent and from nothing else, so a retry finds the first try, whatever that
has made of the row meanwhile. Only of an op that is not here yet it is asked what it was before.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from curbstop.commands.field_notes import FIELDS, LOCATION
from curbstop.domain.actors import Actor
from curbstop.models.among import among
from curbstop.models.base import utc_now
from curbstop.models.engine import Sessions
from curbstop.models.op_ledger import OpLedger
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from curbstop.settings import Settings
from sync import push
from sync.handlers import PROGRESS
from sync.ops import as_uuid
from sync.rows import moment
from sync.verdicts import NOOP

Row = Mapping[str, Any]
Args = dict[str, Any]
OP = "op"
# The same edit again has the same id.
_EDITS = UUID("0190a1e0-0000-7000-8000-000000000003")
# Verdicts after which the row is on its way to what the client made of it.
GOOD: Final = frozenset({"applied", "merged", "duplicate", "waiting"})
# How often one event may be told anew of one version of an order, after it was told in vain.
_TIMES = 8


@dataclass(frozen=True, slots=True)
class Edit:
    """A row as the client knew it (None: it does not say) and as it made it; `changed` are the columns, if it says."""

    table: str
    row_id: str
    before: Row | None
    after: Row
    changed: frozenset[str] | None = None

    @property
    def version(self) -> int | None:
        """The row's version that the client altered."""
        said = (self.before or self.after).get("row_version")
        return said if isinstance(said, int) and not isinstance(said, bool) else None

    def says(self, name: str) -> bool:
        """Whether the client altered the column."""
        if name not in self.after:
            return False
        return name in self.changed if self.changed is not None else self.after[name] != (self.before or {}).get(name)


@dataclass(frozen=True, slots=True)
class _Here:
    """What the server has: the last number of the tablet's ops, ops by id, and the rows that are edited."""

    last_n: int
    ops: Mapping[UUID, tuple[bytes, str | None, str | None]]
    states: Mapping[UUID, str]
    points: Mapping[UUID, ServicePoint]


def carry_out(sessions: Sessions, actor: Actor, settings: Settings, edits: Sequence[Edit]) -> list[bool]:
    """Pushes what the edits say; for each, whether the server's row becomes what it asks for.

    The same edit again is the same op, with the verdict that it got; only progress that was told in vain is told anew.
    Problems: those of a push.
    """
    ids = [_ids(actor, edit) for edit in edits]
    with sessions.read() as session:
        here = _look(session, actor, edits, [op_id for some in ids for op_id in some])
    last, said = here.last_n, []
    for edit, mine in zip(edits, ids, strict=True):
        made, fresh = _ops(edit, mine, here)
        if fresh:
            made = [{**op, "n": last + i, "noted_at": moment(utc_now())} for i, op in enumerate(made, start=1)]
            last += len(made)
        said.append(made)
    ops = [op for made in said for op in made]
    verdicts: list[str] = []
    for start in range(0, len(ops), push.MOST_OPS):
        part = push.take(sessions, actor, settings, ops[start : start + push.MOST_OPS])
        verdicts += [verdict["verdict"] for verdict in part]
    answers = iter(verdicts)
    # Of an edit that became several ops the last one leads to what it asks for.
    return [bool(made) and [next(answers) for _ in made][-1] in GOOD for made in said]


def _look(session: Session, actor: Actor, edits: Sequence[Edit], op_ids: Sequence[UUID]) -> _Here:
    rows: dict[str, list[UUID]] = {}
    for edit in edits:
        if (row_id := as_uuid(edit.row_id)) is not None:
            rows.setdefault(edit.table, []).append(row_id)
    known = session.execute(
        select(OpLedger.op_id, OpLedger.raw, OpLedger.kind, OpLedger.verdict).where(
            among(session, OpLedger.op_id, op_ids)
        )
    )
    orders = select(ServiceOrder.id, ServiceOrder.state).where(
        among(session, ServiceOrder.id, rows.get("service_order", []))
    )
    points = select(ServicePoint).where(among(session, ServicePoint.id, rows.get("service_point", [])))
    found = _Here(
        session.scalar(select(func.max(OpLedger.n)).where(OpLedger.tablet_id == actor.tablet_id)) or 0,
        {op_id: (raw, kind, verdict) for op_id, raw, kind, verdict in known},
        {row_id: str(state) for row_id, state in session.execute(orders)},
        {point.id: point for point in session.scalars(points)},
    )
    session.expunge_all()
    return found


def _ids(actor: Actor, edit: Edit) -> list[UUID]:
    """The ids that the edit's op may have, the likeliest first; none for what no op says."""
    if edit.table == "service_point":
        said: Any = {name: _listed(name, edit.after[name]) for name in FIELDS if edit.says(name)}
        times = 1
    elif edit.table == "service_order" and edit.says("state") and edit.after["state"] in _STATES:
        kind = _EVENTS[edit.after["state"]]
        said, times = [kind, _ARGS[kind](edit.after)], _TIMES if kind in PROGRESS else 1
    else:
        return []
    if not said:
        return []
    named = json.dumps([str(actor.tablet_id), edit.table, edit.row_id, edit.version, said], sort_keys=True)
    return [uuid5(_EDITS, f"{named} {time}" if time else named) for time in range(times)]


def _ops(edit: Edit, ids: Sequence[UUID], here: _Here) -> tuple[list[Args], bool]:
    """The ops that say what the edit says, and whether they are new, without number and time."""
    if edit.table == OP:
        return [_noted(edit.row_id, edit.after)], False
    for op_id in ids:
        if op_id not in here.ops:
            return _new(edit, op_id, here), True
        raw, kind, verdict = here.ops[op_id]
        # What was told in vain may count now: the order is where it was not then.
        if kind not in PROGRESS or verdict != NOOP or op_id == ids[-1]:
            # A retry says what the first try said, also when it was said and in which place.
            return [json.loads(raw)], False
    return [], False


def _new(edit: Edit, op_id: UUID, here: _Here) -> list[Args]:
    steps = _point(edit, here) if edit.table == "service_point" else _order(edit, here)
    # The last one has the id by which a retry is known.
    ids = [str(uuid5(op_id, str(place))) for place in range(1, len(steps))] + [str(op_id)]
    return [
        {
            "op_id": ids[place],
            "kind": kind,
            "kind_version": 1,
            "aggregate": f"{edit.table}/{edit.row_id}",
            "follows": ids[place - 1] if place else None,
            "base_version": edit.version,
            "args": args,
        }
        for place, (kind, args) in enumerate(steps)
    ]


def _noted(op_id: str, row: Row) -> Args:
    """An op that the app noted itself; sealed, when the tablet has a key."""
    if row.get("content"):
        return {"content": row["content"], "signature": row.get("signature")}
    names = ("n", "kind", "aggregate", "follows", "base_version", "noted_at")
    told = ("by", "base_seq", "boot_id", "mono_ms")
    return {
        "op_id": op_id,
        **{name: row.get(name) for name in names},
        # A column that was left empty says nothing.
        "kind_version": 1 if row.get("kind_version") is None else row["kind_version"],
        **{name: row[name] for name in told if row.get(name) is not None},
        "args": _read(row.get("args")),
    }


def _order(edit: Edit, here: _Here) -> list[tuple[str, Args]]:
    """The events that lead from where the order is to where the client has it: a client shows only the last."""
    now = str(edit.after["state"])
    row_id = as_uuid(edit.row_id)
    was = here.states.get(row_id) if row_id else None
    kinds = _PATHS.get((was or str((edit.before or {}).get("state")), now), (_EVENTS[now],))
    return [(kind, _ARGS[kind](edit.after)) for kind in kinds]


def _point(edit: Edit, here: _Here) -> list[tuple[str, Args]]:
    before = edit.before if edit.changed is None else _before(edit, here)
    fields = {
        name: {"base": _listed(name, (before or {}).get(name)), "value": _listed(name, edit.after[name])}
        for name in FIELDS
        if edit.says(name)
    }
    return [("service_point.edit", {"service_point_id": edit.row_id, "fields": fields})]


def _before(edit: Edit, here: _Here) -> Row:
    """What the columns were, for a client that says only which of them it altered.

    A column that nobody else changed since the client's version was what it is here. Of the others nothing is known;
    both sides are then kept, or the field's policy decides.
    """
    row_id = as_uuid(edit.row_id)
    point = here.points.get(row_id) if row_id else None
    if point is None:
        return {}
    since = edit.version or 0
    return {name: _value(point, name) for name in FIELDS if point.field_versions.get(name, 0) <= since}


def _value(point: ServicePoint, name: str) -> Any:
    if name != LOCATION:
        return getattr(point, name)
    if point.location is None:
        return None
    longitude, latitude = point_of(bytes(point.location.data))
    return {"longitude": longitude, "latitude": latitude}


def _visit(row: Row) -> Args:
    names = {"outcome": row.get("outcome"), "notes": row.get("notes")}
    return {**{name: value for name, value in names.items() if value}, "captures": _read(row.get("captures")) or {}}


def _reason(row: Row) -> Args:
    return {"reason": row.get("notes") or ""}


def _no_args(_row: Row) -> Args:
    return {}


def _listed(name: str, value: Any) -> Any:
    return _read(value) if name in {"hazards", LOCATION} else value


def _read(value: Any) -> Any:
    """What a client with columns keeps as JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


_EVENTS: Final = {
    "en_route": "order.travel",
    "on_site": "order.arrive",
    "suspended": "order.suspend",
    "completed": "order.complete",
    "returned": "order.return",
}
# Where one event from where the order is here would not do, or is another one.
_PATHS: Final = {
    ("suspended", "on_site"): ("order.resume",),
    ("suspended", "completed"): ("order.resume", "order.complete"),
    ("suspended", "returned"): ("order.resume", "order.return"),
    ("dispatched", "suspended"): ("order.arrive", "order.suspend"),
    ("en_route", "suspended"): ("order.arrive", "order.suspend"),
}
_STATES: Final = tuple(_EVENTS)
_ARGS: Final[dict[str, Callable[[Row], Args]]] = {
    "order.travel": _no_args,
    "order.arrive": _no_args,
    "order.resume": _no_args,
    "order.suspend": _reason,
    "order.complete": _visit,
    "order.return": _visit,
}
