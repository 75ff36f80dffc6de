"""Takes one step of an order's state machine: asks the table, stores the new state, writes history, tells tablets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal, scope, tap_steps
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.cut_offs import CAUSE_OF, MONEY, is_gated
from curbstop.domain.order_types import OrderType
from curbstop.domain.permissions import Action, Grant, Role, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import Effect, Facts, OrderEvent, OrderState, Step, check_event, step
from curbstop.models.order_type import OrderTypeRow
from curbstop.models.service_order import OrderHistory, ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.staff import Staff

# The permission that each event asks for; the table of transitions then says which roles may take it from which state.
ACTIONS = {
    OrderEvent.RELEASE: Action.CREATE_ORDER,
    OrderEvent.ASSIGN: Action.DISPATCH,
    OrderEvent.REASSIGN: Action.DISPATCH,
    OrderEvent.UNASSIGN: Action.DISPATCH,
    OrderEvent.RELEASE_BACK: Action.DISPATCH,
    OrderEvent.RESCHEDULE: Action.DISPATCH,
    OrderEvent.RECALL: Action.RECALL_ORDER,
    OrderEvent.HOLD: Action.HOLD_ORDER,
    OrderEvent.UNHOLD: Action.HOLD_ORDER,
    OrderEvent.CANCEL: Action.CANCEL_ORDER,
    OrderEvent.CLOSE: Action.REVIEW_ORDER,
    OrderEvent.REJECT: Action.REVIEW_ORDER,
    OrderEvent.POST: Action.REVIEW_ORDER,
    OrderEvent.CORRECT: Action.CORRECT_POSTED_ORDER,
    OrderEvent.PULL: Action.SYNC_TABLET,
    OrderEvent.REINSTATE: Action.RESOLVE_CONFLICTS,
}
# Who may report field work for somebody else.
_LEADERS = frozenset({Role.SUP, Role.LEAD})
# What another person's crew lead may do to an order only while it is the crew's.
_REACHES_OTHERS = {Grant.YES, Grant.PAYMENT_ONLY, Grant.SCOPED}


@dataclass(frozen=True, slots=True)
class Event:
    """One event of an order with what came along; `given` names its arguments for the table's `requires`."""

    name: OrderEvent
    reason: str | None = None
    noted_at: datetime | None = None
    record: Mapping[str, Any] = field(default_factory=dict)
    given: frozenset[str] = frozenset()


def load(work: Work, order_id: UUID, event: OrderEvent | None, if_version: int | None = None) -> ServiceOrder:
    """The order, locked, in the version that the caller edited, for somebody who may cause such an event at all.

    None for `event`: the caller asked for permission already.
    """
    if event is not None:
        require(work.actor, ACTIONS.get(event, Action.FIELD_EVENTS))
        check_event(event, roles=work.actor.roles, system=work.actor.is_system)
    order = get(work, ServiceOrder, order_id)
    check_version(order, if_version)
    return order


def type_of(work: Work, order: ServiceOrder) -> OrderType:
    """The order's type in the version that it was made with, whatever the catalogue says today."""
    return load_type(work, order.type_code, order.type_version)


def load_type(work: Work, code: str, version: int | None = None) -> OrderType:
    """A type of the catalogue: one version, or the current one; Problem(order_type_unknown) if there is none."""
    return type_row(work, code, version)[1]


def type_row(work: Work, code: str, version: int | None = None) -> tuple[int, OrderType]:
    """A type with its version number."""
    wanted = OrderTypeRow.version == version if version is not None else OrderTypeRow.current
    row = work.session.scalar(select(OrderTypeRow).where(OrderTypeRow.code == code, wanted))
    if row is None:
        raise Problem("order_type_unknown", f"There is no order type {code!r}.")
    return row.version, OrderType.from_json(row.definition)


def advance(work: Work, order: ServiceOrder, event: Event, facts: Facts | None = None) -> Step:
    """Takes the step that `event` asks for, or raises the table's Problem; everything is recorded.

    The caller sets the columns that belong to the event (outcome, reason...) before it calls this.
    """
    _check_reach(work, order, event.name)
    from_state = OrderState(order.state)
    given = event.given | ({"reason"} if event.reason else frozenset())
    known = facts or Facts()
    is_cut_off = known.is_cut_off or is_gated(order.type_code)
    known = replace(known, given=given, attempt_no=order.attempt_no, is_cut_off=is_cut_off)
    taken = step(from_state, event.name, roles=work.actor.roles, system=work.actor.is_system, facts=known)
    store(work, order, event, taken)
    return taken


def store(work: Work, order: ServiceOrder, event: Event, taken: Step) -> None:
    """Writes a step that was decided: state, flags, history, audit, buckets."""
    store_many(work, [(order, event, taken)])


def store_many(work: Work, steps: Sequence[tuple[ServiceOrder, Event, Step]]) -> None:
    """The same for several orders that have the same event: some statements for all of them, not some for each."""
    leaving: dict[UUID, list[ServiceOrder]] = {}
    for order, event, taken in steps:
        technician_id = order.technician_id
        from_state = _take_on(order, event, taken)
        add_history(work, order, event, from_state, technician_id=technician_id)
        leaves = Effect.CLEAR_ASSIGNMENT in taken.effects or taken.state in (OrderState.POSTED, OrderState.CANCELLED)
        if leaves and technician_id is not None:
            leaving.setdefault(technician_id, []).append(order)
    [name] = {event.name.value for _, event, _ in steps}
    journal.changed_many(work, [order for order, *_ in steps], name)
    for technician_id, orders in sorted(leaving.items()):
        leave_bucket_many(work, orders, technician_id)
    for order, *_ in steps:
        tap_steps.order_moved(work, order)


