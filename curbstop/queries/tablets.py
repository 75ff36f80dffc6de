"""Reads tablets: who has which, and when each was last heard of."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OrderState
from curbstop.models.leases import leases_due
from curbstop.models.service_order import ServiceOrder
from curbstop.models.staff import Staff
from curbstop.models.tablet import Tablet
from curbstop.queries.page import Page, PageRequest, fetch
from curbstop.settings import Settings

LATELY = timedelta(minutes=1)
SORTS = {"name": Tablet.name, "enrolled_at": Tablet.enrolled_at}


def find(
    session: Session, actor: Actor, page: PageRequest, *, staff_id: UUID | None = None, revoked: bool | None = None
) -> Page[Tablet]:
    """A page of tablets, as far as the actor may see them."""
    statement = select(Tablet).where(*_visible(actor))
    if staff_id is not None:
        statement = statement.where(Tablet.staff_id == staff_id)
    if revoked is not None:
        statement = statement.where(Tablet.revoked_at.is_not(None) if revoked else Tablet.revoked_at.is_(None))
    return fetch(session, statement, page, SORTS, Tablet.id)


def get(session: Session, actor: Actor, tablet_id: UUID) -> Tablet:
    """One tablet, or Problem(`not_found`), also for one that the actor may not see."""
    row = session.scalars(select(Tablet).where(Tablet.id == tablet_id, *_visible(actor))).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no tablet with id {tablet_id}.")
    return row


def syncing(actor: Actor) -> UUID:
    """The tablet that the actor syncs, or Problem(`forbidden`, `tablet_required`)."""
    require(actor, Action.SYNC_TABLET)
    if actor.tablet_id is None:
        raise Problem("tablet_required")
    return actor.tablet_id


def has_orders_to_take(session: Session, actor: Actor) -> bool:
    """Whether orders are assigned to the actor that no tablet has pulled yet."""
    waiting = select(ServiceOrder.id).where(
        ServiceOrder.technician_id == actor.staff_id, ServiceOrder.state == OrderState.ASSIGNED
    )
    return session.scalar(waiting.limit(1)) is not None


def has_leases_to_renew(session: Session, actor: Actor, settings: Settings, at: datetime) -> bool:
    """Whether a cut-off on the actor's tablet has used up half its lease and may get another."""
    due = leases_due(actor.staff_id, at, settings).with_only_columns(ServiceOrder.id).order_by(None)
    return session.scalar(due.limit(1)) is not None


def has_news(
    session: Session, actor: Actor, beacon: Mapping[str, Any] | None, schema_version: int | None, at: datetime
) -> bool:
    """Whether what a tablet says of itself differs from what it said last, or that was a while ago."""
    last = session.execute(
        select(Tablet.last_seen_at, Tablet.beacon, Tablet.schema_version).where(Tablet.id == actor.tablet_id)
    ).one()
    fresh = last.last_seen_at is not None and at - last.last_seen_at < LATELY
    said = beacon is None or last.beacon == dict(beacon)
    return not (fresh and said and schema_version in (None, last.schema_version))


def _visible(actor: Actor) -> list[ColumnElement[bool]]:
    granted = require(actor, Action.VIEW_TABLETS)
    if Grant.YES in granted:
        return []
    mine = [Tablet.staff_id == actor.staff_id]
    if Grant.CREW in granted:
        mine.append(Tablet.staff_id.in_(select(Staff.id).where(Staff.crew_lead_id == actor.staff_id)))
    return [or_(*mine)]
