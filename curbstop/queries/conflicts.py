"""Reads conflicts: work that arrived and waits for somebody to settle it."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, or_, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.models.conflict import Conflict
from curbstop.models.op_ledger import OpLedger
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.staff import Staff
from curbstop.models.tablet import Tablet
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"created_at": Conflict.created_at}


def find(
    session: Session,
    actor: Actor,
    page: PageRequest,
    *,
    state: str | None = None,
    code: str | None = None,
    order_id: UUID | None = None,
    staff_id: UUID | None = None,
) -> Page[Row[Any]]:
    """A page of conflicts, as far as the actor may see them; `staff_id` is whose work it is."""
    statement = _statement().where(*_visible(actor))
    wanted = {Conflict.state: state, Conflict.code: code, Conflict.order_id: order_id, OpLedger.staff_id: staff_id}
    statement = statement.where(*(column == value for column, value in wanted.items() if value is not None))
    return fetch(session, statement, page, SORTS, Conflict.id)


def get(session: Session, actor: Actor, conflict_id: UUID) -> Row[Any]:
    """One conflict, or Problem(`not_found`), also for one that the actor may not see."""
    row = session.execute(_statement().where(Conflict.id == conflict_id, *_visible(actor))).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no conflict with id {conflict_id}.")
    return row


def _statement() -> Select[Any]:
    return (
        select(
            *(getattr(Conflict, column.key) for column in Conflict.__table__.columns),
            OpLedger.kind,
            OpLedger.noted_at,
            OpLedger.received_at,
            OpLedger.staff_id,
            Staff.name.label("staff_name"),
            Tablet.name.label("tablet_name"),
            ServiceOrder.number.label("order_number"),
            ServicePoint.address,
        )
        .join(OpLedger, OpLedger.op_id == Conflict.op_id)
        .join(Staff, Staff.id == OpLedger.staff_id)
        .join(Tablet, Tablet.id == OpLedger.tablet_id)
        .outerjoin(ServiceOrder, ServiceOrder.id == Conflict.order_id)
        .outerjoin(ServicePoint, ServicePoint.id == Conflict.service_point_id)
    )


def _visible(actor: Actor) -> list[ColumnElement[bool]]:
    if Grant.YES in require(actor, Action.VIEW_CONFLICTS):
        return []
    crew = select(Staff.id).where(or_(Staff.id == actor.staff_id, Staff.crew_lead_id == actor.staff_id))
    return [OpLedger.staff_id.in_(crew)]
