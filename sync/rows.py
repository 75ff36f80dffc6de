"""The images of rows as tablets see them, written as JSON by the database; held to mobile-schema by tests.

One statement brings a page of rows of one type, with everything that belongs to them; Python only glues the texts.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, Text, case, cast, literal_column, null, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from curbstop.models.account import Account, Customer
from curbstop.models.change_log import BucketRow
from curbstop.models.conflict import Conflict
from curbstop.models.meter import Endpoint, Installation, Meter, Register
from curbstop.models.op_ledger import OpLedger
from curbstop.models.order_type import OrderTypeRow
from curbstop.models.reading import Reading
from curbstop.models.route import Route, RouteVersion, Stop
from curbstop.models.route_change_request import RouteChangeRequest
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.tap_request import LocateTicket
from sync.json_sql import Latitude, Longitude, Plain, json_array, json_object, value

# (row version, body)
Image = tuple[int, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Source:
    """Where the rows of one type come from. `joins` are outer ones: what is missing is null in the body."""

    id: InstrumentedAttribute[UUID]
    version: InstrumentedAttribute[int]
    body: ColumnElement[Any]
    joins: tuple[tuple[Any, ColumnElement[bool]], ...] = ()

    def images_of(self, keys: Subquery, entity_type: str) -> Select[UUID, str]:
        """(id, row as JSON text) for each of `keys`, in their order; one that is no more is a row that is gone."""
        found: Any = keys.outerjoin(self.id.class_, self.id == keys.c.entity_id)
        for table, on in self.joins:
            found = found.outerjoin(table, on)
        begin: Any = literal_column(f"""'{{"entity_type":"{entity_type}","id":"'""")
        # The type of an id is left, for a text made of it.
        shown = cast(value(keys.c.entity_id), Text)
        there = '","version":' + cast(self.version, Text) + ',"gone":false,"body":' + Plain(self.body) + "}"
        text = begin + shown + case((self.id.is_(null()), '","version":0,"gone":true}'), else_=there)
        return select(keys.c.entity_id, text).select_from(found).order_by(keys.c.entity_id)


def page(session: Session, bucket: str, entity_type: str, after: UUID | None, limit: int) -> list[tuple[UUID, str]]:
    """The next rows of a type that the bucket holds, by id: (id, row as JSON text)."""
    held = _held(bucket, entity_type)
    if after is not None:
        held = held.where(BucketRow.entity_id > after)
    keys = held.order_by(BucketRow.entity_id).limit(limit).subquery("keys")
    return _texts(session, keys, entity_type)


def held(session: Session, bucket: str, entity_type: str, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Of these rows those that the bucket holds, as JSON texts."""
    keys = _held(bucket, entity_type).where(BucketRow.entity_id.in_(ids)).subquery("keys")
    return dict(_texts(session, keys, entity_type))


def images(session: Session, entity_type: str, ids: Sequence[UUID]) -> dict[UUID, Image]:
    """The present images of rows of one type, wherever they are held; a row that is no more is missing."""
    if not ids:
        return {}
    key = LOADERS[entity_type].id
    keys = select(key.label("entity_id")).where(key.in_(ids)).subquery("keys")
    rows = ((row_id, json.loads(text)) for row_id, text in _texts(session, keys, entity_type))
    return {row_id: (row["version"], row["body"]) for row_id, row in rows}


def gone(entity_type: str, entity_id: UUID) -> str:
    """A row that left, as JSON text."""
    return f'{{"entity_type":"{entity_type}","id":"{entity_id}","version":0,"gone":true}}'


def _held(bucket: str, entity_type: str) -> Select[UUID]:
    return select(BucketRow.entity_id).where(BucketRow.bucket == bucket, BucketRow.entity_type == entity_type)


def _texts(session: Session, keys: Subquery, entity_type: str) -> list[tuple[UUID, str]]:
    return [(row_id, text) for row_id, text in session.execute(LOADERS[entity_type].images_of(keys, entity_type))]


def moment(at: datetime | None) -> str | None:
    """RFC 3339 in UTC, as everything on the wire."""
    return at.isoformat().replace("+00:00", "Z") if at is not None else None


def _registers() -> Select[Any]:
    """A meter's registers by position, each with its latest reading that stands: one index look-up, however long its
    past."""
    other, last = aliased(Reading), aliased(Reading)
    newest = (
        select(other.id)
        .where(other.register_id == Register.id, other.superseded_by_id.is_(None))
        .order_by(other.noted_at.desc(), other.id.desc())
        .limit(1)
        .correlate(Register)
        .scalar_subquery()
    )
    item = json_object(
        {
            "register_id": Register.id,
            "position": Register.position,
            "dials": Register.dials,
            "decimals": Register.decimals,
            "multiplier": Register.multiplier,
            "unit": Register.unit,
            "last_value": last.value,
            "last_noted_at": last.noted_at,
        }
    )
    return (
        select(item.label("item"))
        .select_from(Register)
        .outerjoin(last, last.id == newest)
        .where(Register.meter_id == Meter.id, Register.removed_at.is_(None))
        .order_by(Register.position)
        .correlate(Meter)
    )


