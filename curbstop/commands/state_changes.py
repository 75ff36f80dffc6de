"""What is done to a connection in the ground, kept with its time: what is posted late does not change the present."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal, removal_timers
from curbstop.commands.work import Work, get
from curbstop.domain.meters import OFF_STATES, PhysicalState
from curbstop.models.ids import new_id
from curbstop.models.service_point import ServicePoint
from curbstop.models.state_change import StateChange


def record(
    work: Work, service_point_id: UUID, state: PhysicalState, *, at: datetime, order_id: UUID | None = None
) -> StateChange:
    """The place was in this state from `at` on; it is so now, unless something was done there since."""
    point = get(work, ServicePoint, service_point_id)
    row = StateChange(
        id=new_id(),
        service_point_id=point.id,
        state=state.value,
        was=point.physical_state,
        at=at,
        order_id=order_id,
        recorded_at=work.at,
    )
    newest = since(work, point.id, at) is None
    work.session.add(row)
    work.session.flush()
    journal.audit(work, "record", "state_change", row.id, after={"state": row.state, "is_present": newest})
    if newest:
        become(work, point, state, at=at)
    return row


def become(work: Work, point: ServicePoint, state: PhysicalState, *, at: datetime) -> None:
    """Makes a state the place's present one."""
    if state not in OFF_STATES:
        removal_timers.end(work, point.id, at=at, reason=f"{state.value} again")
    if point.physical_state != state.value:
        point.physical_state = state.value
        journal.changed(work, point, "set_physical_state")


def since(work: Work, service_point_id: UUID, at: datetime) -> StateChange | None:
    """The first thing that was done to the place after a moment, as far as it counts."""
    return work.session.scalar(
        select(StateChange)
        .where(
            StateChange.service_point_id == service_point_id,
            StateChange.at > at,
            StateChange.withdrawn_at.is_(None),
        )
        .order_by(StateChange.at, StateChange.id)
        .limit(1)
    )


def made_by(work: Work, order_id: UUID) -> StateChange | None:
    """What an order did to its place, as far as it counts."""
    return work.session.scalar(
        select(StateChange)
        .where(StateChange.order_id == order_id, StateChange.withdrawn_at.is_(None))
        .order_by(StateChange.id.desc())
        .limit(1)
    )
