"""Versions of routes: drafted, edited and undone as further drafts, and published with all that came of one edit.

A version's content never changes: each edit makes the next draft and retires the draft that it was made of, so that
every earlier walk can be had again. It is long because the checks of publishing stand beside what they check.
"""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import func, select

from curbstop.commands import journal, routes, tap_steps
from curbstop.commands.many import insert_many, update_many
from curbstop.commands.work import Work, get, lock_many
from curbstop.domain import walks
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.domain.sequences import RoutePolicy
from curbstop.domain.walks import Stand
from curbstop.models.among import among
from curbstop.models.calendar import in_force
from curbstop.models.ids import new_id
from curbstop.models.route import Route, RouteSession, RouteVersion, Stop
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from geo.distance import length_m

DRAFT, PUBLISHED, RETIRED = "draft", "published", "retired"
# A reader's day is 200 to 400 stops.
MOST_STOPS: Final = 2_000


def draft(work: Work, route_id: UUID, service_point_ids: Sequence[UUID]) -> RouteVersion:
    """A draft with these stops in this order. Problems: forbidden, invalid (twice the same, or unknown, places)."""
    require_drafting(work)
    route = get(work, Route, route_id)
    new = _stands(work, service_point_ids)
    walk = walks.renumbered(new, policy_of(work))
    return write(work, route, walk, base_id=published_id(work, route.id), note="drafted")


def copy(work: Work, version_id: UUID) -> RouteVersion:
    """A new draft equal to a version, also a retired one: what was done since is undone once it is published."""
    version, walk = begin(work, version_id)
    route = get(work, Route, version.route_id)
    return write(work, route, walk, base_id=published_id(work, route.id), note=f"as version {version.number}")


def reverse(work: Work, version_id: UUID) -> RouteVersion:
    """The same stops from the end to the beginning."""
    version, walk = begin(work, version_id)
    return follow(work, version, walks.turned(walk), "reversed")


def resequence(
    work: Work, version_id: UUID, stop_ids: Sequence[UUID], *, after_stop_id: UUID | None = None
) -> RouteVersion:
    """A selection is walked in this order behind a stop (None: first); the others keep their numbers if they can."""
    version, walk = begin(work, version_id)
    moved = walks.move(walk, stop_ids, after_stop_id, policy_of(work))
    return follow(work, version, moved, f"{len(stop_ids)} stops moved")


def add_stops(
    work: Work, version_id: UUID, service_point_ids: Sequence[UUID], *, after_stop_id: UUID | None = None
) -> RouteVersion:
    """More places behind a stop (None: first)."""
    version, walk = begin(work, version_id)
    longer = walks.put(walk, _stands(work, service_point_ids), after_stop_id, policy_of(work))
    return follow(work, version, longer, f"{len(service_point_ids)} stops added")


def remove_stops(work: Work, version_id: UUID, stop_ids: Sequence[UUID]) -> RouteVersion:
    """The walk without these stops; the others keep their numbers."""
    version, walk = begin(work, version_id)
    rest = walks.without(walk, walks.chosen(walk, stop_ids))
    return follow(work, version, rest, f"{len(stop_ids)} stops removed")


def transfer(
    work: Work,
    version_id: UUID,
    stop_ids: Sequence[UUID],
    *,
    to_version_id: UUID,
    after_stop_id: UUID | None = None,
) -> list[RouteVersion]:
    """Stops go to another route, behind one of its stops: two drafts that are published together."""
    (version, walk), (other, others) = _begin_both(work, version_id, to_version_id)
    going = walks.chosen(walk, stop_ids)
    longer = walks.put(others, going, after_stop_id, policy_of(work))
    bundle = _bundle_of(work, version, other)
    said = f"{len(going)} stops"
    return [
        follow(work, version, walks.without(walk, going), f"{said} given away", bundle),
        follow(work, other, longer, f"{said} taken over", bundle),
    ]


