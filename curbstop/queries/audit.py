"""Reads the audit trail: who wrote what, when, from which tablet, before and after."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.models.audit import AuditEntry
from curbstop.models.staff import Staff
from curbstop.models.tablet import Tablet
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"recorded_at": AuditEntry.recorded_at}


def find(
    session: Session,
    actor: Actor,
    page: PageRequest,
    *,
    entity_type: str | None = None,
    entity_id: UUID | None = None,
    staff_id: UUID | None = None,
    tablet_id: UUID | None = None,
    action: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Page[Row[Any]]:
    """A page of entries; `since` is included, `until` is not. Secrets were never written into them."""
    require(actor, Action.READ_AUDIT)
    wanted = {
        AuditEntry.entity_type: entity_type,
        AuditEntry.entity_id: entity_id,
        AuditEntry.staff_id: staff_id,
        AuditEntry.tablet_id: tablet_id,
        AuditEntry.action: action,
    }
    statement = (
        select(
            *(getattr(AuditEntry, column.key) for column in AuditEntry.__table__.columns),
            Staff.name.label("staff_name"),
            Tablet.name.label("tablet_name"),
        )
        .outerjoin(Staff, Staff.id == AuditEntry.staff_id)
        .outerjoin(Tablet, Tablet.id == AuditEntry.tablet_id)
        .where(*(column == value for column, value in wanted.items() if value is not None))
    )
    if since is not None:
        statement = statement.where(AuditEntry.recorded_at >= since)
    if until is not None:
        statement = statement.where(AuditEntry.recorded_at < until)
    return fetch(session, statement, page, SORTS, AuditEntry.id)
