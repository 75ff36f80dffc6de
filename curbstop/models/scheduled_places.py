"""The service points that a schedule means, as SQL, for whoever makes its orders and whoever counts them."""

from uuid import UUID

from sqlalchemy import ColumnElement, exists

from curbstop.domain.schedules import Places
from curbstop.models.account import Account
from curbstop.models.route import Route, RouteVersion, Stop
from curbstop.models.service_point import ServicePoint
from curbstop.models.temp_service import TempService


def meant(places: Places) -> list[ColumnElement[bool]]:
    """Conditions on `service_point`."""
    found: list[ColumnElement[bool]] = []
    if places.physical_states:
        found.append(ServicePoint.physical_state.in_(places.physical_states))
    if places.service_point_ids:
        found.append(ServicePoint.id.in_([UUID(one) for one in places.service_point_ids]))
    if places.account_statuses:
        found.append(
            exists().where(Account.service_point_id == ServicePoint.id, Account.status.in_(places.account_statuses))
        )
    if places.temp_service:
        found.append(exists().where(TempService.service_point_id == ServicePoint.id, TempService.closed_at.is_(None)))
    if places.route_id is not None or places.cycle_id is not None:
        here = exists().where(
            Stop.service_point_id == ServicePoint.id,
            RouteVersion.id == Stop.route_version_id,
            RouteVersion.state == "published",
            Route.id == RouteVersion.route_id,
        )
        if places.route_id is not None:
            here = here.where(Route.id == UUID(places.route_id))
        if places.cycle_id is not None:
            here = here.where(Route.cycle_id == UUID(places.cycle_id))
        found.append(here)
    return found
