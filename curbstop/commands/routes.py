"""Routes: cycles, a reader's day of one, and the sessions in which somebody walks it."""

from datetime import date
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal, scope
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.permissions import Action, Grant, Role, require
from curbstop.domain.problems import Problem
from curbstop.models.ids import new_id
from curbstop.models.route import Cycle, Route, RouteSession, RouteVersion, Stop
from curbstop.models.service_point import ServicePoint
from curbstop.models.staff import Staff

PUBLISHED = "published"


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
