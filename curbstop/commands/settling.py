"""What settling a conflict does to orders and places: making way for work that counts, keeping the facts of what not.

Nothing that was captured is lost either way: readings of work that does not count are kept as special ones, notes join
the order's, and the history has the whole of it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import attachments, change_outs, journal, readings
from curbstop.commands.order_steps import Event, add_history, advance, enter_bucket, leave_bucket, load, type_of
from curbstop.commands.work import Work
from curbstop.domain.actors import SYSTEM
from curbstop.domain.order_types import CaptureKind
from curbstop.domain.problems import Problem
from curbstop.domain.readings import ReadingKind, parse_reading
from curbstop.domain.service_orders import OrderEvent, OrderState
from curbstop.models.meter import Installation, Register
from curbstop.models.route import Stop
from curbstop.models.service_order import OrderHistory, ServiceOrder
from curbstop.models.service_point import ServicePoint

KEPT = "kept_from_conflict"
_AT_WORK = (OrderState.DISPATCHED, OrderState.EN_ROUTE, OrderState.ON_SITE, OrderState.RECALL_PENDING)


def make_way(work: Work, order_id: UUID, *, technician_id: UUID, reason: str) -> bool:
    """Brings the order by a legal step to where the technician's visit can end it; False when it is posted.

    A completion by somebody else that counted until now is kept as a fact. A cancelled cut-off stays cancelled: that
    its completion meets a recall is what brings the water back.
    """
    order = load(work, order_id, OrderEvent.REINSTATE)
    before, state = order.technician_id, OrderState(order.state)
    if state is OrderState.POSTED:
        return False
    if state in _AT_WORK and before == technician_id:
        return True
    if state is OrderState.CANCELLED and type_of(work, order).is_cut_off:
        return True
    if state is OrderState.COMPLETED:
        # Whoever settles it may not enter readings; keeping one is a consequence.
        system = replace(work, actor=SYSTEM, authority=work.actor)
        keep_visit(system, order, order.captures, noted_at=order.completed_at, outcome=order.outcome)
        order.captures, order.outcome = {}, None
        order.completed_at = order.completed_by_id = None
    order.technician_id, order.dispatched_at = technician_id, work.at
    record = {"technician_id": str(technician_id)}
    advance(work, order, Event(OrderEvent.REINSTATE, reason=reason, record=record, given=frozenset({"technician_id"})))
    if before is not None and before != technician_id:
        leave_bucket(work, order, before)
    enter_bucket(work, order, technician_id)
    return True


def keep(work: Work, kind: str, aggregate: str, args: Mapping[str, Any], noted_at: datetime | None) -> dict[str, Any]:
    """Keeps what was captured by an op that does not count; says what was kept, and where.

    `work` is the doer's, by the office's authority.
    """
    keeper, subject = _KEEPERS.get(kind), aggregate.partition("/")[2]
    if keeper is None:
        return {}
    try:
        return keeper(work, UUID(subject), args, noted_at)
    except ValueError:
        return {}


def _keep_finish(work: Work, order_id: UUID, args: Mapping[str, Any], noted_at: datetime | None) -> dict[str, Any]:
    order = work.session.get(ServiceOrder, order_id, with_for_update=True)
    if order is None:
        return {}
    captures, notes = args.get("captures") or {}, args.get("notes")
    return keep_visit(work, order, captures, noted_at=noted_at, outcome=args.get("outcome"), notes=notes)


def keep_visit(
    work: Work,
    order: ServiceOrder,
    captures: Mapping[str, Any],
    *,
    noted_at: datetime | None,
    outcome: str | None,
    notes: str | None = None,
) -> dict[str, Any]:
    """A visit that does not count: its readings as special ones, its notes with the order's, all of it in the history.

    Keeping the same visit again changes nothing.
    """
    if work.op_id is not None and _kept_before(work, order):
        return {}
    kept = [
        reading
        for register, digits in _registers(work, order, captures)
        if (reading := _keep_reading(work, register, digits, noted_at, order_id=order.id)) is not None
    ]
    facts = {"outcome": outcome, "captures": dict(captures), "readings": kept}
    if notes:
        facts["notes"] = notes
        if notes not in (order.notes or ""):
            order.notes = f"{order.notes}\n{notes}" if order.notes else notes
    order.flags = sorted({*order.flags, KEPT})
    add_history(work, order, Event(OrderEvent.KEEP, noted_at=noted_at, record=facts), order.state)
    journal.changed(work, order, "keep")
    return {"readings": kept, "history": True}


def _kept_before(work: Work, order: ServiceOrder) -> bool:
    there = select(OrderHistory.id).where(
        OrderHistory.order_id == order.id,
        OrderHistory.event == OrderEvent.KEEP.value,
        OrderHistory.op_id == work.op_id,
    )
    return work.session.scalar(there.limit(1)) is not None


def _registers(work: Work, order: ServiceOrder, captures: Mapping[str, Any]) -> Iterator[tuple[Register, Any]]:
    """The installed meter's registers with the digits that were captured of them.

    A change-out's first reading of the new meter belongs to no register yet; it stays in the history.
    """
    here = change_outs.installed(work, order.service_point_id)
    if here is None:
        return
    registers = change_outs.registers_of(work, here[1].id)
    for capture in type_of(work, order).captures:
        value = captures.get(capture.name)
        if value is None or capture.name == "in_read":
            continue
        if capture.kind is CaptureKind.READING and registers:
            yield next(iter(registers.values())), value
        elif capture.kind is CaptureKind.READINGS and isinstance(value, dict):
            for position, digits in value.items():
                if position in registers:
                    yield registers[position], digits


def _keep_reading(
    work: Work, register: Register, digits: Any, noted_at: datetime | None, *, order_id: UUID | None = None
) -> str | None:
    """The reading's id, or None for digits that no register shows: they stay in the history as they are."""
    try:
        value = parse_reading(digits, readings.facts_of(register))
    except Problem:
        return None
    place = select(Installation.service_point_id).where(
        Installation.meter_id == register.meter_id, Installation.removed_at.is_(None)
    )
    reading = readings.record(
        work,
        register.id,
        value=value,
        kind=ReadingKind.SPECIAL,
        source="conflict",
        noted_at=noted_at or work.at,
        order_id=order_id,
        service_point_id=work.session.scalar(place),
        flags=[KEPT],
    )
    return str(reading.id)


