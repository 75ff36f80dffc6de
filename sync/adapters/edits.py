"""Turns a row that a client altered into the op that says what happened, and pushes it as any op.

Nothing writes a row: a field that was corrected is a `service_point.edit`, a state that an order went to is the event
that leads there, and a row of the table `op` is an op already. What no op says is not carried out; the client gets the
server's row again.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import func, select

from curbstop.commands.field_notes import FIELDS
from curbstop.domain.actors import Actor
from curbstop.models.base import utc_now
from curbstop.models.engine import Sessions
from curbstop.models.op_ledger import OpLedger
from curbstop.settings import Settings
from sync import push
from sync.rows import moment

Row = Mapping[str, Any]
Args = dict[str, Any]
OP = "op"
# The same edit again has the same id.
_EDITS = UUID("0190a1e0-0000-7000-8000-000000000003")
# Verdicts after which the row is on its way to what the client made of it.
GOOD: Final = frozenset({"applied", "merged", "duplicate", "waiting"})


@dataclass(frozen=True, slots=True)
class Edit:
    """A row as the client knew it (None: not known) and as it made it."""

    table: str
    row_id: str
    before: Row | None
    after: Row


def carry_out(sessions: Sessions, actor: Actor, settings: Settings, edits: Sequence[Edit]) -> list[bool]:
    """Pushes what the edits say; for each, whether the server's row becomes what it asks for.

    The same edit again is the same op, with the verdict that it got. Problems: those of a push.
    """
    drafts = [_draft(actor, edit) for edit in edits]
    ids = [UUID(draft["op_id"]) for draft in drafts if draft and "content" not in draft and "n" not in draft]
    with sessions.read() as session:
        known = {row.op_id: row.raw for row in session.scalars(select(OpLedger).where(OpLedger.op_id.in_(ids)))}
        last = session.scalar(select(func.max(OpLedger.n)).where(OpLedger.tablet_id == actor.tablet_id)) or 0
    ops: list[Args] = []
    for draft in drafts:
        if draft is None:
            continue
        if "content" not in draft and "n" not in draft:
            raw = known.get(UUID(draft["op_id"]))
            last += 1
            # A retry says what the first try said, also when it was said and in which place.
            draft = json.loads(raw) if raw else {**draft, "n": last, "noted_at": moment(utc_now())}  # noqa: PLW2901
        ops.append(draft)
    verdicts: list[str] = []
    for start in range(0, len(ops), push.MOST_OPS):
        part = push.take(sessions, actor, settings, ops[start : start + push.MOST_OPS])
        verdicts += [verdict["verdict"] for verdict in part]
    answers = iter(verdicts)
    return [draft is not None and next(answers) in GOOD for draft in drafts]


def _draft(actor: Actor, edit: Edit) -> Args | None:
    if edit.table == OP:
        return _noted(edit.row_id, edit.after)
    said = _SAID.get(edit.table, _nothing)(edit)
    if said is None:
        return None
    kind, args = said
    version = (edit.before or edit.after).get("row_version")
    named = json.dumps([str(actor.tablet_id), edit.table, edit.row_id, version, kind, args], sort_keys=True)
    return {
        "op_id": str(uuid5(_EDITS, named)),
        "kind": kind,
        "kind_version": 1,
        "aggregate": f"{edit.table}/{edit.row_id}",
        "follows": None,
        "base_version": version,
        "args": args,
    }


def _noted(op_id: str, row: Row) -> Args:
    """An op that the app noted itself; sealed, when the tablet has a key."""
    if row.get("content"):
        return {"content": row["content"], "signature": row.get("signature")}
    names = ("n", "kind", "aggregate", "follows", "base_version", "noted_at")
    return {
        "op_id": op_id,
        "kind_version": 1,
        **{name: row.get(name) for name in names},
        "args": _read(row.get("args")),
    }


def _order(edit: Edit) -> tuple[str, Args] | None:
    was, now = (edit.before or {}).get("state"), edit.after.get("state")
    if was == now or not isinstance(now, str):
        return None
    kind = "order.resume" if (was, now) == ("suspended", "on_site") else _EVENTS.get(now)
    return (kind, _ARGS[kind](edit.after)) if kind else None


def _point(edit: Edit) -> tuple[str, Args] | None:
    before = edit.before or {}
    fields = {
        name: {"base": _listed(name, before.get(name)), "value": _listed(name, edit.after[name])}
        for name in FIELDS
        if name in edit.after and edit.after[name] != before.get(name)
    }
    return ("service_point.edit", {"service_point_id": edit.row_id, "fields": fields}) if fields else None


def _nothing(_edit: Edit) -> None:
    return None


def _visit(row: Row) -> Args:
    names = {"outcome": row.get("outcome"), "notes": row.get("notes")}
    return {**{name: value for name, value in names.items() if value}, "captures": _read(row.get("captures")) or {}}


def _reason(row: Row) -> Args:
    return {"reason": row.get("notes") or ""}


def _no_args(_row: Row) -> Args:
    return {}


def _listed(name: str, value: Any) -> Any:
    return _read(value) if name == "hazards" else value


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
_ARGS: Final[dict[str, Callable[[Row], Args]]] = {
    "order.travel": _no_args,
    "order.arrive": _no_args,
    "order.resume": _no_args,
    "order.suspend": _reason,
    "order.complete": _visit,
    "order.return": _visit,
}
_SAID: Final[dict[str, Callable[[Edit], tuple[str, Args] | None]]] = {"service_order": _order, "service_point": _point}