def _take_on(order: ServiceOrder, event: Event, taken: Step) -> str:
    """Alters the order as the step says; returns the state that it was in."""
    from_state = order.state
    order.state = taken.state.value
    order.attempt_no += taken.attempt_increment
    if taken.flags:
        order.flags = sorted({*order.flags, *taken.flags})
    if event.reason:
        order.reason = event.reason
    if Effect.CLEAR_ASSIGNMENT in taken.effects:
        order.technician_id = order.scheduled_on = order.place = None
        if from_state in (OrderState.DISPATCHED, OrderState.RECALL_PENDING):
            order.dispatched_at = None
    if Effect.END_LEASE in taken.effects:
        order.authorized_until = None
    return from_state


def _held_rows(work: Work, orders: Sequence[ServiceOrder]) -> list[tuple[str, UUID, int]]:
    """What orders bring into a technician's bucket: themselves and their service points.

    The places are locked against editors, in one order as every locker takes them: whoever edits one meanwhile finds
    the bucket holding it, or we find the edit.
    """
    points = work.session.execute(
        select(ServicePoint.id, ServicePoint.version)
        .where(ServicePoint.id.in_({order.service_point_id for order in orders}))
        .order_by(ServicePoint.id)
        .with_for_update(read=True)
    )
    versions = {point.id: point.version for point in points}
    rows = [("service_order", order.id, order.version) for order in orders]
    return rows + [("service_point", order.service_point_id, versions[order.service_point_id]) for order in orders]


def leave_bucket(work: Work, order: ServiceOrder, technician_id: UUID) -> None:
    """Takes an order and its hold on the place out of a technician's bucket, if it is in there."""
    leave_bucket_many(work, [order], technician_id)


def leave_bucket_many(work: Work, orders: Sequence[ServiceOrder], technician_id: UUID) -> None:
    """Takes orders and their holds on their places out of a technician's bucket, those that are in there."""
    bucket = scope.technician_bucket(technician_id)
    there = scope.held_of(work, bucket, "service_order", [order.id for order in orders])
    going = [order for order in orders if order.id in there]
    if going:
        scope.leave(work, bucket, _held_rows(work, going))


def enter_bucket(work: Work, order: ServiceOrder, technician_id: UUID) -> None:
    """Puts an order and its place into a technician's bucket, if it is not there yet."""
    enter_bucket_many(work, [order], technician_id)


def enter_bucket_many(work: Work, orders: Sequence[ServiceOrder], technician_id: UUID) -> None:
    """Puts orders and their places into a technician's bucket, those that are not there yet, in three statements."""
    bucket = scope.technician_bucket(technician_id)
    there = scope.held_of(work, bucket, "service_order", [order.id for order in orders])
    coming = [order for order in orders if order.id not in there]
    if not coming:
        return
    scope.enter(work, bucket, _held_rows(work, coming))


def notify_technician(work: Work, order: ServiceOrder) -> None:
    """Tells the tablet of the order's technician to come and pull; what a tablet holds it has pulled."""
    notify_many(work, [order])


def notify_many(work: Work, orders: Sequence[ServiceOrder]) -> None:
    """The same for several orders, in one statement."""
    rows = [(scope.technician_bucket(one), order) for order in orders if (one := order.technician_id) is not None]
    kind = "service_order", journal.NOTICE
    journal.record(work, [(bucket, kind[0], order.id, kind[1], order.version) for bucket, order in rows])


def add_history(
    work: Work, order: ServiceOrder, event: Event, from_state: str | None, *, technician_id: UUID | None = None
) -> None:
    """One line of the order's own history; it is append-only."""
    work.session.add(
        OrderHistory(
            order_id=order.id,
            event=event.name.value,
            from_state=from_state,
            to_state=order.state,
            staff_id=work.actor.staff_id,
            tablet_id=work.actor.tablet_id,
            technician_id=order.technician_id or technician_id,
            op_id=work.op_id,
            reason=event.reason,
            facts=dict(event.record),
            noted_at=event.noted_at,
            recorded_at=work.at,
        )
    )


def _check_reach(work: Work, order: ServiceOrder, event: OrderEvent) -> None:
    """The matrix says whether; this says for whom: everybody's orders, the crew's, or one's own."""
    granted = require(work.actor, ACTIONS.get(event, Action.FIELD_EVENTS))
    if work.actor.is_system:
        return
    if event in ACTIONS:
        crew_only = Grant.CREW in granted and not granted & _REACHES_OTHERS
        if crew_only and not is_of_crew(work, order.technician_id):
            raise Problem("forbidden", "A crew lead dispatches the own crew's orders only.", action=event.value)
        if granted == {Grant.PAYMENT_ONLY} and CAUSE_OF.get(order.type_code) not in MONEY:
            raise Problem("forbidden", "A payment takes back cut-offs for money only.", action=event.value)
        return
    if order.technician_id != work.actor.staff_id and not reaches_other_technicians(work, order):
        raise Problem("forbidden", "Field events are for whoever the order is assigned to.", action=event.value)


def reaches_other_technicians(work: Work, order: ServiceOrder) -> bool:
    """Whether the actor reports field work for somebody else: a supervisor, or the technician's crew lead."""
    granted = require(work.actor, Action.ENTER_READING_FOR_OTHER) if work.actor.roles & _LEADERS else frozenset()
    return Grant.YES in granted or (Grant.CREW in granted and is_of_crew(work, order.technician_id))


def is_of_crew(work: Work, technician_id: UUID | None) -> bool:
    """Whether the technician is the acting lead, one of the lead's crew, or nobody yet."""
    if technician_id is None or technician_id == work.actor.staff_id:
        return True
    lead = work.session.scalar(select(Staff.crew_lead_id).where(Staff.id == technician_id))
    return lead == work.actor.staff_id
