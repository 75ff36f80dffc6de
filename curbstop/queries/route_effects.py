"""Reads what publishing a draft would do to running work, before anybody does it."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.models.route import Route, RouteSession, RouteVersion, Stop
from curbstop.models.route_change_request import RouteChangeRequest
from curbstop.models.service_point import ServicePoint
from curbstop.models.staff import Staff
from curbstop.queries import routes

_MOST = 500


def of_draft(session: Session, actor: Actor, version_id: UUID) -> dict[str, Any]:
    """Of a draft and those that are published with it: who walks the routes, what joins and leaves, what waits.

    Six statements, for any number of stops. Problem(`not_found`).
    """
    version = routes.get_version(session, actor, version_id)
    together = RouteVersion.id == version.id
    if version.bundle_id is not None:
        together = together | ((RouteVersion.bundle_id == version.bundle_id) & (RouteVersion.state == "draft"))
    drafts = session.execute(
        select(RouteVersion.id, RouteVersion.route_id, RouteVersion.number, RouteVersion.stop_count, RouteVersion.note,
               Route.code.label("route_code"))
        .join(Route, Route.id == RouteVersion.route_id)
        .where(together)
        .order_by(Route.code)
    ).all()  # fmt: skip
    ids, route_ids = [row.id for row in drafts], {row.route_id for row in drafts}
    after = select(Stop.service_point_id).where(Stop.route_version_id.in_(ids))
    walked = (RouteVersion.state == "published") & RouteVersion.route_id.in_(route_ids)
    before = select(Stop.service_point_id).join(RouteVersion, RouteVersion.id == Stop.route_version_id).where(walked)
    elsewhere = (
        _places()
        .add_columns(Route.code.label("route_code"))
        .join(Stop, Stop.service_point_id == ServicePoint.id)
        .join(RouteVersion, RouteVersion.id == Stop.route_version_id)
        .join(Route, Route.id == RouteVersion.route_id)
        .where(RouteVersion.state == "published", RouteVersion.route_id.not_in(route_ids), ServicePoint.id.in_(after))
    )
    return {
        "drafts": drafts,
        "sessions": _sessions(session, route_ids),
        "joining": session.execute(_places().where(ServicePoint.id.in_(after), ServicePoint.id.not_in(before))).all(),
        "leaving": session.execute(_places().where(ServicePoint.id.in_(before), ServicePoint.id.not_in(after))).all(),
        "on_other_routes": session.execute(elsewhere).all(),
        "open_proposals": session.execute(
            select(RouteChangeRequest.id, RouteChangeRequest.service_point_id, ServicePoint.number.label("number"))
            .join(ServicePoint, ServicePoint.id == RouteChangeRequest.service_point_id)
            .where(RouteChangeRequest.route_id.in_(route_ids), RouteChangeRequest.state == "open")
            .order_by(RouteChangeRequest.id)
            .limit(_MOST)
        ).all(),
    }


def _sessions(session: Session, route_ids: set[UUID]) -> Any:
    rows = session.execute(
        select(
            RouteSession.id, RouteSession.on_date, RouteSession.technician_id, Staff.name.label("technician_name"),
            Route.code.label("route_code"), RouteVersion.number,
        )
        .join(RouteVersion, RouteVersion.id == RouteSession.route_version_id)
        .join(Route, Route.id == RouteVersion.route_id)
        .join(Staff, Staff.id == RouteSession.technician_id)
        .where(RouteVersion.route_id.in_(route_ids), RouteSession.state == "open")
        .order_by(Route.code, RouteSession.on_date, RouteSession.id)
        .limit(_MOST)
    )  # fmt: skip
    return rows.all()


def _places() -> Any:
    columns = (ServicePoint.id.label("service_point_id"), ServicePoint.number, ServicePoint.address)
    return select(*columns).order_by(ServicePoint.number).limit(_MOST)
