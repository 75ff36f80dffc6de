"""Reads route sessions: who walks which version of a route on which day, and how far they are."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, or_, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, Grant, grants, require
from curbstop.domain.problems import Problem
from curbstop.models.route import Route, RouteSession, RouteVersion, Stop, StopVisit
from curbstop.models.staff import Staff
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"on_date": RouteSession.on_date, "created_at": RouteSession.created_at}


def find(
    session: Session,
    actor: Actor,
    page: PageRequest,
    *,
    technician_id: UUID | None = None,
    route_id: UUID | None = None,
    on_date: date | None = None,
    state: str | None = None,
) -> Page[Row[Any]]:
    """A page of sessions, as far as the actor may see them: technicians their own, crew leads the crew's."""
    statement = _statement(actor)
    if technician_id is not None:
        statement = statement.where(RouteSession.technician_id == technician_id)
    if route_id is not None:
        statement = statement.where(RouteVersion.route_id == route_id)
    if on_date is not None:
        statement = statement.where(RouteSession.on_date == on_date)
    if state is not None:
        statement = statement.where(RouteSession.state == state)
    return fetch(session, statement, page, SORTS, RouteSession.id)


def get(session: Session, actor: Actor, session_id: UUID) -> Row[Any]:
    """One session, or Problem(`not_found`), also for one that the actor may not see."""
    row = session.execute(_statement(actor).where(RouteSession.id == session_id)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no route session with id {session_id}.")
    return row


def _visible(actor: Actor) -> list[ColumnElement[bool]]:
    require(actor, Action.VIEW_NETWORK)
    granted = grants(actor, Action.PROPOSE_ROUTE) | grants(actor, Action.VIEW_ALL_ORDERS)
    if Grant.YES in granted:
        return []
    mine = [RouteSession.technician_id == actor.staff_id]
    if Grant.CREW in granted:
        mine.append(Staff.crew_lead_id == actor.staff_id)
    return [or_(*mine)]


def _statement(actor: Actor) -> Select[Any]:
    # A stop may be skipped and read later; it counts once.
    visited = (
        select(func.count(StopVisit.stop_id.distinct()))
        .join(Stop, Stop.id == StopVisit.stop_id)
        .where(
            Stop.route_version_id == RouteSession.route_version_id,
            StopVisit.technician_id == RouteSession.technician_id,
            StopVisit.recorded_at >= RouteSession.created_at,
        )
        .correlate(RouteSession)
    )
    return (
        select(
            *(getattr(RouteSession, column.key) for column in RouteSession.__table__.columns),
            RouteVersion.route_id,
            RouteVersion.number.label("version_number"),
            RouteVersion.stop_count,
            Route.code.label("route_code"),
            Staff.name.label("technician_name"),
            visited.scalar_subquery().label("visited"),
        )
        .join(RouteVersion, RouteVersion.id == RouteSession.route_version_id)
        .join(Route, Route.id == RouteVersion.route_id)
        .join(Staff, Staff.id == RouteSession.technician_id)
        .where(*_visible(actor))
    )