def split(
    work: Work, version_id: UUID, stop_ids: Sequence[UUID], *, code: str, name: str, cycle_id: UUID | None = None
) -> list[RouteVersion]:
    """Stops become a route of their own, in the order named, in the same cycle unless another is given.

    Two drafts that are published together. Problems: forbidden, invalid, conflict (the code is taken).
    """
    version, walk = begin(work, version_id)
    going = walks.chosen(walk, stop_ids)
    route = get(work, Route, version.route_id)
    made = routes.create(work, code=code, name=name, cycle_id=cycle_id or route.cycle_id)
    bundle = version.bundle_id or new_id()
    fresh = walks.renumbered(going, policy_of(work))
    said = f"{len(going)} stops split off"
    return [
        follow(work, version, walks.without(walk, going), f"{said} to {code}", bundle),
        write(work, made, fresh, base_id=None, note=f"{said} from {route.code}", bundle_id=bundle),
    ]


def merge(work: Work, version_id: UUID, other_version_id: UUID) -> list[RouteVersion]:
    """All stops of another route behind the last of this one: two drafts, published together.

    The other's has no stop left: published, it ends what was walked of that route.
    """
    (version, walk), (other, others) = _begin_both(work, version_id, other_version_id)
    longer = walks.put(walk, others, walks.last(walk), policy_of(work))
    bundle = _bundle_of(work, version, other)
    return [
        follow(work, version, longer, f"{len(others)} stops taken over", bundle),
        follow(work, other, [], f"{len(others)} stops given away", bundle),
    ]


def publish(work: Work, version_id: UUID, *, force: bool = False, renumber: bool = False) -> RouteVersion:
    """A draft becomes what is walked from now on, with all drafts of its bundle. `renumber` gives it even gaps.

    While somebody walks one of the routes, only by `force`: sessions under way keep the version that they began with.
    Problems: forbidden, not_found, conflict (no draft, no stops, being walked, another version was published since it
    was drafted, or a stop is on another published route).
    """
    if Grant.YES not in require(work.actor, Action.PUBLISH_ROUTE):
        raise Problem("forbidden", "Only a GIS editor publishes a route.")
    version = get(work, RouteVersion, version_id)
    bundle = bundle_of(work, version)
    lock_many(work, Route, {one.route_id for one in bundle})
    if version.state != DRAFT:
        raise Problem("conflict", f"Version {version.number} is {version.state}; only a draft is published.")
    if not version.stop_count and len(bundle) == 1:
        raise Problem("conflict", "A route without stops is not published.")
    if not force:
        _check_not_walked(work, bundle)
    _check_base(work, bundle)
    _check_on_no_other_route(work, bundle)
    now = {one.route_id for one in bundle}
    before = select(RouteVersion).where(RouteVersion.route_id.in_(now), RouteVersion.state == PUBLISHED)
    for earlier in work.session.scalars(before).all():
        earlier.state = RETIRED
    # The unique index allows one published version: the earlier one must be gone first.
    work.session.flush()
    for one in bundle:
        if renumber:
            _renumber(work, one)
        one.state, one.published_at = (PUBLISHED if one.stop_count else RETIRED), work.at
    work.session.flush()
    for one in bundle:
        tap_steps.came_on_route(work, one.id)
        journal.audit(work, "publish", "route_version", one.id, after={"number": one.number, "state": one.state})
    return version


def begin(work: Work, version_id: UUID) -> tuple[RouteVersion, list[Stand]]:
    """A version that somebody may draft from, and its walk."""
    require_drafting(work)
    version = get(work, RouteVersion, version_id)
    return version, walk_of(work, version.id)


def walk_of(work: Work, version_id: UUID) -> list[Stand]:
    """The stops of a version, in their order."""
    columns = (Stop.id, Stop.service_point_id, Stop.origin_id, Stop.sequence)
    found = work.session.execute(select(*columns).where(Stop.route_version_id == version_id).order_by(Stop.sequence))
    return [Stand(row.id, row.service_point_id, row.origin_id or row.id, row.sequence) for row in found]


def follow(
    work: Work, version: RouteVersion, walk: Sequence[Stand], note: str, bundle_id: UUID | None = None
) -> RouteVersion:
    """The next draft of the route after an edit of `version`, which is done with if it was a draft.

    Begun from a retired version it would take back what was published since: Problem(`conflict`), copy it first.
    """
    route = get(work, Route, version.route_id)
    if version.state == RETIRED:
        raise Problem("conflict", f"Version {version.number} is retired; copy it, and edit the copy.")
    base_id = version.id if version.state == PUBLISHED else version.base_id
    bundle = bundle_id or (version.bundle_id if version.state == DRAFT else None)
    if version.state == DRAFT:
        version.state = RETIRED
    return write(work, route, walk, base_id=base_id, note=note, bundle_id=bundle)


