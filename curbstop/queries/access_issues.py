"""Reads access issues: what keeps technicians from which meters."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from curbstop.domain.access_issues import OPEN_STATES
from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.access_issue import AccessIssue
from curbstop.models.attachment import Attachment
from curbstop.models.service_point import ServicePoint
from curbstop.models.staff import Staff
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"first_seen_at": AccessIssue.first_seen_at, "last_seen_at": AccessIssue.last_seen_at}


def find(
    session: Session,
    actor: Actor,
    page: PageRequest,
    *,
    state: Sequence[str] = (),
    category: str | None = None,
    service_point_id: UUID | None = None,
    open: bool | None = None,
) -> Page[Row[Any]]:
    """A page of access issues with their places."""
    require(actor, Action.VIEW_ACCESS_ISSUES)
    statement = _statement()
    if state:
        statement = statement.where(AccessIssue.state.in_(state))
    if category is not None:
        statement = statement.where(AccessIssue.category == category)
    if service_point_id is not None:
        statement = statement.where(AccessIssue.service_point_id == service_point_id)
    if open is not None:
        standing = AccessIssue.state.in_(OPEN_STATES)
        statement = statement.where(standing if open else ~standing)
    return fetch(session, statement, page, SORTS, AccessIssue.id)


def get(session: Session, actor: Actor, access_issue_id: UUID) -> Row[Any]:
    """One access issue with its place, or Problem(`not_found`)."""
    require(actor, Action.VIEW_ACCESS_ISSUES)
    row = session.execute(_statement().where(AccessIssue.id == access_issue_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no access issue with id {access_issue_id}.")
    return row


def _statement() -> Select[Any]:
    photos = (
        select(func.count()).select_from(Attachment).where(Attachment.access_issue_id == AccessIssue.id)
    ).scalar_subquery()
    return (
        select(
            *(getattr(AccessIssue, column.key) for column in AccessIssue.__table__.columns),
            ServicePoint.number.label("service_point_number"),
            ServicePoint.address,
            ServicePoint.city,
            Staff.name.label("reported_by_name"),
            photos.label("photos"),
        )
        .join(ServicePoint, ServicePoint.id == AccessIssue.service_point_id)
        .outerjoin(Staff, Staff.id == AccessIssue.reported_by_id)
    )
