"""What a technician corrects at a service point: notes and hazards, merged field by field with the office's edits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select

from curbstop.commands import journal
from curbstop.commands.service_points import check_hazards
from curbstop.commands.work import Work, get
from curbstop.domain.merge import SERVICE_POINT_POLICY, merge_fields
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.route import RouteSession, Stop
from curbstop.models.service_order import OrderHistory, ServiceOrder
from curbstop.models.service_point import ServicePoint

FIELDS = ("access_notes", "read_instructions", "hazards")


@dataclass(frozen=True, slots=True)
class Edited:
    """The version after the edit, and the fields that the office had changed too."""

    version: int
    clashes: list[dict[str, Any]]


def edit(work: Work, service_point_id: UUID, fields: Mapping[str, Mapping[str, Any]]) -> Edited:
    """Merges {field: {base, value}} into the service point: equal edits converge, prose and lists keep both sides."""
    require(work.actor, Action.FIELD_EVENTS)
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise Problem("invalid", f"A tablet does not edit {', '.join(sorted(unknown))}.")
    check_hazards(fields.get("hazards", {}).get("value"))
    point = get(work, ServicePoint, service_point_id)
    if not was_given(work, service_point_id):
        raise Problem("not_in_scope", "That service point was not part of this technician's work.")
    theirs = {name: getattr(point, name) for name in fields}
    merged = merge_fields(
        {name: change.get("base") for name, change in fields.items()},
        theirs,
        {name: change["value"] for name, change in fields.items()},
        SERVICE_POINT_POLICY,
    )
    versions = dict(point.field_versions)
    for name in fields:
        if merged.fields[name] != theirs[name]:
            setattr(point, name, merged.fields[name])
            versions[name] = point.version + 1
    if versions != point.field_versions:
        point.field_versions = versions
        journal.changed(work, point, "field_note")
    clashes = [
        {"field": c.field, "policy": c.policy.value, "office": c.theirs, "taken": c.taken} for c in merged.clashes
    ]
    return Edited(point.version, clashes)


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
