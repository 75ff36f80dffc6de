"""Meter change-outs: what the books say for the cross-checks, and the exchange itself when the order is posted."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import meters, readings
from curbstop.commands.work import Work
from curbstop.domain import change_outs as rule
from curbstop.domain.change_outs import Books, ChangeOut
from curbstop.domain.findings import Finding
from curbstop.domain.meters import MeterStatus
from curbstop.domain.problems import Problem
from curbstop.domain.readings import ReadingKind, RegisterFacts, parse_reading
from curbstop.domain.service_orders import OrderEvent
from curbstop.models.meter import Endpoint, Installation, Meter, Register
from curbstop.models.reading import latest_of
from curbstop.models.service_order import OrderHistory, ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from geo.distance import distance_m


def check(
    work: Work, order: ServiceOrder, captures: Mapping[str, Any], at: datetime, *, photos: Sequence[str] = ()
) -> list[Finding]:
    """The findings of curbstop.domain.change_outs for these captures against the books of this moment."""
    change_out = _change_out(work, order, captures, at)
    return rule.check(change_out, _books(work, order, change_out, photos))


def exchange(work: Work, order: ServiceOrder) -> None:
    """Both halves at once: final readings, removal and retired radio; installation, radio and first readings.

    The same exchange posted again (same place, same serials) is left as it is.
    """
    captures = order.captures
    at = moment(work, order)
    old = installed(work, order.service_point_id)
    new = work.session.scalar(select(Meter).where(Meter.serial == captures["new_serial"]).with_for_update())
    if old is not None and new is not None and old[1].id == new.id:
        return
    if old is not None:
        kind = ReadingKind.ESTIMATED if captures.get("estimated_out_read") else ReadingKind.FINAL
        _record_all(work, order, old[1].id, captures["out_read"], kind=kind, at=at)
        meters.remove(work, old[0].id, at=at, order_id=order.id)
    if new is None:
        new = meters.create_from_capture(work, _new_meter(captures))
    elif new.status == MeterStatus.INSTALLED:
        raise Problem("meter_installed_elsewhere", f"Meter {new.serial} is installed at another service point.")
    meters.install(work, order.service_point_id, new.id, at=at, order_id=order.id)
    if captures.get("new_endpoint"):
        kind_of_radio = captures.get("new_endpoint_type") or "AMI"
        meters.assign_endpoint(work, new.id, radio_id=captures["new_endpoint"], kind=kind_of_radio)
    _record_all(work, order, new.id, captures["in_read"], kind=ReadingKind.INITIAL, at=at)


def installed(work: Work, service_point_id: UUID) -> tuple[Installation, Meter] | None:
    """The meter that is at a service point now, with its installation."""
    row = work.session.execute(
        select(Installation, Meter)
        .join(Meter, Meter.id == Installation.meter_id)
        .where(Installation.service_point_id == service_point_id, Installation.removed_at.is_(None))
        .order_by(Installation.installed_at.desc())
        .limit(1)
    ).first()
    return (row[0], row[1]) if row is not None else None


def registers_of(work: Work, meter_id: UUID) -> dict[str, Register]:
    """The registers of a meter by position, as captures name them: '1', '2'."""
    found = work.session.scalars(select(Register).where(Register.meter_id == meter_id).order_by(Register.position))
    return {str(register.position): register for register in found}


def location_of(work: Work, service_point_id: UUID) -> tuple[float, float] | None:
    """Longitude and latitude of a service point, or None where nobody knows."""
    location = work.session.scalar(select(ServicePoint.location).where(ServicePoint.id == service_point_id))
    return point_of(bytes(location.data)) if location is not None else None


def moment(work: Work, order: ServiceOrder) -> datetime:
    """When the work was done: by the technician's clock, but never later than the server heard of it."""
    noted = work.session.scalar(
        select(OrderHistory.noted_at)
        .where(OrderHistory.order_id == order.id, OrderHistory.event == OrderEvent.COMPLETE.value)
        .order_by(OrderHistory.id.desc())
        .limit(1)
    )
    heard = order.completed_at or work.at
    return min(noted, heard) if noted is not None else heard


