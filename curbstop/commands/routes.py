"""Routes: cycles, versions of a route and their stops, and the sessions in which somebody walks one."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import func, insert, select
from sqlalchemy.orm import aliased

from curbstop.commands import journal, scope, tap_steps
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.permissions import Action, Grant, Role, require
from curbstop.domain.problems import Problem
from curbstop.models.among import among
from curbstop.models.ids import new_id
from curbstop.models.route import Cycle, Route, RouteSession, RouteVersion, Stop
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from curbstop.models.staff import Staff
from geo.distance import length_m

# Gaps between sequence numbers, so that a new stop fits without moving the others.
GAP = 10
DRAFT, PUBLISHED, RETIRED = "draft", "published", "retired"


def create_cycle(work: Work, *, code: str, name: str) -> Cycle:
    """A billing cycle. Problems: forbidden, conflict (the code is taken)."""
    _require_routes(work)
    if work.session.scalar(select(Cycle.id).where(Cycle.code == code)) is not None:
        raise Problem("conflict", f"There is a cycle {code} already.")
    cycle = Cycle(id=new_id(), code=code, name=name, created_at=work.at)
    work.session.add(cycle)
    journal.changed(work, cycle, "create")
    return cycle


def create(work: Work, *, code: str, name: str, cycle_id: UUID) -> Route:
    """A route without stops; its first version brings them. Problems: forbidden, not_found (cycle), conflict."""
    _require_routes(work)
    get(work, Cycle, cycle_id, lock=False)
    if work.session.scalar(select(Route.id).where(Route.code == code)) is not None:
        raise Problem("conflict", f"There is a route {code} already.")
    route = Route(id=new_id(), code=code, name=name, cycle_id=cycle_id, created_at=work.at)
    work.session.add(route)
    journal.changed(work, route, "create")
    return route


def edit_cycle(work: Work, cycle_id: UUID, *, name: str, if_version: int | None) -> Cycle:
    """Another name for the cycle; its code stays. Problems: forbidden, not_found, version_mismatch."""
    _require_routes(work)
    cycle = get(work, Cycle, cycle_id)
    check_version(cycle, if_version)
    cycle.name = name
    journal.changed(work, cycle, "edit")
    return cycle


def edit(
    work: Work, route_id: UUID, *, name: str | None = None, cycle_id: UUID | None = None, if_version: int | None
) -> Route:
    """Another name or cycle for the route; its code stays. Problems: forbidden, not_found, version_mismatch."""
    _require_routes(work)
    route = get(work, Route, route_id)
    check_version(route, if_version)
    if cycle_id is not None:
        route.cycle_id = get(work, Cycle, cycle_id, lock=False).id
    if name is not None:
        route.name = name
    journal.changed(work, route, "edit")
    return route


def draft(work: Work, route_id: UUID, service_point_ids: Sequence[UUID]) -> RouteVersion:
    """A draft with these stops in this order. Problems: forbidden, invalid (twice the same, or unknown, places)."""
    _require_routes(work)
    route = get(work, Route, route_id)
    if len(set(service_point_ids)) != len(service_point_ids):
        raise Problem("invalid", "A service point stands on a route once.", field="service_point_ids")
    places = select(ServicePoint.id, ServicePoint.location).where(ServicePoint.id.in_(service_point_ids))
    known: dict[UUID, WKBElement | None] = {row.id: row.location for row in work.session.execute(places)}
    missing = [str(point) for point in service_point_ids if point not in known]
    if missing:
        raise Problem("invalid", f"There are no service points {', '.join(missing[:5])}.", field="service_point_ids")
    newest = work.session.scalar(select(func.max(RouteVersion.number)).where(RouteVersion.route_id == route.id)) or 0
    version = RouteVersion(
        id=new_id(),
        route_id=route.id,
        number=newest + 1,
        state=DRAFT,
        stop_count=len(service_point_ids),
        length_m=_length_m([known[point] for point in service_point_ids]),
        created_at=work.at,
    )
    work.session.add(version)
    work.session.flush()
    stops = [
        {
            "id": new_id(),
            "route_version_id": version.id,
            "service_point_id": point,
            "sequence": GAP * place,
            "version": 1,
        }
        for place, point in enumerate(service_point_ids, start=1)
    ]
    if stops:
        work.session.execute(insert(Stop), stops)
    journal.audit(work, "draft", "route_version", version.id, after={"route": route.code, "stops": len(stops)})
    return version


def publish(work: Work, version_id: UUID, *, force: bool = False) -> RouteVersion:
    """A draft becomes what is walked from now on. While somebody walks the route, only by `force`.

    Sessions under way keep the version that they began with. Problems: forbidden, not_found, conflict (no draft, no
    stops, being walked, or a stop is on another published route).
    """
    if Grant.YES not in require(work.actor, Action.PUBLISH_ROUTE):
        raise Problem("forbidden", "Only a GIS editor publishes a route.")
    version = get(work, RouteVersion, version_id)
    get(work, Route, version.route_id)
    if version.state != DRAFT:
        raise Problem("conflict", f"Version {version.number} is {version.state}; only a draft is published.")
    if not version.stop_count:
        raise Problem("conflict", "A route without stops is not published.")
    if not force:
        _check_not_walked(work, version)
    _check_on_no_other_route(work, version)
    before = work.session.scalars(
        select(RouteVersion).where(RouteVersion.route_id == version.route_id, RouteVersion.state == PUBLISHED)
    )
    for earlier in before.all():
        earlier.state = RETIRED
    # The unique index allows one published version: the earlier one must be gone first.
    work.session.flush()
    version.state, version.published_at = PUBLISHED, work.at
    work.session.flush()
    tap_steps.came_on_route(work, version.id)
    journal.audit(work, "publish", "route_version", version.id, after={"number": version.number})
    return version


def start_session(work: Work, version_id: UUID, *, technician_id: UUID, on_date: date) -> RouteSession:
    """A technician walks a published version on a day; its stops and places go to the technician's tablet.

    Problems: forbidden, assigned_technician_invalid, conflict (not published, or being walked by them already).
    """
    _require_crew(work, technician_id)
    version = get(work, RouteVersion, version_id)
    if version.state != PUBLISHED:
        raise Problem("conflict", f"Version {version.number} is {version.state}; only a published one is walked.")
    technician = work.session.get(Staff, technician_id)
    if technician is None or not technician.active or not {Role.TECH, Role.LEAD} & set(technician.roles):
        raise Problem("assigned_technician_invalid", "That is not an active technician.")
    walked = select(RouteSession).where(RouteSession.route_version_id == version.id, RouteSession.state == "open")
    open_sessions = work.session.scalars(walked).all()
    if any(session.technician_id == technician_id for session in open_sessions):
        raise Problem("conflict", f"{technician.name} is walking this route already.")
    session = RouteSession(
        id=new_id(),
        route_version_id=version.id,
        technician_id=technician_id,
        on_date=on_date,
        state="open",
        created_at=work.at,
    )
    work.session.add(session)
    journal.changed(work, session, "start")
    scope.notice(work, [technician_id])
    # The bucket is the version's: a second technician on the same route shares it.
    if not open_sessions:
        scope.enter(work, scope.route_bucket(version.id), _rows(work, version.id))
    return session


def close_session(work: Work, session_id: UUID, *, if_version: int | None = None) -> RouteSession:
    """The route is done for the day; it leaves the tablet. What is still in an outbox is taken when it comes."""
    require(work.actor, Action.DISPATCH)
    session = get(work, RouteSession, session_id)
    _require_crew(work, session.technician_id)
    check_version(session, if_version)
    # Locked as starting one does, so that the last to close sees that it is the last.
    get(work, RouteVersion, session.route_version_id)
    if session.state != "open":
        raise Problem("conflict", "That session is closed already.")
    session.state = "closed"
    journal.changed(work, session, "close")
    scope.notice(work, [session.technician_id])
    others = select(RouteSession.id).where(
        RouteSession.route_version_id == session.route_version_id, RouteSession.state == "open"
    )
    if work.session.scalar(others.limit(1)) is None:
        bucket = scope.route_bucket(session.route_version_id)
        scope.leave(work, bucket, _rows(work, session.route_version_id))
    return session


def _rows(work: Work, version_id: UUID) -> list[tuple[str, UUID, int]]:
    """The stops of a version and their service points, with their row versions."""
    found = work.session.execute(
        select(Stop.id, Stop.version, ServicePoint.id, ServicePoint.version)
        .join(ServicePoint, ServicePoint.id == Stop.service_point_id)
        .where(Stop.route_version_id == version_id)
        .order_by(ServicePoint.id)
        # Whoever edits a place meanwhile finds the bucket holding it, or we find the edit.
        .with_for_update(read=True, of=ServicePoint)
    )
    rows: list[tuple[str, UUID, int]] = []
    for stop_id, stop_version, point_id, point_version in found:
        rows += [("stop", stop_id, stop_version), ("service_point", point_id, point_version)]
    return rows


def _require_routes(work: Work) -> None:
    if Grant.YES not in require(work.actor, Action.PROPOSE_ROUTE):
        raise Problem("forbidden", "Technicians propose changes to a route; others draft it.")


def _require_crew(work: Work, technician_id: UUID) -> None:
    """Dispatchers send anybody, a crew lead himself and the own crew."""
    if Grant.YES in require(work.actor, Action.DISPATCH) or technician_id == work.actor.staff_id:
        return
    led = select(Staff.id).where(Staff.id == technician_id, Staff.crew_lead_id == work.actor.staff_id)
    if work.session.scalar(led) is None:
        raise Problem("forbidden", "A crew lead dispatches the own crew only.", action=Action.DISPATCH.value)


def _check_not_walked(work: Work, version: RouteVersion) -> None:
    walked = (
        select(RouteSession.id)
        .join(RouteVersion, RouteVersion.id == RouteSession.route_version_id)
        .where(RouteVersion.route_id == version.route_id, RouteSession.state == "open")
    )
    if work.session.scalar(walked.limit(1)) is not None:
        raise Problem("conflict", "Somebody walks this route now; close the session, or publish with `force`.")


def _check_on_no_other_route(work: Work, version: RouteVersion) -> None:
    mine = aliased(Stop)
    elsewhere = work.session.execute(
        select(ServicePoint.number, Route.code)
        .join(mine, mine.service_point_id == ServicePoint.id)
        .join(Stop, Stop.service_point_id == mine.service_point_id)
        .join(RouteVersion, RouteVersion.id == Stop.route_version_id)
        .join(Route, Route.id == RouteVersion.route_id)
        .where(
            mine.route_version_id == version.id,
            RouteVersion.state == PUBLISHED,
            RouteVersion.route_id != version.route_id,
        )
        .order_by(ServicePoint.number)
        .limit(5)
    ).all()
    if elsewhere:
        named = ", ".join(f"{number} (on {code})" for number, code in elsewhere)
        raise Problem("conflict", f"A service point is on one route at a time: {named}.")


def length_of(work: Work, points: Sequence[UUID]) -> float | None:
    """How long a walk along places is, in meters as the crow flies."""
    places = select(ServicePoint.id, ServicePoint.location).where(among(work.session, ServicePoint.id, points))
    known: dict[UUID, WKBElement | None] = {row.id: row.location for row in work.session.execute(places)}
    return _length_m([known[point] for point in points])


def _length_m(locations: Sequence[WKBElement | None]) -> float | None:
    """Along the stops that have a position, as the crow flies from each to the next."""
    points = [point_of(bytes(place.data)) for place in locations if place is not None]
    return round(length_m(points), 1) if len(points) > 1 else None