def _keep_stop(work: Work, stop_id: UUID, args: Mapping[str, Any], noted_at: datetime | None) -> dict[str, Any]:
    stop = work.session.get(Stop, stop_id)
    if stop is None:
        return {}
    kept = []
    for read in args.get("readings") or []:
        register = work.session.get(Register, UUID(read["register_id"]))
        reading = _keep_reading(work, register, read["value"], noted_at) if register is not None else None
        kept += [reading] if reading is not None else []
    facts = {"stop_id": str(stop_id), "readings": kept, "note": args.get("note")}
    journal.audit(work, "keep", "service_point", stop.service_point_id, after=facts)
    return {"readings": kept}


def _keep_edit(work: Work, service_point_id: UUID, args: Mapping[str, Any], _: datetime | None) -> dict[str, Any]:
    """An edit that the office did not take is superseded, and the place's audit trail says by what."""
    point = work.session.get(ServicePoint, service_point_id)
    fields = args.get("fields") or {}
    if point is None:
        return {}
    superseded = {name: change.get("value") for name, change in fields.items()}
    present = {name: journal.plain_value(name, getattr(point, name, None)) for name in fields}
    journal.audit(work, "supersede_edit", "service_point", point.id, before=superseded, after=present)
    return {"superseded": sorted(superseded)}


def _keep_photo(work: Work, _: UUID, args: Mapping[str, Any], noted_at: datetime | None) -> dict[str, Any]:
    """A photo is a fact: it is declared all the same, and nobody's posting waits for it."""
    try:
        with work.session.begin_nested():
            photo = attachments.declare(
                work,
                UUID(args["attachment_id"]),
                order_id=UUID(args["order_id"]) if args.get("order_id") else None,
                access_issue_id=UUID(args["access_issue_id"]) if args.get("access_issue_id") else None,
                label=args["label"],
                media_type=args["media_type"],
                sha256=args["sha256"],
                size=args["size"],
                noted_at=noted_at or work.at,
            )
    except Problem:
        # Its owner is not here. The declaration stays in the ledger.
        return {}
    if photo.stored_at is None and photo.waived_at is None:
        photo.waived_at, photo.waived_by_id = work.at, work.authority.staff_id if work.authority else None
        photo.waive_reason = "It belongs to work that does not count."
        journal.changed(work, photo, "waive")
    return {"attachment_id": str(photo.id)}


_KEEPERS: Final[dict[str, Callable[[Work, UUID, Mapping[str, Any], datetime | None], dict[str, Any]]]] = {
    "order.complete": _keep_finish,
    "order.return": _keep_finish,
    "stop.read": _keep_stop,
    "service_point.edit": _keep_edit,
    "attachment.declare": _keep_photo,
}
