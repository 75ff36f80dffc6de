"""Carries out what the office decided about a parked op: by a push's own handlers, as its doer, by its authority."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from curbstop.commands import claims, conflicts, settling
from curbstop.commands.order_steps import type_of
from curbstop.commands.work import Work, get
from curbstop.domain.conflicts import FINISHES, Resolution
from curbstop.domain.problems import Problem
from curbstop.models.conflict import Conflict
from curbstop.models.op_ledger import OpLedger
from curbstop.models.service_order import ServiceOrder
from sync import ops as reading
from sync import seals
from sync.doers import doer_of
from sync.handlers import carry_out
from sync.ops import Op

Fields = Mapping[str, Any]
POSTED: Final = "posted"
EDIT: Final = "service_point.edit"


def resolve(
    work: Work,
    conflict_id: UUID,
    *,
    resolution: str,
    chosen: Fields | None,
    reason: str,
    if_version: int | None,
) -> Conflict:
    """Settles a conflict, once. The same decision again changes nothing; another one is Problem(conflict_resolved).

    `apply` carries the op out as it was captured, `merge` with `chosen` in the place of what it says (for a service
    point's edit: the value of each field), `keep_theirs` keeps what was captured beside what is here. What still stands
    in the way is the command's own Problem, and the conflict stays open.
    """
    conflict, done = conflicts.take(work, conflict_id, resolution=resolution, chosen=chosen, if_version=if_version)
    if done:
        return conflict
    row = work.session.get_one(OpLedger, conflict.op_id)
    doing = replace(
        work, actor=doer_of(work.session, row.staff_id, row.tablet_id), op_id=row.op_id, authority=work.actor
    )
    if conflict.code == seals.UNKNOWN_DOER:
        # It was never the work of whoever sent it, and nobody vouches for whom it names.
        doing = replace(doing, actor=work.actor)
        if resolution != Resolution.KEEP_THEIRS:
            detail = "Nobody vouches for who did it: keep it beside what is here, and enter what is right yourself."
            raise Problem("doer_unknown", detail)
    if resolution == Resolution.KEEP_THEIRS:
        result = _keep(doing, row)
    else:
        op = _read(row, conflict, chosen)
        if chosen and op.kind in FINISHES:
            _check_names(work, op.subject_id, chosen)
        if resolution == Resolution.MERGE and conflict.claimants and op.kind in FINISHES:
            # What was corrected must not be claimed by a third place.
            claims.check_order(work, op.subject_id, op.args.get("captures") or {})
        result = _carry_out(work, doing, op, reason)
        left_out = _left_out(row, conflict, chosen) if op.kind == EDIT and chosen else {}
        if left_out:
            result = {**result, "kept": settling.keep(doing, EDIT, op.aggregate, {"fields": left_out}, op.noted_at)}
    conflicts.settle(work, conflict, resolution=resolution, chosen=chosen, reason=reason, result=result)
    return conflict


def _check_names(work: Work, order_id: UUID, chosen: Fields) -> None:
    """What a tablet of another release adds is kept; a name that the office misspells would count for nothing."""
    order = get(work, ServiceOrder, order_id)
    known = [capture.name for capture in type_of(work, order).captures]
    captures = chosen.get("captures")
    unknown = sorted(set(captures) - set(known)) if isinstance(captures, Mapping) else []
    if unknown:
        detail = f"{order.type_code} asks for no {', '.join(unknown)}; it knows {', '.join(known)}."
        raise Problem("invalid", detail, field="captures", unknown=unknown, choices=known)


def _carry_out(work: Work, doing: Work, op: Op, reason: str) -> dict[str, Any]:
    doer = doing.actor.staff_id
    assert doer is not None
    if op.kind in FINISHES and not settling.make_way(work, op.subject_id, technician_id=doer, reason=reason):
        # Posted: its effects are in the books. What was captured joins the order; billing corrects if it must.
        return {"kept": settling.keep(doing, op.kind, op.aggregate, op.args, op.noted_at), "order": POSTED}
    try:
        with work.session.begin_nested():
            result = carry_out(doing, op)
            work.session.flush()
    except IntegrityError:
        raise Problem("conflict", "It clashes with something unique that is there already.") from None
    if op.kind == "order.create":
        conflicts.find_orders(work, op.aggregate, op.subject_id)
    return result


def _keep(doing: Work, row: OpLedger) -> dict[str, Any]:
    """The facts of an op that can be read; the bytes of any other stay in the ledger, where they always were."""
    op, _, _ = reading.read(reading.stored(row.raw))
    if op is None:
        return {}
    return {"kept": settling.keep(doing, op.kind, op.aggregate, op.args, op.noted_at)}


def _read(row: OpLedger, conflict: Conflict, chosen: Fields | None) -> Op:
    received = reading.stored(row.raw)
    if row.kind == EDIT and conflict.mine:
        # The fields that wait; others of the same op may have been merged when it arrived.
        received = replace(received, value={**received.value, "args": conflict.mine})
    if chosen:
        received = replace(received, value=_merged(received.value, chosen))
    op, code, detail = reading.read(received)
    if op is None:
        raise Problem(code or "op_malformed", detail)
    return reading.dated(op, row.corrected_at, row.clock_skew_s)


def _merged(value: Any, chosen: Fields) -> Any:
    """The op with the office's fields in its arguments; a service point's edit gets one chosen value a field."""
    if not isinstance(value, dict):
        return value
    given = value.get("args")
    args = dict(given) if isinstance(given, dict) else {}
    if value.get("kind") == EDIT:
        edits = args.get("fields")
        edits = dict(edits) if isinstance(edits, dict) else {}
        for name, wanted in chosen.items():
            before = edits.get(name)
            edits[name] = {"base": (before or {}).get("base"), "value": wanted}
        # What is not chosen is not wanted.
        args["fields"] = {name: edits[name] for name in chosen}
        return {**value, "args": args}
    for name, wanted in chosen.items():
        old = args.get(name)
        # Captures are corrected one by one.
        args[name] = {**old, **wanted} if isinstance(old, dict) and isinstance(wanted, dict) else wanted
    return {**value, "args": args}


def _left_out(row: OpLedger, conflict: Conflict, chosen: Fields) -> dict[str, Any]:
    """The fields of an edit that were not chosen, as far as what came can be read."""
    value = reading.stored(row.raw).value
    args = conflict.mine or (value.get("args") if isinstance(value, dict) else None)
    fields = args.get("fields") if isinstance(args, dict) else None
    if not isinstance(fields, dict):
        return {}
    return {name: edit for name, edit in fields.items() if name not in chosen and isinstance(edit, dict)}
