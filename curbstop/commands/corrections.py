"""Corrects posted orders by what compensates: nothing that was posted is edited, each correction is a revision."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from curbstop.commands import fees, journal, readings, service_points, state_changes
from curbstop.commands.order_steps import Event, advance, load
from curbstop.commands.work import Work, get
from curbstop.domain.meters import PhysicalState
from curbstop.domain.problems import Problem
from curbstop.domain.readings import ReadingKind, parse_reading
from curbstop.domain.service_orders import OrderEvent
from curbstop.models.fee import Fee
from curbstop.models.meter import Register
from curbstop.models.reading import Reading
from curbstop.models.service_order import OrderHistory, ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.state_change import StateChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What was wrong: readings by their ids with the right digits, the state that was set, the fees."""

    readings: Mapping[UUID, str] = field(default_factory=dict)
    take_back_state: bool = False
    take_back_fees: bool = False


def correct(
    work: Work, order_id: UUID, wrong: Correction, *, reason: str, if_version: int | None = None
) -> ServiceOrder:
    """Takes back what an order's posting did wrongly, by new rows beside the old ones; the order stays posted.

    A right reading supersedes the wrong one; the place is again as it was before, unless something was done there
    since; a fee is met by one of the opposite amount. Problems: forbidden, impossible_transition (it is not posted),
    invalid (nothing to correct, a reading of another order), reading_invalid.
    """
    order = load(work, order_id, OrderEvent.CORRECT, if_version)
    if not (wrong.readings or wrong.take_back_state or wrong.take_back_fees):
        raise Problem("invalid", "Say what was wrong: readings, the state, or the fees.")
    revisions = select(func.count()).where(
        OrderHistory.order_id == order.id, OrderHistory.event == OrderEvent.CORRECT.value
    )
    record: dict[str, Any] = {"revision": (work.session.scalar(revisions) or 0) + 1}
    advance(work, order, Event(OrderEvent.CORRECT, reason=reason, record=record))
    if wrong.readings:
        _readings(work, order, wrong.readings)
    if wrong.take_back_state:
        _state(work, order)
    if wrong.take_back_fees:
        _fees(work, order, reason)
    service_points.touch(work, [order.service_point_id])
    return order


def _readings(work: Work, order: ServiceOrder, right: Mapping[UUID, str]) -> None:
    mine = select(Reading).where(Reading.id.in_(list(right)), Reading.order_id == order.id).with_for_update()
    found = {row.id: row for row in work.session.scalars(mine)}
    if set(found) != set(right):
        raise Problem("invalid", "That is no reading of this order.", field="readings")
    for reading_id, digits in right.items():
        row = found[reading_id]
        register = get(work, Register, row.register_id, lock=False)
        better = readings.record(
            work,
            register.id,
            value=parse_reading(digits, readings.facts_of(register)),
            kind=ReadingKind(row.kind),
            source="correction",
            noted_at=row.noted_at,
            order_id=order.id,
            service_point_id=row.service_point_id,
        )
        readings.supersede(work, row.id, by=better.id)


def _state(work: Work, order: ServiceOrder) -> None:
    made = state_changes.made_by(work, order.id)
    if made is None:
        raise Problem("invalid", "This order changed nothing in the ground.", field="take_back_state")
    point = get(work, ServicePoint, made.service_point_id)
    made.withdrawn_at = work.at
    work.session.flush()
    journal.audit(work, "withdraw", "state_change", made.id, after={"state": made.state})
    if state_changes.since(work, point.id, made.at) is None:
        before = work.session.scalar(
            select(StateChange.state)
            .where(
                StateChange.service_point_id == point.id,
                StateChange.at <= made.at,
                StateChange.withdrawn_at.is_(None),
            )
            .order_by(StateChange.at.desc(), StateChange.id.desc())
            .limit(1)
        )
        state_changes.become(work, point, PhysicalState(before or made.was), at=work.at)


def _fees(work: Work, order: ServiceOrder, reason: str) -> None:
    charged = list(work.session.scalars(select(Fee).where(Fee.order_id == order.id, Fee.waived.is_(False))))
    if not fees.take_back(work, charged, reason=reason):
        raise Problem("invalid", "This order has no fee to take back.", field="take_back_fees")
