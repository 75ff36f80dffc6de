"""What posting does for the other work on meters: setting, pulling, changing a register or a radio, testing."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import exports, follow_ups, journal, meters, readings
from curbstop.commands.change_out_books import Seen
from curbstop.commands.change_outs import moment, registers_of
from curbstop.commands.many import insert_many
from curbstop.commands.meter_checks import parts_of, seen_by
from curbstop.commands.meters import NewMeter
from curbstop.commands.order_steps import type_of
from curbstop.commands.policies import in_force
from curbstop.commands.work import Work
from curbstop.domain.change_outs import ChangeOut
from curbstop.domain.meter_tests import FLOWS, Run, judge, limits_of
from curbstop.domain.meters import MeterStatus
from curbstop.domain.problems import Problem
from curbstop.domain.readings import ReadingKind, RegisterFacts, parse_reading
from curbstop.models.ids import new_id
from curbstop.models.meter import Meter, Register
from curbstop.models.meter_test import MeterTest
from curbstop.models.service_order import ServiceOrder


def install_meter(work: Work, order: ServiceOrder, _args: Mapping[str, Any]) -> None:
    """The meter is at the place, with its radio and first readings. Posted again, it is there already."""
    at = moment(work, order)
    out, seen = seen_by(work, order, order.captures, at)
    if seen.old is not None and seen.old.serial == out.new_serial:
        return
    if seen.old is not None:
        raise Problem("meter_installed_elsewhere", f"Meter {seen.old.serial} is installed at this service point.")
    meter_id = seen.new.meter_id if seen.new is not None else _create(work, out)
    work.session.scalar(select(Meter.id).where(Meter.id == meter_id).with_for_update())
    _set_faces(work, meter_id, out)
    meters.install(work, order.service_point_id, meter_id, at=at, order_id=order.id)
    if out.new_endpoint:
        _pair(work, order, meter_id, out.new_endpoint, at)
    reads = [(registers_of(work, meter_id)[position], digits) for position, digits in out.in_reads.items()]
    _read(work, order, reads, ReadingKind.INITIAL, at)
    exports.mark(work, exports.VFLEX, [(order.service_point_id, None)])


def remove_meter(work: Work, order: ServiceOrder, _args: Mapping[str, Any]) -> None:
    """The meter is out with its last readings; its radio is retired. Nothing is left to do where none is there."""
    at = moment(work, order)
    out, seen = seen_by(work, order, order.captures, at)
    if seen.old is None:
        return
    _read_out(work, order, seen, out, at)
    meters.remove(work, seen.old.installation_id, at=at, order_id=order.id)
    exports.mark(work, exports.VFLEX, [(order.service_point_id, None)])


def exchange_register(work: Work, order: ServiceOrder, _args: Mapping[str, Any]) -> None:
    """The meter stays; its registers begin anew, its radio is another one, or both."""
    at = moment(work, order)
    out, seen = seen_by(work, order, order.captures, at)
    if seen.old is None:
        raise Problem("no_meter_installed", "There is no meter here whose register or radio could be changed.")
    register, radio = parts_of(order.captures)
    if register:
        _read_out(work, order, seen, out, at)
        _replace_registers(work, order, seen.old.meter_id, out, at)
    if radio and out.new_endpoint:
        _pair(work, order, seen.old.meter_id, out.new_endpoint, at)
    exports.mark(work, exports.VFLEX, [(order.service_point_id, None)])


def record_test(work: Work, order: ServiceOrder, _args: Mapping[str, Any]) -> None:
    """The accuracy at each flow is computed and kept; a meter that failed gets an order to be changed.

    That order waits for a supervisor, as every change-out does that was not planned.
    """
    captures = order.captures
    meter = work.session.scalars(select(Meter).where(Meter.serial == str(captures["serial_seen"]))).one()
    runs = [
        Run(flow, Decimal(str(captures[f"{flow}_reference"])), Decimal(str(captures[f"{flow}_registered"])))
        for flow in FLOWS
    ]
    limits = limits_of(asdict(in_force(work.session).policy.meter_test))
    verdict = judge(runs, limits)
    flows = [
        {
            "flow": run.flow,
            "reference": f"{run.reference:f}",
            "registered": f"{run.registered:f}",
            "accuracy": str(run.accuracy),
            "least": str(limits[run.flow].least),
            "most": str(limits[run.flow].most),
        }
        for run in runs
    ]
    row = {
        "id": new_id(),
        "meter_id": meter.id,
        "order_id": order.id,
        "service_point_id": order.service_point_id,
        "standard_id": str(captures["standard_id"])[:120],
        "tested_at": moment(work, order),
        "flows": flows,
        "average": verdict.average,
        "passed": verdict.passed,
        "over_registers": verdict.over_registers,
        "follow_up_id": None if verdict.passed else _follow_up(work, order, meter),
        "recorded_at": work.at,
    }
    insert_many(work.session, MeterTest, [row])
    journal.audit(work, "test", "meter", meter.id, after={"passed": verdict.passed, "average": str(verdict.average)})


def _follow_up(work: Work, order: ServiceOrder, meter: Meter) -> UUID | None:
    """The draft to change the meter, where it is still in the ground and none is open already."""
    if meter.status != MeterStatus.INSTALLED:
        return None
    made = follow_ups.follow(work, order, type_of(work, order), "MTR_XCHG")
    return made.id if made is not None else None


def _create(work: Work, out: ChangeOut) -> UUID:
    new = NewMeter(
        serial=out.new_serial,
        size=out.new_size,
        manufacturer=out.new_make,
        model=out.new_model,
        dials=out.new_dials,
        decimals=out.new_decimals,
        multiplier=out.new_multiplier,
        unit=out.new_unit,
        positions=tuple(int(position) for position in out.in_reads),
    )
    return meters.create_from_capture(work, new).id


def _set_faces(work: Work, meter_id: UUID, out: ChangeOut) -> None:
    """The registers as they were seen on the meter."""
    face = out.new_dials, out.new_decimals, out.new_multiplier, out.new_unit
    faces = [meters.Face(meter_id, int(position), *face) for position in out.in_reads]
    meters.set_faces(work, faces, at=out.installed_at)


def _register(meter_id: UUID, position: int, out: ChangeOut, unit: str, serial: str | None = None) -> Register:
    return Register(
        id=new_id(),
        meter_id=meter_id,
        position=position,
        dials=out.new_dials,
        decimals=out.new_decimals,
        multiplier=out.new_multiplier,
        unit=unit,
        serial=serial,
    )


def _replace_registers(work: Work, order: ServiceOrder, meter_id: UUID, out: ChangeOut, at: datetime) -> None:
    there = registers_of(work, meter_id)
    for row in there.values():
        row.removed_at = at
    work.session.flush()
    serial = order.captures.get("register_serial")
    fresh = [
        _register(meter_id, row.position, out, order.captures.get("new_uom") or row.unit, serial)
        for row in there.values()
    ]
    work.session.add_all(fresh)
    work.session.flush()
    lines: list[tuple[UUID, Mapping[str, Any] | None, Mapping[str, Any] | None]] = [
        (row.id, None, {"meter_id": str(meter_id), "position": row.position, "serial": serial}) for row in fresh
    ]
    journal.audit_many(work, "replace", "register", lines)
    reads = [(row, out.in_reads[str(row.position)]) for row in fresh if str(row.position) in out.in_reads]
    _read(work, order, reads, ReadingKind.INITIAL, at)


def _pair(work: Work, order: ServiceOrder, meter_id: UUID, radio_id: str, at: datetime) -> None:
    kind = str(order.captures.get("new_endpoint_type") or "AMI")
    meters.assign_endpoint(work, meter_id, radio_id=radio_id, kind=kind, at=at, order_id=order.id)


def _read_out(work: Work, order: ServiceOrder, seen: Seen, out: ChangeOut, at: datetime) -> None:
    assert seen.old is not None
    there = registers_of(work, seen.old.meter_id)
    reads = [(there[position], digits) for position, digits in out.out_reads.items() if position in there]
    _read(work, order, reads, ReadingKind.FINAL, at)


def _read(
    work: Work, order: ServiceOrder, reads: Sequence[tuple[Register, Any]], kind: ReadingKind, at: datetime
) -> None:
    rows = []
    for register, digits in reads:
        facts = RegisterFacts(register.dials, register.decimals, register.multiplier)
        value = parse_reading(digits, facts)
        odd = readings.oddities(work, register, value, before=at) if kind is ReadingKind.FINAL else []
        rows.append(
            readings.reading_row(
                register.id,
                value,
                kind=kind,
                source="order",
                noted_at=at,
                recorded_at=work.at,
                order_id=order.id,
                service_point_id=order.service_point_id,
                flags=odd,
            )
        )
    readings.insert_rows(work, rows)