def _change_out(work: Work, order: ServiceOrder, captures: Mapping[str, Any], at: datetime) -> ChangeOut:
    gps = captures.get("gps")
    place = location_of(work, order.service_point_id) if gps else None
    return ChangeOut(
        old_serial=str(captures["old_serial"]),
        new_serial=str(captures["new_serial"]),
        out_reads=captures["out_read"],
        in_reads=captures["in_read"],
        new_dials=int(captures["new_dials"]),
        installed_at=at,
        new_decimals=int(captures.get("new_decimals") or 0),
        new_multiplier=Decimal(str(captures.get("new_multiplier") or 1)),
        new_unit=str(captures.get("new_uom") or "GAL"),
        new_size=captures.get("new_size"),
        new_endpoint=captures.get("new_endpoint"),
        estimated_out_read=bool(captures.get("estimated_out_read")),
        estimate_reason=captures.get("estimate_reason"),
        found_different_meter=bool(captures.get("found_different_meter")),
        accuracy_m=gps.get("accuracy_m") if gps else None,
        distance_m=distance_m(place, (gps["longitude"], gps["latitude"])) if gps and place else None,
    )


def _books(work: Work, order: ServiceOrder, change_out: ChangeOut, photos: Sequence[str]) -> Books:
    here = installed(work, order.service_point_id)
    registers = registers_of(work, here[1].id) if here else {}
    found = work.session.scalars(latest_of([register.id for register in registers.values()]))
    last = {reading.register_id: reading for reading in found}
    new_status, new_at = _whereabouts(work, change_out.new_serial, order.service_point_id)
    return Books(
        now=work.at,
        installed_serial=here[1].serial if here else None,
        installed_size=here[1].size if here else None,
        registers={k: RegisterFacts(r.dials, r.decimals, r.multiplier) for k, r in registers.items()},
        last_reads={k: last[r.id].value for k, r in registers.items() if r.id in last},
        last_read_at=max((reading.noted_at for reading in last.values()), default=None),
        new_active_at=new_at,
        new_status=new_status,
        endpoint_active_at=_endpoint_whereabouts(work, change_out, order.service_point_id),
        out_photo="photo_old_register" in photos,
        same_already_recorded=here is not None and here[1].serial == change_out.new_serial,
    )


def _whereabouts(work: Work, serial: str, here: UUID) -> tuple[MeterStatus | None, str | None]:
    """A serial's place in the inventory, and the number of another service point where it is installed."""
    row = work.session.execute(
        select(Meter.status, ServicePoint.number, ServicePoint.id)
        .outerjoin(Installation, (Installation.meter_id == Meter.id) & Installation.removed_at.is_(None))
        .outerjoin(ServicePoint, ServicePoint.id == Installation.service_point_id)
        .where(Meter.serial == serial)
    ).first()
    if row is None:
        return None, None
    return MeterStatus(row.status), row.number if row.id not in (None, here) else None


def _endpoint_whereabouts(work: Work, change_out: ChangeOut, here: UUID) -> str | None:
    """The number of another service point whose installed meter has this radio."""
    if not change_out.new_endpoint:
        return None
    return work.session.scalar(
        select(ServicePoint.number)
        .join(Installation, Installation.service_point_id == ServicePoint.id)
        .join(Endpoint, Endpoint.meter_id == Installation.meter_id)
        .where(
            Endpoint.radio_id == change_out.new_endpoint,
            Endpoint.retired_at.is_(None),
            Installation.removed_at.is_(None),
            ServicePoint.id != here,
        )
    )


def _new_meter(captures: Mapping[str, Any]) -> "meters.NewMeter":
    return meters.NewMeter(
        serial=str(captures["new_serial"]),
        size=captures.get("new_size"),
        manufacturer=captures.get("new_make"),
        model=captures.get("new_model"),
        dials=int(captures["new_dials"]),
        decimals=int(captures.get("new_decimals") or 0),
        multiplier=Decimal(str(captures.get("new_multiplier") or 1)),
        unit=str(captures.get("new_uom") or "GAL"),
        positions=tuple(int(position) for position in captures["in_read"]),
    )


def _record_all(
    work: Work, order: ServiceOrder, meter_id: UUID, reads: Mapping[str, Any], *, kind: ReadingKind, at: datetime
) -> None:
    registers = registers_of(work, meter_id)
    for position, digits in reads.items():
        register = registers.get(str(position))
        if register is None:
            raise Problem("invalid", f"The meter has no register {position}.", field="captures")
        facts = RegisterFacts(register.dials, register.decimals, register.multiplier)
        readings.record(
            work,
            register.id,
            value=parse_reading(digits, facts),
            kind=kind,
            source="order",
            noted_at=at,
            order_id=order.id,
            service_point_id=order.service_point_id,
        )
