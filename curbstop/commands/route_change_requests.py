"""Route change requests: proposed from the field, decided by GIS. A proposal alters no route that is walked.

A proposal is in its technician's bucket, so that the tablet says what became of it; it leaves some days after that.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal, route_versions, scope
from curbstop.commands.work import Work, check_version, get
from curbstop.domain import walks
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.ids import new_id
from curbstop.models.route import Route, RouteVersion, Stop
from curbstop.models.route_change_request import RouteChangeRequest
from curbstop.models.service_order import ServiceOrder

OPEN = "open"
DECISIONS = {"accept": "accepted", "refuse": "refused"}
# So long a tablet still shows the answer.
SHOWN = timedelta(days=7)
ROW = "route_change_request"


def propose(work: Work, order: ServiceOrder) -> RouteChangeRequest:
    """What a visit proposes for its place: a sequence, a position, or only words."""
    stop = work.session.execute(
        select(Route.id, Stop.sequence)
        .join(RouteVersion, RouteVersion.route_id == Route.id)
        .join(Stop, Stop.route_version_id == RouteVersion.id)
        .where(Stop.service_point_id == order.service_point_id, RouteVersion.state == "published")
        .order_by(RouteVersion.number.desc())
        .limit(1)
    ).first()
    gps, better = order.captures.get("gps") or {}, order.captures.get("new_sequence")
    row = RouteChangeRequest(
        id=new_id(),
        service_point_id=order.service_point_id,
        order_id=order.id,
        route_id=stop.id if stop is not None else None,
        sequence=stop.sequence if stop is not None else None,
        new_sequence=int(float(better)) if better is not None else None,
        longitude=gps.get("longitude"),
        latitude=gps.get("latitude"),
        note=order.captures.get("notes") or order.notes,
        proposed_by_id=order.completed_by_id,
        state=OPEN,
        created_at=work.at,
    )
    work.session.add(row)
    journal.changed(work, row, "propose")
    if row.proposed_by_id is not None:
        scope.enter(work, scope.technician_bucket(row.proposed_by_id), [(ROW, row.id, row.version)])
    return row


def decide(
    work: Work, request_id: UUID, decision: str, *, reason: str, if_version: int | None = None
) -> RouteChangeRequest:
    """GIS takes a proposal or refuses it. Problems: forbidden, not_found, version_mismatch, invalid, conflict."""
    require(work.actor, Action.PUBLISH_ROUTE)
    row = get(work, RouteChangeRequest, request_id)
    check_version(row, if_version)
    if decision not in DECISIONS:
        raise Problem("invalid", f"A decision is one of {', '.join(DECISIONS)}.", field="decision")
    if row.state != OPEN:
        raise Problem("conflict", f"That proposal was {row.state} already.")
    row.state, row.reason = DECISIONS[decision], reason
    row.decided_at, row.decided_by_id = work.at, work.actor.staff_id
    journal.changed(work, row, decision)
    return row


def draft(work: Work, request_id: UUID, *, route_version_id: UUID | None = None) -> RouteVersion:
    """An accepted place in the walk as the next draft of what is walked, or of a draft that GIS has at hand.

    The stop gets the proposed number, or stands before whoever has it. Problems: forbidden, not_found, conflict (not
    accepted, no number proposed, or its stop is not there any more), invalid (a version of another route),
    sequence_full.
    """
    route_versions.require_drafting(work)
    row = get(work, RouteChangeRequest, request_id, lock=False)
    if row.state != DECISIONS["accept"]:
        raise Problem("conflict", f"That proposal is {row.state}; only an accepted one is drafted.")
    if row.new_sequence is None or row.route_id is None:
        raise Problem("conflict", "That proposal names no other place in a walk; there is nothing to draft.")
    version_id = route_version_id or route_versions.published_id(work, row.route_id)
    if version_id is None:
        raise Problem("conflict", "Nothing of its route is walked now; name the draft that it goes into.")
    version, walk = route_versions.begin(work, version_id)
    if version.route_id != row.route_id:
        raise Problem("invalid", "That is a version of another route.", field="route_version_id")
    stand = next((one for one in walk if one.service_point_id == row.service_point_id), None)
    if stand is None:
        raise Problem("conflict", f"Its place is not on version {version.number} of the route.")
    moved = walks.move_to(walk, stand, row.new_sequence, route_versions.policy_of(work))
    return route_versions.follow(work, version, moved, f"proposed by the field: {stand.sequence} to {row.new_sequence}")


def forget_told(work: Work, *, limit: int = 500) -> int:
    """Takes proposals that were decided long ago out of the tablets' buckets; how many. For the clock."""
    old = work.session.execute(
        select(RouteChangeRequest.id, RouteChangeRequest.version, RouteChangeRequest.proposed_by_id)
        .where(RouteChangeRequest.decided_at < work.at - SHOWN, RouteChangeRequest.id.in_(scope.held_anywhere(ROW)))
        .order_by(RouteChangeRequest.decided_at)
        .limit(limit)
    ).all()
    by_person: dict[UUID, list[tuple[str, UUID, int]]] = {}
    for row in old:
        by_person.setdefault(row.proposed_by_id, []).append((ROW, row.id, row.version))
    for person, rows in by_person.items():
        scope.leave(work, scope.technician_bucket(person), rows)
    return len(old)
