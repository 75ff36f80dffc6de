"""The images of rows as tablets see them: one batched loader for each entity type, held to mobile-schema by tests."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from curbstop.models.account import Account, Customer
from curbstop.models.conflict import Conflict
from curbstop.models.meter import Endpoint, Installation, Meter, Register
from curbstop.models.op_ledger import OpLedger
from curbstop.models.order_type import OrderTypeRow
from curbstop.models.reading import latest_of
from curbstop.models.route import Route, RouteVersion, Stop
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of

# (row version, body)
Image = tuple[int, dict[str, Any]]


def images(session: Session, entity_type: str, ids: Sequence[UUID]) -> dict[UUID, Image]:
    """The present images of rows of one type; a row that is no more is missing. A fixed number of statements."""
    return LOADERS[entity_type](session, ids) if ids else {}


def _service_orders(session: Session, ids: Sequence[UUID]) -> dict[UUID, Image]:
    rows = session.execute(
        select(ServiceOrder, Account.number, Customer.name, Customer.name_withheld)
        .outerjoin(Account, Account.id == ServiceOrder.account_id)
        .outerjoin(Customer, Customer.id == Account.customer_id)
        .where(ServiceOrder.id.in_(ids))
    )
    return {
        order.id: (order.version, _order(order, number, None if withheld else name))
        for order, number, name, withheld in rows
    }


def _order(order: ServiceOrder, account_number: str | None, customer_name: str | None) -> dict[str, Any]:
    return {
        "number": order.number,
        "type_code": order.type_code,
        "type_version": order.type_version,
        "state": order.state,
        "priority": order.priority,
        "service_point_id": str(order.service_point_id),
        "requested_on": _day(order.requested_on),
        "window_start": moment(order.window_start),
        "window_end": moment(order.window_end),
        "instructions": order.instructions,
        "attempt_no": order.attempt_no,
        "scheduled_on": _day(order.scheduled_on),
        "place": order.place,
        "technician_id": str(order.technician_id) if order.technician_id else None,
        "authorized_until": moment(order.authorized_until),
        "customer_name": customer_name,
        "account_number": account_number,
        "outcome": order.outcome,
        "captures": order.captures,
        "notes": order.notes,
        "flags": order.flags,
    }


def _service_points(session: Session, ids: Sequence[UUID]) -> dict[UUID, Image]:
    points = session.scalars(select(ServicePoint).where(ServicePoint.id.in_(ids))).all()
    meters = _meters(session, ids)
    return {point.id: (point.version, _point(point, meters.get(point.id, []))) for point in points}


def _point(point: ServicePoint, meters: list[dict[str, Any]]) -> dict[str, Any]:
    longitude, latitude = point_of(bytes(point.location.data)) if point.location is not None else (None, None)
    return {
        "number": point.number,
        "address": point.address,
        "city": point.city,
        "state": point.state,
        "zip": point.zip,
        "longitude": longitude,
        "latitude": latitude,
        "physical_state": point.physical_state,
        "access_notes": point.access_notes,
        "read_instructions": point.read_instructions,
        "hazards": point.hazards,
        "has_gate_code": point.gate_code_sealed is not None,
        "meters": meters,
    }


def _meters(session: Session, service_point_ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """The installed meters of each place, with their radios, registers and last readings: two statements."""
    installed = session.execute(
        select(Installation.service_point_id, Installation.installed_at, Meter, Endpoint.radio_id, Register)
        .join(Meter, Meter.id == Installation.meter_id)
        .outerjoin(Endpoint, (Endpoint.meter_id == Meter.id) & Endpoint.retired_at.is_(None))
        .join(Register, Register.meter_id == Meter.id)
        .where(Installation.service_point_id.in_(service_point_ids), Installation.removed_at.is_(None))
        .order_by(Installation.service_point_id, Meter.serial, Register.position)
    ).all()
    readings = session.scalars(latest_of([register.id for *_, register in installed]))
    last = {reading.register_id: (reading.value, reading.noted_at) for reading in readings}
    by_point: dict[UUID, list[dict[str, Any]]] = {}
    for point_id, installed_at, meter, radio_id, register in installed:
        meters = by_point.setdefault(point_id, [])
        if not meters or meters[-1]["meter_id"] != str(meter.id):
            meters.append(
                {
                    "meter_id": str(meter.id),
                    "serial": meter.serial,
                    "size": meter.size,
                    "manufacturer": meter.manufacturer,
                    "model": meter.model,
                    "radio_id": radio_id,
                    "installed_at": moment(installed_at),
                    "registers": [],
                }
            )
        value, noted_at = last.get(register.id, (None, None))
        meters[-1]["registers"].append(
            {
                "register_id": str(register.id),
                "position": register.position,
                "dials": register.dials,
                "decimals": register.decimals,
                "multiplier": plain(register.multiplier),
                "unit": register.unit,
                "last_value": plain(value),
                "last_noted_at": moment(noted_at),
            }
        )
    return by_point


def _stops(session: Session, ids: Sequence[UUID]) -> dict[UUID, Image]:
    rows = session.execute(
        select(Stop, Route.code)
        .join(RouteVersion, RouteVersion.id == Stop.route_version_id)
        .join(Route, Route.id == RouteVersion.route_id)
        .where(Stop.id.in_(ids))
    )
    return {
        stop.id: (
            stop.version,
            {
                "route_code": code,
                "route_version_id": str(stop.route_version_id),
                "sequence": stop.sequence,
                "service_point_id": str(stop.service_point_id),
            },
        )
        for stop, code in rows
    }


def _order_types(session: Session, ids: Sequence[UUID]) -> dict[UUID, Image]:
    rows = session.scalars(select(OrderTypeRow).where(OrderTypeRow.id.in_(ids)))
    return {
        row.id: (row.version, {"code": row.code, "version": row.version, "definition": row.definition}) for row in rows
    }


def _conflicts(session: Session, ids: Sequence[UUID]) -> dict[UUID, Image]:
    rows = session.execute(
        select(Conflict, OpLedger.kind, OpLedger.aggregate, OpLedger.noted_at)
        .join(OpLedger, OpLedger.op_id == Conflict.op_id)
        .where(Conflict.id.in_(ids))
    )
    return {
        conflict.id: (
            conflict.version,
            {
                "op_id": str(conflict.op_id),
                "kind": kind,
                "aggregate": aggregate,
                "code": conflict.code,
                "detail": conflict.detail,
                "state": conflict.state,
                "resolution": conflict.resolution,
                "reason": conflict.reason,
                "noted_at": moment(noted_at),
                "parked_at": moment(conflict.created_at),
                "resolved_at": moment(conflict.resolved_at),
            },
        )
        for conflict, kind, aggregate, noted_at in rows
    }


def moment(value: datetime | None) -> str | None:
    """RFC 3339 in UTC, as everything on the wire."""
    return value.isoformat().replace("+00:00", "Z") if value is not None else None


def _day(value: date | None) -> str | None:
    return value.isoformat() if value is not None else None


def plain(value: Decimal | None) -> str | None:
    """A decimal without trailing zeros or an exponent: what the register showed."""
    if value is None:
        return None
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


LOADERS: Final[dict[str, Callable[[Session, Sequence[UUID]], dict[UUID, Image]]]] = {
    "service_order": _service_orders,
    "service_point": _service_points,
    "stop": _stops,
    "order_type": _order_types,
    "conflict": _conflicts,
}
