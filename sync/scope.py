"""Which buckets a tablet subscribes to: the code tables, its technician's day, and the routes being walked."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from curbstop.commands.scope import REFERENCE, route_bucket, technician_bucket
from curbstop.domain.actors import Actor
from curbstop.models.route import RouteSession


def buckets_of(session: Session, actor: Actor) -> list[str]:
    """The buckets of the person signed in on the tablet, most urgent first; the order is stable."""
    if actor.staff_id is None:
        return []
    return [technician_bucket(actor.staff_id), *_routes(session, actor.staff_id), REFERENCE]


def _routes(session: Session, staff_id: UUID) -> list[str]:
    walked = (
        select(RouteSession.route_version_id)
        .where(RouteSession.technician_id == staff_id, RouteSession.state == "open")
        .distinct()
        .order_by(RouteSession.route_version_id)
    )
    return [route_bucket(version_id) for version_id in session.scalars(walked)]
