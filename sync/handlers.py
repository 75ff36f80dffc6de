"""THE map from kinds of ops to commands. A handler returns what the tablet is told beside the verdict."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import (
    access_issues,
    attachments,
    field_notes,
    field_work,
    hand_outs,
    holdings,
    service_orders,
    stop_visits,
)
from curbstop.commands.field_work import Visit
from curbstop.commands.order_steps import Event
from curbstop.commands.service_orders import NewOrder
from curbstop.commands.stop_visits import StopRead
from curbstop.commands.work import Work
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OrderEvent
from curbstop.models.op_ledger import OpLedger
from curbstop.models.service_order import ServiceOrder
from sync.ops import Op
from sync.upcasters import versions

Result = dict[str, Any]
Handler = Callable[[Work, Op], Result]


@dataclass(frozen=True, slots=True)
class Together:
    """Carries out many ops of a kind; of ops that touch a common thing only one goes into a call."""

    carry_out: Callable[[Work, Sequence[Op]], list[Result | Problem]]
    touches: Callable[[Op], frozenset[str]]


def _order(order: ServiceOrder) -> Result:
    return {"state": order.state, "version": order.version, "number": order.number}


def _visit(op: Op) -> Visit:
    args = op.args
    return Visit(
        outcome=args["outcome"],
        captures=args.get("captures") or {},
        notes=args.get("notes"),
        category=args.get("category"),
        position=args.get("position"),
        noted_at=op.noted_at,
        flags=op.flags,
        voice_code=args.get("voice_code"),
    )


def _travel(work: Work, op: Op) -> Result:
    return _order(field_work.travel(work, op.subject_id, noted_at=op.noted_at))


def _arrive(work: Work, op: Op) -> Result:
    return _order(field_work.arrive(work, op.subject_id, position=op.args.get("position"), noted_at=op.noted_at))


def _suspend(work: Work, op: Op) -> Result:
    return _order(field_work.suspend(work, op.subject_id, reason=op.args["reason"], noted_at=op.noted_at))


def _resume(work: Work, op: Op) -> Result:
    return _order(field_work.resume(work, op.subject_id, noted_at=op.noted_at))


def _decline(work: Work, op: Op) -> Result:
    return _order(field_work.decline(work, op.subject_id, reason=op.args["reason"], noted_at=op.noted_at))


def _complete(work: Work, op: Op) -> Result:
    visit = _visit(op)
    try:
        return _order(field_work.complete(work, op.subject_id, visit))
    except Problem as problem:
        done = field_work.same_completion(work, op.subject_id, visit)
        if problem.code != "duplicate_completion" or done is None:
            raise
        return {**_order(done), "duplicate": True}


def _return(work: Work, op: Op) -> Result:
    returned = field_work.return_(work, op.subject_id, _visit(op))
    return _order(returned.order) | ({"kept": dict(returned.kept)} if returned.kept is not None else {})


def _acknowledge_recall(work: Work, op: Op) -> Result:
    return _order(field_work.acknowledge_recall(work, op.subject_id, noted_at=op.noted_at))


def _create(work: Work, op: Op) -> Result:
    args = op.args
    new = NewOrder(
        type_code=args["type_code"],
        service_point_id=UUID(args["service_point_id"]),
        instructions=args.get("instructions") or args.get("notes"),
        order_id=UUID(args["order_id"]),
        source=holdings.FIELD,
    )
    there = service_orders.made_before(work, new)
    if there is not None:
        return {**_order(there), "duplicate": True}
    order = service_orders.create(work, new)
    hand_outs.to_finder(work, order)
    return _order(order)


def _stop_reads(work: Work, ops: Sequence[Op]) -> list[Result | Problem]:
    asked = [
        StopRead(
            stop_id=op.subject_id,
            reads={UUID(read["register_id"]): read["value"] for read in op.args["readings"]},
            note=op.args.get("note"),
            noted_at=op.noted_at,
            # The id that it is kept under: another op may have taken the one that it names.
            op_id=work.op_id or op.op_id,
            flags=op.flags,
            trouble={UUID(read["register_id"]): read["trouble"] for read in op.args["readings"]},
        )
        for op in ops
    ]
    return [
        found if isinstance(found, Problem) else {"stop_visit_id": str(found.visit_id), "flags": found.flags}
        for found in stop_visits.read_many(work, asked)
    ]


def _registers_read(op: Op) -> frozenset[str]:
    return frozenset(read["register_id"] for read in op.args["readings"])


def _stop_skip(work: Work, op: Op) -> Result:
    args = op.args
    visit = stop_visits.skip(
        work,
        op.subject_id,
        skip_code=args["skip_code"],
        category=args.get("category"),
        note=args.get("note"),
        noted_at=op.noted_at,
    )
    return {"stop_visit_id": str(visit.id), "access_issue_id": visit.details.get("access_issue_id")}


def _report_access_issue(work: Work, op: Op) -> Result:
    args = op.args
    issue = access_issues.report(
        work,
        UUID(args["service_point_id"]),
        category=args["category"],
        note=args.get("note"),
        noted_at=op.noted_at,
        access_issue_id=UUID(args["access_issue_id"]),
    )
    return {"access_issue_id": str(issue.id), "occurrences": issue.occurrences}


def _edit_service_point(work: Work, op: Op) -> Result:
    return field_notes.edit(work, op.subject_id, op.args["fields"], base_version=op.base_version).to_json()


def _known_issue(work: Work, issue_id: UUID) -> UUID:
    """The issue's id here: a tablet's report may have been counted on an issue that was there already."""
    told = work.session.scalar(
        select(OpLedger.answer)
        .where(
            OpLedger.tablet_id == work.actor.tablet_id,
            OpLedger.aggregate == f"access_issue/{issue_id}",
            OpLedger.kind == "access_issue.report",
            OpLedger.verdict == "applied",
        )
        .limit(1)
    )
    return UUID(told["result"]["access_issue_id"]) if told else issue_id


def _declare_attachment(work: Work, op: Op) -> Result:
    args = op.args
    there = attachments.is_declared(work, UUID(args["attachment_id"]))
    found = attachments.declare(
        work,
        UUID(args["attachment_id"]),
        order_id=UUID(args["order_id"]) if args.get("order_id") else None,
        access_issue_id=_known_issue(work, UUID(args["access_issue_id"])) if args.get("access_issue_id") else None,
        label=args["label"],
        media_type=args["media_type"],
        sha256=args["sha256"],
        size=args["size"],
        noted_at=op.noted_at,
    )
    said = {"attachment_id": str(found.id), "stored": found.stored_at is not None}
    return said | ({"duplicate": True} if there else {})


HANDLERS: Final[dict[str, Handler]] = {
    "order.travel": _travel,
    "order.arrive": _arrive,
    "order.suspend": _suspend,
    "order.resume": _resume,
    "order.decline": _decline,
    "order.complete": _complete,
    "order.return": _return,
    "order.acknowledge_recall": _acknowledge_recall,
    "order.create": _create,
    "stop.skip": _stop_skip,
    "access_issue.report": _report_access_issue,
    "service_point.edit": _edit_service_point,
    "attachment.declare": _declare_attachment,
}
# Kinds whose ops are carried out together, in a fixed number of statements: append-only facts, of which a tablet sends
# hundreds a day. A result or a Problem for each op.
TOGETHER: Final[dict[str, Together]] = {"stop.read": Together(_stop_reads, _registers_read)}
# Every kind with its versions; mobile-schema/v1/ops is held against it by a test.
KINDS: Final[dict[str, tuple[int, ...]]] = {kind: versions(kind) for kind in (*HANDLERS, *TOGETHER)}
# Events that only tell how far somebody got: overtaken by the office, they change nothing and lose nothing.
PROGRESS: Final = {
    "order.travel": OrderEvent.TRAVEL,
    "order.arrive": OrderEvent.ARRIVE,
    "order.suspend": OrderEvent.SUSPEND,
    "order.resume": OrderEvent.RESUME,
}


def note_overtaken(work: Work, op: Op) -> None:
    """Keeps in the order's history what an overtaken op of `PROGRESS` tells."""
    record = {"position": op.args["position"]} if op.args.get("position") else {}
    event = Event(PROGRESS[op.kind], reason=op.args.get("reason"), noted_at=op.noted_at, record=record)
    holdings.note_overtaken(work, op.subject_id, event)


def carry_out(work: Work, op: Op) -> Result:
    """Carries one op out and returns what the tablet is told, or raises the Problem with it."""
    together = TOGETHER.get(op.kind)
    if together is None:
        return HANDLERS[op.kind](work, op)
    result = together.carry_out(work, [op])[0]
    if isinstance(result, Problem):
        raise result
    return result
