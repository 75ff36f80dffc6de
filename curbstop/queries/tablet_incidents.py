"""Reads what may be amiss on tablets: incidents of possibly lost work, and ops that wait for others too long."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, or_, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.models.op_ledger import UNANSWERED, OpLedger
from curbstop.models.staff import Staff
from curbstop.models.tablet import Tablet, TabletIncident
from curbstop.queries.page import Page, PageRequest, fetch

# So long an op may wait for the one before it before anybody is told: a network that comes and goes takes minutes.
PATIENCE = timedelta(minutes=15)
SORTS = {"created_at": TabletIncident.created_at}
WAITING_SORTS = {"received_at": OpLedger.received_at}


def find(
    session: Session, actor: Actor, page: PageRequest, *, state: str | None = None, tablet_id: UUID | None = None
) -> Page[Row[Any]]:
    """A page of incidents, as far as the actor may see the tablets."""
    statement = _statement().where(*_visible(actor, TabletIncident.staff_id))
    wanted = {TabletIncident.state: state, TabletIncident.tablet_id: tablet_id}
    statement = statement.where(*(column == value for column, value in wanted.items() if value is not None))
    return fetch(session, statement, page, SORTS, TabletIncident.id)


def get(session: Session, actor: Actor, incident_id: UUID) -> Row[Any]:
    """One incident, or Problem(`not_found`), also for one that the actor may not see."""
    statement = _statement().where(TabletIncident.id == incident_id, *_visible(actor, TabletIncident.staff_id))
    row = session.execute(statement).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no incident with id {incident_id}.")
    return row


def waiting(session: Session, actor: Actor, page: PageRequest, at: datetime) -> Page[Row[Any]]:
    """A page of ops whose predecessor has not come for 15 minutes, as far as the actor may see conflicts."""
    columns: list[Any] = [
        OpLedger.op_id.label("id"),
        OpLedger.waits_for_id,
        OpLedger.tablet_id,
        Tablet.name.label("tablet_name"),
        OpLedger.staff_id,
        Staff.name.label("staff_name"),
        OpLedger.n,
        OpLedger.kind,
        OpLedger.aggregate,
        OpLedger.received_at,
    ]
    statement: Select[Any] = (
        select(*columns)
        .join(Tablet, Tablet.id == OpLedger.tablet_id)
        .join(Staff, Staff.id == OpLedger.staff_id)
        .where(
            UNANSWERED,
            OpLedger.received_at < at - PATIENCE,
            *_visible(actor, OpLedger.staff_id, Action.VIEW_CONFLICTS),
        )
    )
    return fetch(session, statement, page, WAITING_SORTS, OpLedger.op_id)


def _statement() -> Select[Any]:
    return (
        select(
            *(getattr(TabletIncident, column.key) for column in TabletIncident.__table__.columns),
            Tablet.name.label("tablet_name"),
            Staff.name.label("staff_name"),
        )
        .join(Tablet, Tablet.id == TabletIncident.tablet_id)
        .outerjoin(Staff, Staff.id == TabletIncident.staff_id)
    )


def _visible(actor: Actor, whose: Any, action: Action = Action.VIEW_TABLETS) -> list[ColumnElement[bool]]:
    granted = require(actor, action)
    if Grant.YES in granted:
        return []
    mine = [whose == actor.staff_id]
    if Grant.CREW in granted:
        mine.append(whose.in_(select(Staff.id).where(Staff.crew_lead_id == actor.staff_id)))
    return [or_(*mine)]
