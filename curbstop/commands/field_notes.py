"""What a technician corrects at a service point: notes, hazards and where it is, merged with the office's edits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import exists, select

from curbstop.commands import conflicts, journal
from curbstop.commands.service_points import check_hazards
from curbstop.commands.work import Work, get
from curbstop.domain.merge import SERVICE_POINT_POLICY, Merged, merge_fields
from curbstop.domain.permissions import Action, Grant, grants, require
from curbstop.domain.problems import Problem
from curbstop.models.op_ledger import OpLedger
from curbstop.models.route import RouteSession, Stop
from curbstop.models.service_order import OrderHistory, ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_ewkb, point_of

NOTES = ("access_notes", "read_instructions", "hazards")
LOCATION = "location"
FIELDS = (*NOTES, LOCATION)


@dataclass(frozen=True, slots=True)
class Edited:
    """The version after the edit, what both sides had changed, and what else the office had changed meanwhile.

    `soft`: an earlier edit of this tablet's chain was written before the office's and this one after it, so its author
    may not have seen the place as it was. `conflict_id` is where a proposal waits that the technician may only make.
    """

    version: int
    clashes: list[dict[str, Any]]
    interleaved: list[str]
    soft: bool
    conflict_id: UUID | None = None

    def to_json(self) -> dict[str, Any]:
        said = {"version": self.version, "clashes": self.clashes, "interleaved": self.interleaved, "soft": self.soft}
        return said | ({"conflict_id": str(self.conflict_id)} if self.conflict_id is not None else {})


def edit(
    work: Work, service_point_id: UUID, fields: Mapping[str, Mapping[str, Any]], *, base_version: int | None = None
) -> Edited:
    """Merges {field: {base, value}} into the service point by the policy table; every clash is audited, whoever won.

    Equal edits converge, different fields both stand, prose and lists keep what either side added. A new position is a
    proposal: it waits as a conflict unless it is within the tolerance of the present one; the notes are merged at once.
    Problems: forbidden, invalid, not_found, not_in_scope, needs_gis (nothing but a proposal came).
    """
    require(work.actor, Action.FIELD_EVENTS)
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise Problem("invalid", f"A tablet does not edit {', '.join(sorted(unknown))}.")
    check_hazards(fields.get("hazards", {}).get("value"))
    point = get(work, ServicePoint, service_point_id)
    if work.authority is None and not was_given(work, service_point_id):
        raise Problem("not_in_scope", "That service point was not part of this technician's work.")
    theirs = {name: _position(point) if name == LOCATION else getattr(point, name) for name in fields}
    # What the office decided is not merged once more: it was made from what is here.
    base = theirs if work.authority is not None else {name: change.get("base") for name, change in fields.items()}
    mine = {name: change["value"] for name, change in fields.items()}
    merged = merge_fields(base, theirs, mine, SERVICE_POINT_POLICY)
    interleaved, soft = _interleaved(work, point, base_version)
    moves = merged.fields.get(LOCATION) != theirs.get(LOCATION) or bool(merged.parked)
    conflict_id = _propose(work, point, fields) if moves and not _may_move(work) else None
    if conflict_id is not None:
        merged = Merged({**merged.fields, LOCATION: theirs[LOCATION]}, merged.clashes)
    _write(work, point, merged, theirs)
    return Edited(point.version, _told(work, point, merged), interleaved, soft, conflict_id)


def _write(work: Work, point: ServicePoint, merged: Merged, theirs: Mapping[str, Any]) -> None:
    versions = dict(point.field_versions)
    for name, before in theirs.items():
        after = merged.fields[name]
        if after == before:
            continue
        if name == LOCATION:
            point.location, point.location_source = _element(after), "surveyed"
        else:
            setattr(point, name, after)
        versions[name] = point.version + 1
    if versions != point.field_versions:
        point.field_versions = versions
        journal.changed(work, point, "field_note")


def _position(point: ServicePoint) -> dict[str, float] | None:
    if point.location is None:
        return None
    longitude, latitude = point_of(bytes(point.location.data))
    return {"longitude": longitude, "latitude": latitude}


def _element(position: Mapping[str, Any] | None) -> WKBElement | None:
    if position is None:
        return None
    return WKBElement(point_ewkb(position["longitude"], position["latitude"]), srid=4326, extended=True)


def _told(work: Work, point: ServicePoint, merged: Merged) -> list[dict[str, Any]]:
    """The clashes as the tablet is told, each with a line in the audit trail: no edit is lost without a trace."""
    for clash in merged.clashes:
        before = {"field": clash.field, "base": clash.base, "theirs": clash.theirs, "mine": clash.mine}
        after = {"policy": clash.policy.value, "taken": clash.taken}
        journal.audit(work, "merge", "service_point", point.id, before=before, after=after)
    return [{"field": c.field, "policy": c.policy.value, "office": c.theirs, "taken": c.taken} for c in merged.clashes]


def _interleaved(work: Work, point: ServicePoint, base_version: int | None) -> tuple[list[str], bool]:
    """The fields that somebody else changed since the tablet's copy, and whether an own edit lies before that.

    The tablet's own earlier edits raise versions too; what its ops were answered with says which those are.
    """
    if base_version is None or work.op_id is None:
        return [], False
    since = {name: version for name, version in point.field_versions.items() if version > base_version}
    if not since:
        return [], False
    answers = work.session.scalars(
        select(OpLedger.answer).where(
            OpLedger.aggregate == f"service_point/{point.id}",
            OpLedger.tablet_id == work.actor.tablet_id,
            OpLedger.verdict.in_(("applied", "merged")),
        )
    ).all()
    own = {(answer or {}).get("result", {}).get("version") for answer in answers}
    others = sorted(name for name, version in since.items() if version not in own)
    earlier = any(version is not None and version > base_version for version in own)
    return others, bool(others) and earlier


def _may_move(work: Work) -> bool:
    decides = work.authority or work.actor
    return Grant.YES in grants(decides, Action.EDIT_GEOMETRY)


def _propose(work: Work, point: ServicePoint, fields: Mapping[str, Mapping[str, Any]]) -> UUID:
    """A position that the actor may only propose: a conflict of its own beside the notes, or the whole op's.

    Parked work that the office takes without the right to move places proposes it like a push. What waits as a proposal
    already is refused: only GIS takes that.
    """
    why = Problem("needs_gis", f"{point.number}: a new position waits for GIS.")
    if work.op_id is None:
        raise why
    by_push = work.authority is None
    if set(fields) == {LOCATION} if by_push else conflicts.is_proposed(work, work.op_id):
        raise why
    args = {"service_point_id": str(point.id), "fields": {LOCATION: dict(fields[LOCATION])}}
    parked = conflicts.park(
        work, op_id=work.op_id, aggregate=f"service_point/{point.id}", args=args, base=None, why=why
    )
    return parked.id


def was_given(work: Work, service_point_id: UUID) -> bool:
    """Whether the actor's work ever included the place: an order there was theirs, or a route that they walked."""
    by_order = exists().where(
        OrderHistory.order_id == ServiceOrder.id,
        ServiceOrder.service_point_id == service_point_id,
        OrderHistory.technician_id == work.actor.staff_id,
    )
    by_route = exists().where(
        Stop.service_point_id == service_point_id,
        RouteSession.route_version_id == Stop.route_version_id,
        RouteSession.technician_id == work.actor.staff_id,
    )
    return bool(work.session.scalar(select(by_order | by_route)))