def _meters() -> Select[Any]:
    """The installed meters of a place, with their radios, registers and last readings."""
    item = json_object(
        {
            "meter_id": Meter.id,
            "serial": Meter.serial,
            "size": Meter.size,
            "manufacturer": Meter.manufacturer,
            "model": Meter.model,
            "radio_id": Endpoint.radio_id,
            "installed_at": Installation.installed_at,
            "registers": json_array(_registers()),
        }
    )
    return (
        select(item.label("item"))
        .select_from(Installation)
        .join(Meter, Meter.id == Installation.meter_id)
        .outerjoin(Endpoint, (Endpoint.meter_id == Meter.id) & Endpoint.retired_at.is_(None))
        .where(Installation.service_point_id == ServicePoint.id, Installation.removed_at.is_(None))
        .order_by(Meter.serial)
        .correlate(ServicePoint)
    )


LOADERS: Final[dict[str, Source]] = {
    "conflict": Source(
        Conflict.id,
        Conflict.version,
        json_object(
            {
                "op_id": Conflict.op_id,
                "kind": OpLedger.kind,
                "aggregate": OpLedger.aggregate,
                "code": Conflict.code,
                "detail": Conflict.detail,
                "state": Conflict.state,
                "resolution": Conflict.resolution,
                "reason": Conflict.reason,
                "noted_at": OpLedger.noted_at,
                "parked_at": Conflict.created_at,
                "resolved_at": Conflict.resolved_at,
            }
        ),
        ((OpLedger, OpLedger.op_id == Conflict.op_id),),
    ),
    "route_change_request": Source(
        RouteChangeRequest.id,
        RouteChangeRequest.version,
        json_object(
            {
                "service_point_id": RouteChangeRequest.service_point_id,
                # Numbers and codes stay what they are, so the row needs no new version when the place is edited.
                "service_point_number": ServicePoint.number,
                "order_id": RouteChangeRequest.order_id,
                "order_number": ServiceOrder.number,
                "route_code": Route.code,
                "sequence": RouteChangeRequest.sequence,
                "new_sequence": RouteChangeRequest.new_sequence,
                "longitude": RouteChangeRequest.longitude,
                "latitude": RouteChangeRequest.latitude,
                "note": RouteChangeRequest.note,
                "state": RouteChangeRequest.state,
                "reason": RouteChangeRequest.reason,
                "proposed_at": RouteChangeRequest.created_at,
                "decided_at": RouteChangeRequest.decided_at,
            }
        ),
        (
            (ServicePoint, ServicePoint.id == RouteChangeRequest.service_point_id),
            (ServiceOrder, ServiceOrder.id == RouteChangeRequest.order_id),
            (Route, Route.id == RouteChangeRequest.route_id),
        ),
    ),
    "service_order": Source(
        ServiceOrder.id,
        ServiceOrder.version,
        json_object(
            {
                "number": ServiceOrder.number,
                "type_code": ServiceOrder.type_code,
                "type_version": ServiceOrder.type_version,
                "state": ServiceOrder.state,
                "priority": ServiceOrder.priority,
                "service_point_id": ServiceOrder.service_point_id,
                "requested_on": ServiceOrder.requested_on,
                "window_start": ServiceOrder.window_start,
                "window_end": ServiceOrder.window_end,
                "adult_present_required": ServiceOrder.adult_present_required,
                "instructions": ServiceOrder.instructions,
                "attempt_no": ServiceOrder.attempt_no,
                "scheduled_on": ServiceOrder.scheduled_on,
                "place": ServiceOrder.place,
                "technician_id": ServiceOrder.technician_id,
                "authorized_until": ServiceOrder.authorized_until,
                "locate_ticket": LocateTicket.number,
                "dig_from": LocateTicket.legal_start_at,
                "dig_until": LocateTicket.expires_at,
                "customer_name": case((Customer.name_withheld, null()), else_=Customer.name),
                "account_number": Account.number,
                "outcome": ServiceOrder.outcome,
                "captures": ServiceOrder.captures,
                "notes": ServiceOrder.notes,
                "flags": ServiceOrder.flags,
            }
        ),
        (
            (Account, Account.id == ServiceOrder.account_id),
            (Customer, Customer.id == Account.customer_id),
            (LocateTicket, LocateTicket.order_id == ServiceOrder.id),
        ),
    ),
    "service_point": Source(
        ServicePoint.id,
        ServicePoint.version,
        json_object(
            {
                "number": ServicePoint.number,
                "address": ServicePoint.address,
                "city": ServicePoint.city,
                "state": ServicePoint.state,
                "zip": ServicePoint.zip,
                "longitude": Longitude(ServicePoint.location),
                "latitude": Latitude(ServicePoint.location),
                "physical_state": ServicePoint.physical_state,
                "access_notes": ServicePoint.access_notes,
                "read_instructions": ServicePoint.read_instructions,
                "hazards": ServicePoint.hazards,
                "has_gate_code": ServicePoint.gate_code_sealed.is_not(None),
                "meters": json_array(_meters()),
            }
        ),
    ),
    "stop": Source(
        Stop.id,
        Stop.version,
        json_object(
            {
                "route_code": Route.code,
                "route_version_id": Stop.route_version_id,
                "sequence": Stop.sequence,
                "service_point_id": Stop.service_point_id,
            }
        ),
        ((RouteVersion, RouteVersion.id == Stop.route_version_id), (Route, Route.id == RouteVersion.route_id)),
    ),
    "order_type": Source(
        OrderTypeRow.id,
        OrderTypeRow.version,
        json_object(
            {"code": OrderTypeRow.code, "version": OrderTypeRow.version, "definition": OrderTypeRow.definition}
        ),
    ),
}
# In the order of their names, as the keys of a bucket are.
TYPES: Final = tuple(sorted(LOADERS))
__all__ = ["LOADERS", "TYPES", "Image", "Source", "gone", "held", "images", "moment", "page"]
