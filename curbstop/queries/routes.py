"""Reads routes: cycles, routes with what is walked of them, their versions and stops."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.route import Cycle, Route, RouteVersion, Stop
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from curbstop.queries.page import Page, PageRequest, fetch

CYCLE_SORTS = {"code": Cycle.code, "name": Cycle.name}
SORTS = {"code": Route.code, "name": Route.name}
VERSION_SORTS = {"number": RouteVersion.number}
STOP_SORTS = {"sequence": Stop.sequence}


def find_cycles(session: Session, actor: Actor, page: PageRequest) -> Page[Row[Any]]:
    """A page of cycles with how many routes each has."""
    require(actor, Action.VIEW_NETWORK)
    return fetch(session, _cycles(), page, CYCLE_SORTS, Cycle.id)


def get_cycle(session: Session, actor: Actor, cycle_id: UUID) -> Row[Any]:
    """One cycle, or Problem(`not_found`)."""
    return _one(session, actor, _cycles().where(Cycle.id == cycle_id), "cycle", cycle_id)


def find(
    session: Session, actor: Actor, page: PageRequest, *, cycle_id: UUID | None = None, code: str | None = None
) -> Page[Row[Any]]:
    """A page of routes with their cycle and published version; `code` is a beginning."""
    require(actor, Action.VIEW_NETWORK)
    statement = _routes()
    if cycle_id is not None:
        statement = statement.where(Route.cycle_id == cycle_id)
    if code:
        statement = statement.where(Route.code.startswith(code, autoescape=True))
    return fetch(session, statement, page, SORTS, Route.id)


def get(session: Session, actor: Actor, route_id: UUID) -> Row[Any]:
    """One route, or Problem(`not_found`)."""
    return _one(session, actor, _routes().where(Route.id == route_id), "route", route_id)


def find_versions(
    session: Session, actor: Actor, page: PageRequest, route_id: UUID, *, state: str | None = None
) -> Page[Row[Any]]:
    """A page of a route's versions; Problem(`not_found`) when there is no such route."""
    get(session, actor, route_id)
    statement = _versions().where(RouteVersion.route_id == route_id)
    if state is not None:
        statement = statement.where(RouteVersion.state == state)
    return fetch(session, statement, page, VERSION_SORTS, RouteVersion.id)


def get_version(session: Session, actor: Actor, version_id: UUID) -> Row[Any]:
    """One version, or Problem(`not_found`)."""
    return _one(session, actor, _versions().where(RouteVersion.id == version_id), "route version", version_id)


def find_stops(session: Session, actor: Actor, page: PageRequest, version_id: UUID) -> Page[dict[str, Any]]:
    """A page of a version's stops in their order, with their places; no customer. Problem(`not_found`)."""
    get_version(session, actor, version_id)
    columns: tuple[Any, ...] = (
        Stop.id,
        Stop.sequence,
        Stop.service_point_id,
        ServicePoint.number.label("service_point_number"),
        ServicePoint.address,
        ServicePoint.city,
        ServicePoint.location,
    )
    statement = (
        select(*columns)
        .join(ServicePoint, ServicePoint.id == Stop.service_point_id)
        .where(Stop.route_version_id == version_id)
    )
    found = fetch(session, statement, page, STOP_SORTS, Stop.id)
    return replace(found, items=[_stop(row) for row in found.items])


def _stop(row: Row[Any]) -> dict[str, Any]:
    place = row.location
    longitude, latitude = point_of(bytes(place.data)) if place is not None else (None, None)
    return {**row._asdict(), "longitude": longitude, "latitude": latitude}


def _one(session: Session, actor: Actor, statement: Select[Any], noun: str, row_id: UUID) -> Row[Any]:
    require(actor, Action.VIEW_NETWORK)
    row = session.execute(statement).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no {noun} with id {row_id}.")
    return row


def _cycles() -> Select[Any]:
    routes = select(func.count()).select_from(Route).where(Route.cycle_id == Cycle.id).scalar_subquery()
    columns = (getattr(Cycle, column.key) for column in Cycle.__table__.columns)
    return select(*columns, routes.label("routes"))


def _routes() -> Select[Any]:
    return (
        select(
            *(getattr(Route, column.key) for column in Route.__table__.columns),
            Cycle.code.label("cycle_code"),
            RouteVersion.id.label("published_version_id"),
            RouteVersion.number.label("published_number"),
            RouteVersion.stop_count,
            RouteVersion.length_m,
        )
        .join(Cycle, Cycle.id == Route.cycle_id)
        .outerjoin(RouteVersion, (RouteVersion.route_id == Route.id) & (RouteVersion.state == "published"))
    )


def _versions() -> Select[Any]:
    columns = (getattr(RouteVersion, column.key) for column in RouteVersion.__table__.columns)
    return select(*columns, Route.code.label("route_code")).join(Route, Route.id == RouteVersion.route_id)
