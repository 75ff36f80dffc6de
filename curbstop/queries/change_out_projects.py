"""Reads planned change-outs: the projects, how far they are by route and by week, and the map of done and left."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, case, func, select
from sqlalchemy.orm import Session, aliased

from curbstop.domain.actors import Actor
from curbstop.domain.change_out_projects import Progress
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OrderState
from curbstop.models.change_out_project import ChangeOutProject, ProjectPlace
from curbstop.models.meter import Installation
from curbstop.models.route import Route, RouteVersion, Stop
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from curbstop.models.staff import Staff
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"created_at": ChangeOutProject.created_at, "name": ChangeOutProject.name}
MOST_FEATURES = 50_000


def find(session: Session, actor: Actor, page: PageRequest, *, state: str | None = None) -> Page[Row[Any]]:
    """A page of projects."""
    require(actor, Action.VIEW_NETWORK)
    statement = _projects()
    if state is not None:
        statement = statement.where(ChangeOutProject.state == state)
    return fetch(session, statement, page, SORTS, ChangeOutProject.id)


def get(session: Session, actor: Actor, project_id: UUID) -> dict[str, Any]:
    """A project with its progress in all, by route and by week; Problem(`not_found`). Three statements.

    A place is done when the meter that was to go is there no longer; blocked while its order is held or came back
    undone; left otherwise.
    """
    require(actor, Action.VIEW_NETWORK)
    row = session.execute(_projects().where(ChangeOutProject.id == project_id)).mappings().one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no change-out project with id {project_id}.")
    places = _places(project_id).subquery("places")
    by_route = session.execute(
        select(places.c.route_code, places.c.progress, func.count())
        .group_by(places.c.route_code, places.c.progress)
        .order_by(places.c.route_code)
    ).all()
    days = session.execute(
        select(places.c.removed_at).where(places.c.progress == Progress.DONE.value, places.c.removed_at.is_not(None))
    )
    weeks: dict[str, int] = {}
    for (removed_at,) in days:
        year, week, _ = removed_at.isocalendar()
        weeks[f"{year}-W{week:02d}"] = weeks.get(f"{year}-W{week:02d}", 0) + 1
    routes: dict[str | None, dict[str, Any]] = {}
    for code, progress, count in by_route:
        routes.setdefault(code, {"route_code": code, **_nothing()})[progress] += count
    total = {name: sum(route[name] for route in routes.values()) for name in _nothing()}
    done = [{"week": week, "done": weeks[week]} for week in sorted(weeks)]
    return {**row, **total, "by_route": list(routes.values()), "by_week": done}


def layer(session: Session, actor: Actor, project_id: UUID) -> dict[str, Any]:
    """The project's places as GeoJSON: where, and whether it is done. No customer, no address, no meter."""
    require(actor, Action.VIEW_NETWORK)
    if session.scalar(select(ChangeOutProject.id).where(ChangeOutProject.id == project_id)) is None:
        raise Problem("not_found", f"There is no change-out project with id {project_id}.")
    rows = session.execute(_places(project_id).where(ServicePoint.location.is_not(None)).limit(MOST_FEATURES))
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": str(row.service_point_id),
                "geometry": {"type": "Point", "coordinates": list(point_of(bytes(row.location.data)))},
                "properties": {"progress": row.progress, "route": row.route_code},
            }
            for row in rows
        ],
    }


def _nothing() -> dict[str, int]:
    return {progress.value: 0 for progress in Progress}


def _places(project_id: UUID) -> Select[Any]:
    blocked = ServiceOrder.state.in_([OrderState.RETURNED, OrderState.HELD])
    route = (
        select(Route.code)
        .join(RouteVersion, RouteVersion.route_id == Route.id)
        .join(Stop, Stop.route_version_id == RouteVersion.id)
        .where(Stop.service_point_id == ProjectPlace.service_point_id, RouteVersion.state == "published")
        .order_by(Route.code)
        .limit(1)
        .correlate(ProjectPlace)
        .scalar_subquery()
    )
    gone = (
        select(func.max(Installation.removed_at))
        .where(
            Installation.service_point_id == ProjectPlace.service_point_id,
            Installation.meter_id == ProjectPlace.meter_id,
        )
        .correlate(ProjectPlace)
        .scalar_subquery()
    )
    here = aliased(Installation)
    progress = case(
        (here.id.is_(None), Progress.DONE.value), (blocked, Progress.BLOCKED.value), else_=Progress.LEFT.value
    )
    return (
        select(
            ProjectPlace.service_point_id,
            ServicePoint.location,
            progress.label("progress"),
            route.label("route_code"),
            gone.label("removed_at"),
        )
        .join(ServicePoint, ServicePoint.id == ProjectPlace.service_point_id)
        .outerjoin(ServiceOrder, ServiceOrder.id == ProjectPlace.order_id)
        .outerjoin(
            here,
            (here.service_point_id == ProjectPlace.service_point_id)
            & (here.meter_id == ProjectPlace.meter_id)
            & here.removed_at.is_(None),
        )
        .where(ProjectPlace.project_id == project_id)
        .order_by(ServicePoint.number)
    )


def _projects() -> Select[Any]:
    maker, approver = aliased(Staff), aliased(Staff)
    columns = (getattr(ChangeOutProject, column.key) for column in ChangeOutProject.__table__.columns)
    places = (
        select(func.count()).where(ProjectPlace.project_id == ChangeOutProject.id).correlate(ChangeOutProject)
    ).scalar_subquery()
    return (
        select(
            *columns,
            places.label("places"),
            maker.name.label("created_by_name"),
            approver.name.label("approved_by_name"),
        )
        .outerjoin(maker, maker.id == ChangeOutProject.created_by_id)
        .outerjoin(approver, approver.id == ChangeOutProject.approved_by_id)
    )
