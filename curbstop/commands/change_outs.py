"""Meter change-outs by order: what the books say to the captures, and the exchange itself when the order is posted."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import exchanges
from curbstop.commands.change_out_books import Asked, Seen, look
from curbstop.commands.exchanges import Exchange
from curbstop.commands.work import Work, get
from curbstop.domain import change_outs as rule
from curbstop.domain.change_outs import ChangeOut
from curbstop.domain.findings import Finding, Severity
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OrderEvent
from curbstop.models.attachment import Attachment
from curbstop.models.meter import Installation, Meter, Register
from curbstop.models.service_order import OrderHistory, ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from curbstop.models.staff import Staff
from geo.distance import distance_m

OLD_REGISTER = "photo_old_register"


def check(
    work: Work, order: ServiceOrder, captures: Mapping[str, Any], at: datetime, *, photos: Sequence[str] = ()
) -> list[Finding]:
    """The findings of curbstop.domain.change_outs for these captures against the books of this moment."""
    change_out, seen = _look(work, order, captures, at, photos)
    return rule.check(change_out, seen.books)


def exchange(work: Work, order: ServiceOrder) -> None:
    """Both halves at once: final readings, removal and retired radio; installation, radio and first readings.

    The same exchange posted again (same place, serials and day) changes nothing. Problem meter_installed_elsewhere
    when somebody was quicker with the new meter.
    """
    captures = order.captures
    # Two postings of one place, or of one new meter, go one after the other.
    get(work, ServicePoint, order.service_point_id)
    new = select(Meter.id).where(Meter.serial == str(captures["new_serial"])).with_for_update()
    work.session.scalar(new)
    labels = list(work.session.scalars(select(Attachment.label).where(Attachment.order_id == order.id)))
    change_out, seen = _look(work, order, captures, moment(work, order), labels)
    findings = rule.check(change_out, seen.books)
    if rule.already_recorded(seen.books):
        return
    rejects = [finding for finding in findings if finding.severity is Severity.REJECT]
    if rejects:
        raise Problem(_code_of(rejects), "; ".join(finding.detail for finding in rejects))
    technician = work.session.get(Staff, order.completed_by_id) if order.completed_by_id else None
    made = Exchange(
        place_id=order.service_point_id,
        change_out=change_out,
        seen=seen,
        findings=findings,
        source="order",
        order_id=order.id,
        radio_kind=str(captures.get("new_endpoint_type") or "AMI"),
        reason=captures.get("reason"),
        remark=captures.get("estimate_reason"),
        installer=technician.name if technician else None,
        photos=sorted(labels),
    )
    exchanges.carry_out(work, [made])


def _code_of(rejects: Sequence[Finding]) -> str:
    elsewhere = any(finding.code == "NEW_ACTIVE_ELSEWHERE" for finding in rejects)
    return "meter_installed_elsewhere" if elsewhere else "capture_missing"


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
    there = select(Register).where(Register.meter_id == meter_id, Register.removed_at.is_(None))
    found = work.session.scalars(there.order_by(Register.position))
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


def distance_and_accuracy(
    work: Work, order: ServiceOrder, captures: Mapping[str, Any]
) -> tuple[float | None, float | None]:
    """How far from the place the captures were taken, and how exactly that is known; both in meters."""
    gps = captures.get("gps")
    if not gps:
        return None, None
    place, accuracy = location_of(work, order.service_point_id), gps.get("accuracy_m")
    distance = distance_m(place, (gps["longitude"], gps["latitude"])) if place else None
    return distance, float(accuracy) if isinstance(accuracy, int | float) else None


def whole(value: Any, default: int = 0) -> int:
    """A captured number as a whole one."""
    return default if value is None else int(Decimal(str(value)))


def _look(
    work: Work, order: ServiceOrder, captures: Mapping[str, Any], at: datetime, photos: Sequence[str]
) -> tuple[ChangeOut, Seen]:
    change_out = _change_out(work, order, captures, at)
    [seen] = look(work, [Asked(order.service_point_id, change_out, OLD_REGISTER in photos)])
    return change_out, seen


def _change_out(work: Work, order: ServiceOrder, captures: Mapping[str, Any], at: datetime) -> ChangeOut:
    distance, accuracy = distance_and_accuracy(work, order, captures)
    return ChangeOut(
        old_serial=str(captures["old_serial"]),
        new_serial=str(captures["new_serial"]),
        out_reads=captures.get("out_read") or {},
        in_reads=captures["in_read"],
        installed_at=at,
        new_dials=whole(captures["new_dials"]),
        new_decimals=whole(captures.get("new_decimals")),
        new_multiplier=Decimal(str(captures.get("new_multiplier") or 1)),
        new_unit=str(captures.get("new_uom") or "GAL"),
        new_size=captures.get("new_size"),
        new_make=captures.get("new_make"),
        new_model=captures.get("new_model"),
        new_endpoint=captures.get("new_endpoint"),
        old_unreadable=captures.get("old_condition") == "unreadable",
        estimated_out_read=bool(captures.get("estimated_out_read")),
        estimate_reason=captures.get("estimate_reason"),
        found_different_meter=bool(captures.get("found_different_meter")),
        typed_by_hand=captures.get("new_serial_by") == "typed",
        serial_again=captures.get("new_serial_again"),
        accuracy_m=accuracy,
        distance_m=distance,
        test_read=captures.get("test_read"),
    )