def write(
    work: Work,
    route: Route,
    walk: Sequence[Stand],
    *,
    base_id: UUID | None,
    note: str,
    bundle_id: UUID | None = None,
) -> RouteVersion:
    """The walk as the next draft of a route that the caller has locked, with its line in the audit trail."""
    if len(walk) > MOST_STOPS:
        raise Problem("invalid", f"A route has at most {MOST_STOPS} stops.", field="stop_ids")
    newest = select(func.max(RouteVersion.number)).where(RouteVersion.route_id == route.id)
    version = RouteVersion(
        id=new_id(),
        route_id=route.id,
        number=(work.session.scalar(newest) or 0) + 1,
        state=DRAFT,
        base_id=base_id,
        bundle_id=bundle_id,
        note=note[:200],
        stop_count=len(walk),
        length_m=length_of(work, [stand.service_point_id for stand in walk]),
        created_at=work.at,
    )
    work.session.add(version)
    work.session.flush()
    stops = [
        {
            "id": new_id(),
            "route_version_id": version.id,
            "service_point_id": stand.service_point_id,
            "sequence": stand.sequence,
            "origin_id": stand.origin_id,
            "version": 1,
        }
        for stand in walk
    ]
    insert_many(work.session, Stop, stops)
    said = {"route": route.code, "number": version.number, "stops": len(stops), "note": version.note}
    journal.audit(work, "draft", "route_version", version.id, after=said)
    return version


def policy_of(work: Work) -> RoutePolicy:
    """The gaps and widths of the utility's sequence numbers."""
    return in_force(work.session).policy.routes


def published_id(work: Work, route_id: UUID) -> UUID | None:
    """What is walked of the route now."""
    here = (RouteVersion.route_id == route_id, RouteVersion.state == PUBLISHED)
    return work.session.scalar(select(RouteVersion.id).where(*here))


def bundle_of(work: Work, version: RouteVersion) -> list[RouteVersion]:
    """The draft with those that are published together with it, the version itself first."""
    if version.bundle_id is None:
        return [version]
    together = select(RouteVersion).where(
        RouteVersion.bundle_id == version.bundle_id, RouteVersion.state == DRAFT, RouteVersion.id != version.id
    )
    return [version, *work.session.scalars(together.order_by(RouteVersion.id).with_for_update())]


def length_of(work: Work, points: Sequence[UUID]) -> float | None:
    """How long a walk along places is, in meters as the crow flies."""
    places = select(ServicePoint.id, ServicePoint.location).where(among(work.session, ServicePoint.id, points))
    known: dict[UUID, WKBElement | None] = {row.id: row.location for row in work.session.execute(places)}
    placed = [place for point in points if (place := known[point]) is not None]
    line = [point_of(bytes(place.data)) for place in placed]
    return round(length_m(line), 1) if len(line) > 1 else None


def require_drafting(work: Work) -> None:
    """Problem(`forbidden`) for whoever may only propose, or not even that."""
    if Grant.YES not in require(work.actor, Action.PROPOSE_ROUTE):
        raise Problem("forbidden", "Technicians propose changes to a route; others draft it.")


def _begin_both(
    work: Work, version_id: UUID, other_id: UUID
) -> tuple[tuple[RouteVersion, list[Stand]], tuple[RouteVersion, list[Stand]]]:
    # In one order, whichever way the stops go.
    lock_many(work, RouteVersion, {version_id, other_id})
    one, other = begin(work, version_id), begin(work, other_id)
    if one[0].route_id == other[0].route_id:
        raise Problem("invalid", "Those are versions of one route; resequence its stops.", field="route_version_id")
    lock_many(work, Route, {one[0].route_id, other[0].route_id})
    return one, other


def _bundle_of(work: Work, version: RouteVersion, other: RouteVersion) -> UUID:
    """The bundle that both drafts are in from now on; drafts of two bundles make one of them."""
    mine, theirs = (one.bundle_id if one.state == DRAFT else None for one in (version, other))
    if mine is not None and theirs is not None and mine != theirs:
        for one in bundle_of(work, other):
            one.bundle_id = mine
    return mine or theirs or new_id()


