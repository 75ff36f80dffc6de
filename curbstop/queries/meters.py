"""Reads meters: the inventory, one meter with its places over time, and what is installed where."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.meter import Endpoint, Installation, Meter, Register
from curbstop.models.reading import Reading
from curbstop.models.service_point import ServicePoint
from curbstop.queries import readings
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"serial": Meter.serial, "created_at": Meter.created_at, "updated_at": Meter.updated_at}
_COLUMNS = tuple(getattr(Meter, column.key) for column in Meter.__table__.columns)


def find(
    session: Session,
    actor: Actor,
    page: PageRequest,
    *,
    serial: str | None = None,
    status: Sequence[str] = (),
    size: str | None = None,
    service_point_id: UUID | None = None,
) -> Page[Row[Any]]:
    """A page of meters with where they are now; `serial` is a beginning."""
    require(actor, Action.VIEW_NETWORK)
    statement = _lines()
    if serial:
        statement = statement.where(Meter.serial.startswith(serial.strip(), autoescape=True))
    if status:
        statement = statement.where(Meter.status.in_(status))
    if size is not None:
        statement = statement.where(Meter.size == size)
    if service_point_id is not None:
        statement = statement.where(Installation.service_point_id == service_point_id)
    return fetch(session, statement, page, SORTS, Meter.id)


def get(session: Session, actor: Actor, meter_id: UUID) -> dict[str, Any]:
    """A meter with registers, last readings, radio and installations, in four statements; Problem(`not_found`)."""
    require(actor, Action.VIEW_NETWORK)
    row = session.execute(_lines().where(Meter.id == meter_id)).mappings().one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no meter with id {meter_id}.")
    (face,) = _with_registers(session, Meter.id == meter_id) or [{"registers": []}]
    places = session.execute(
        select(
            Installation.id,
            Installation.service_point_id,
            Installation.installed_at,
            Installation.removed_at,
            Installation.order_id,
            ServicePoint.number.label("service_point_number"),
            ServicePoint.address,
        )
        .join(ServicePoint, ServicePoint.id == Installation.service_point_id)
        .where(Installation.meter_id == meter_id)
        .order_by(Installation.installed_at.desc(), Installation.id.desc())
    ).all()
    return {**row, "registers": face["registers"], "installations": places}


def installed(session: Session, service_point_ids: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """The meters at each place now, with radio, registers and last readings: two statements for any number."""
    by_place: dict[UUID, list[dict[str, Any]]] = {}
    for meter in _with_registers(session, Installation.service_point_id.in_(service_point_ids)):
        by_place.setdefault(meter["service_point_id"], []).append(meter)
    return by_place


def _lines() -> Select[Any]:
    return (
        select(
            *_COLUMNS,
            Endpoint.radio_id,
            Endpoint.kind.label("radio_kind"),
            Installation.service_point_id,
            Installation.installed_at,
            ServicePoint.number.label("service_point_number"),
            ServicePoint.address,
        )
        .outerjoin(Endpoint, (Endpoint.meter_id == Meter.id) & Endpoint.retired_at.is_(None))
        .outerjoin(Installation, (Installation.meter_id == Meter.id) & Installation.removed_at.is_(None))
        .outerjoin(ServicePoint, ServicePoint.id == Installation.service_point_id)
    )


def _with_registers(session: Session, condition: ColumnElement[bool]) -> list[dict[str, Any]]:
    rows = session.execute(
        _lines()
        .join(Register, (Register.meter_id == Meter.id) & Register.removed_at.is_(None))
        .add_columns(Register)
        .where(condition)
        .order_by(Meter.serial, Register.position)
    ).mappings()
    meters: dict[UUID, dict[str, Any]] = {}
    registers: list[Register] = []
    for row in rows:
        meter = meters.setdefault(row["id"], {**row, "registers": []})
        meter["registers"].append(row["Register"])
        registers.append(row["Register"])
    last = readings.latest(session, [register.id for register in registers])
    for meter in meters.values():
        meter["registers"] = [_register(register, last.get(register.id)) for register in meter["registers"]]
    return list(meters.values())


def _register(register: Register, last: Reading | None) -> dict[str, Any]:
    return {
        "id": register.id,
        "position": register.position,
        "dials": register.dials,
        "decimals": register.decimals,
        "multiplier": register.multiplier,
        "unit": register.unit,
        "last_value": last.value if last else None,
        "last_kind": last.kind if last else None,
        "last_noted_at": last.noted_at if last else None,
    }