def _stands(work: Work, service_point_ids: Sequence[UUID]) -> list[Stand]:
    """New stops at places, each going on with the stop that the place was on a published route before."""
    if len(set(service_point_ids)) != len(service_point_ids):
        raise Problem("invalid", "A service point stands on a route once.", field="service_point_ids")
    places = select(ServicePoint.id).where(among(work.session, ServicePoint.id, service_point_ids))
    known = set(work.session.scalars(places))
    missing = [str(point) for point in service_point_ids if point not in known]
    if missing:
        raise Problem("invalid", f"There are no service points {', '.join(missing[:5])}.", field="service_point_ids")
    before = (
        select(Stop.service_point_id, func.coalesce(Stop.origin_id, Stop.id))
        .join(RouteVersion, RouteVersion.id == Stop.route_version_id)
        .where(among(work.session, Stop.service_point_id, service_point_ids), RouteVersion.published_at.is_not(None))
        # The last wins.
        .order_by(Stop.id)
    )
    origins = {place: origin for place, origin in work.session.execute(before)}  # noqa: C416 - of rows
    return [Stand(None, point, origins.get(point), 0) for point in service_point_ids]


def _renumber(work: Work, version: RouteVersion) -> None:
    walk = walks.renumbered(walk_of(work, version.id), policy_of(work))
    # The numbers are unique at every moment, so they step aside first.
    for sign in (-1, 1):
        rows = [{"id": stand.id, "sequence": sign * stand.sequence} for stand in walk]
        update_many(work.session, Stop, rows, keys=("id",))


def _check_not_walked(work: Work, bundle: Collection[RouteVersion]) -> None:
    walked = (
        select(Route.code)
        .join(RouteVersion, RouteVersion.route_id == Route.id)
        .join(RouteSession, RouteSession.route_version_id == RouteVersion.id)
        .where(Route.id.in_({one.route_id for one in bundle}), RouteSession.state == "open")
    )
    code = work.session.scalar(walked.limit(1))
    if code is not None:
        raise Problem("conflict", f"Somebody walks {code} now; close the session, or publish with `force`.")


def _check_base(work: Work, bundle: Collection[RouteVersion]) -> None:
    """Nothing was published of the routes since the drafts were begun: it would be lost without a word."""
    current = select(RouteVersion).where(
        RouteVersion.route_id.in_({one.route_id for one in bundle}), RouteVersion.state == PUBLISHED
    )
    published = {one.route_id: one for one in work.session.scalars(current)}
    for one in bundle:
        now = published.get(one.route_id)
        if one.base_id != (now.id if now is not None else None):
            newer = f"version {now.number} was published" if now is not None else "the route was ended"
            detail = f"Since version {one.number} was begun {newer}; edit that one, or copy yours to insist."
            raise Problem("conflict", detail, route_version_id=str(now.id) if now is not None else None)


def _check_on_no_other_route(work: Work, bundle: Collection[RouteVersion]) -> None:
    ids, routes = {one.id for one in bundle}, {one.route_id for one in bundle}
    mine = select(Stop.service_point_id).where(Stop.route_version_id.in_(ids))
    stands = (
        select(ServicePoint.number, Route.code, Stop.service_point_id)
        .join(Stop, Stop.service_point_id == ServicePoint.id)
        .join(RouteVersion, RouteVersion.id == Stop.route_version_id)
        .join(Route, Route.id == RouteVersion.route_id)
        .order_by(ServicePoint.number)
        .limit(5)
    )
    outside = stands.where(
        RouteVersion.state == PUBLISHED, RouteVersion.route_id.not_in(routes), Stop.service_point_id.in_(mine)
    )
    twice = mine.group_by(Stop.service_point_id).having(func.count() > 1)
    inside = stands.where(RouteVersion.id.in_(ids), Stop.service_point_id.in_(twice))
    elsewhere = work.session.execute(outside).all() or work.session.execute(inside).all()
    if elsewhere:
        named = ", ".join(f"{row.number} (on {row.code})" for row in elsewhere)
        raise Problem("conflict", f"A service point is on one route at a time: {named}.")
