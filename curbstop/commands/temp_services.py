"""Temporary services: opened and closed by their orders, renewed by the office, fetched by the clock."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal, meters, numbering, readings, service_orders, supervisor_tasks
from curbstop.commands.change_outs import moment, registers_of
from curbstop.commands.service_orders import NewOrder
from curbstop.commands.work import Work, check_version, get
from curbstop.domain import temp_services as rules
from curbstop.domain.meters import MeterStatus
from curbstop.domain.numbers import Prefix
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.domain.readings import ReadingKind, RegisterFacts, parse_reading
from curbstop.domain.service_orders import OPEN_STATES, OrderEvent, OrderState, recall_event
from curbstop.models.calendar import in_force
from curbstop.models.ids import new_id
from curbstop.models.meter import Installation, Meter, Register
from curbstop.models.service_order import ServiceOrder
from curbstop.models.temp_service import TempService

PULL = "TEMP_PULL"
WARNING = "temp_service_expiring"


def open_temp_service(work: Work, order: ServiceOrder, _args: Mapping[str, Any]) -> None:
    """The meter is out at the order's place from when it was set; posted again, it is out already.

    Problems: invalid (a meter that nobody has entered, an expiry before the beginning), meter_installed_elsewhere.
    """
    if work.session.scalar(select(TempService.id).where(TempService.set_order_id == order.id)) is not None:
        return
    captures, at = order.captures, moment(work, order)
    meter = _meter(work, str(captures["serial_seen"]))
    if meter.status != MeterStatus.INSTALLED or _installation(work, meter.id, order.service_point_id) is None:
        meters.install(work, order.service_point_id, meter.id, at=at, order_id=order.id)
    register = _register(work, meter.id)
    value = parse_reading(captures["in_read"], _facts(register))
    _read(work, order, register, value, ReadingKind.INITIAL)
    policy = in_force(work.session).policy.temporary
    row = TempService(
        id=new_id(),
        number=numbering.next_numbers(work, Prefix.TEMP_SERVICE)[0],
        service_point_id=order.service_point_id,
        account_id=order.account_id,
        meter_id=meter.id,
        hydrant=str(captures["hydrant"])[:120],
        backflow_device_no=str(captures["backflow_device_no"])[:120],
        deposit_ref=str(captures["deposit_ref"])[:120],
        set_order_id=order.id,
        opened_at=at,
        in_read=value,
        expires_at=rules.expiry(policy, at, datetime.fromisoformat(captures["expires_at"])),
        renewals=0,
        created_at=work.at,
        version=1,
    )
    work.session.add(row)
    journal.changed(work, row, "open")


def close_temp_service(work: Work, order: ServiceOrder, _args: Mapping[str, Any]) -> None:
    """The meter is back, and what it used is what is billed. Posted again, it is back already.

    Problems: invalid (that meter is not out here).
    """
    serial, at = str(order.captures["serial_seen"]), moment(work, order)
    here = (
        select(TempService)
        .join(Meter, Meter.id == TempService.meter_id)
        .where(TempService.service_point_id == order.service_point_id, Meter.serial == serial)
        .order_by(TempService.opened_at.desc())
        .limit(1)
    )
    row = work.session.scalar(here.with_for_update(of=TempService))
    if row is None:
        raise Problem("invalid", f"Meter {serial} is not out at this place; check its serial.", field="serial_seen")
    if row.closed_at is not None:
        return
    register = _register(work, row.meter_id)
    facts = _facts(register)
    value = parse_reading(order.captures["out_read"], facts)
    _read(work, order, register, value, ReadingKind.FINAL)
    installation = _installation(work, row.meter_id, row.service_point_id)
    if installation is not None:
        meters.remove(work, installation, at=at, order_id=order.id)
    bill = rules.bill(facts, register.unit, (row.in_read, value), row.opened_at, at)
    row.closed_at, row.out_read, row.days_out = at, value, bill.days
    row.used, row.used_gallons, row.pull_order_id = bill.used, bill.gallons, order.id
    journal.changed(work, row, "close")


def renew(work: Work, temp_service_id: UUID, *, reason: str, if_version: int | None = None) -> TempService:
    """Leaves the meter out for one more while; an order to fetch it that no tablet has is cancelled.

    Problems: forbidden, not_found, version_mismatch, not_renewable, conflict (it is back, or being fetched).
    """
    require(work.actor, Action.KEEP_TEMP_SERVICES)
    row = get(work, TempService, temp_service_id)
    check_version(row, if_version)
    if row.closed_at is not None:
        raise Problem("conflict", f"The meter of {row.number} is back.")
    policy = in_force(work.session).policy.temporary
    until = rules.renewed(policy, row.expires_at, row.renewals, work.at)
    if row.pull_order_id is not None:
        _call_off(work, row.pull_order_id, f"{row.number} was renewed: {reason}")
    row.expires_at, row.renewals, row.warned_at, row.pull_order_id = until, row.renewals + 1, None, None
    journal.changed(work, row, "renew")
    journal.audit(work, "renew", "temp_service", row.id, after={"reason": reason, "until": until.isoformat()})
    return row


def watch(work: Work, *, limit: int = 200) -> int:
    """Warns of what expires soon, and orders what has expired to be fetched; how many were touched. For the clock."""
    policy = in_force(work.session).policy.temporary
    soon = work.at + timedelta(days=policy.warn_days)
    due = (
        select(TempService)
        .where(TempService.closed_at.is_(None), TempService.expires_at <= soon)
        .where(TempService.warned_at.is_(None) | _is_to_be_fetched(work))
        .order_by(TempService.expires_at, TempService.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = list(work.session.scalars(due))
    for row in rows:
        if row.warned_at is None:
            _warn(work, row)
        if row.expires_at <= work.at and row.pull_order_id is None:
            row.pull_order_id = _fetch(work, row)
    if rows:
        journal.changed_many(work, rows, "watch")
    return len(rows)


def _is_to_be_fetched(work: Work) -> Any:
    return (TempService.expires_at <= work.at) & TempService.pull_order_id.is_(None)


def _warn(work: Work, row: TempService) -> None:
    row.warned_at = work.at
    day = row.expires_at.astimezone(work.settings.zone).date()
    detail = f"{row.number} at {row.hydrant} expires {day}: renew it, or have the meter fetched."
    supervisor_tasks.open_task(work, WARNING, detail=detail, order_id=row.set_order_id)


def _fetch(work: Work, row: TempService) -> UUID:
    """An order to fetch the meter: one that is open there and nobody else's, or a new one."""
    taken = select(TempService.pull_order_id).where(TempService.pull_order_id.is_not(None))
    open_one = select(ServiceOrder.id).where(
        ServiceOrder.service_point_id == row.service_point_id,
        ServiceOrder.type_code == PULL,
        ServiceOrder.state.in_(OPEN_STATES),
        ServiceOrder.id.not_in(taken),
    )
    there = work.session.scalar(open_one.order_by(ServiceOrder.id).limit(1))
    if there is not None:
        return there
    serial = work.session.scalar(select(Meter.serial).where(Meter.id == row.meter_id))
    words = f"{row.number} has expired. Fetch meter {serial} and backflow device {row.backflow_device_no}."
    new = NewOrder(
        type_code=PULL,
        service_point_id=row.service_point_id,
        instructions=words,
        override_duplicate=True,
        reason=f"{row.number} has expired.",
        source="system",
    )
    return service_orders.create(work, new).id


def _call_off(work: Work, order_id: UUID, reason: str) -> None:
    order = get(work, ServiceOrder, order_id)
    if order.state not in OPEN_STATES:
        return
    if recall_event(OrderState(order.state)) is not OrderEvent.CANCEL:
        raise Problem("conflict", f"{order.number} is on a tablet; recall it before you renew.")
    service_orders.cancel(work, order_id, reason=reason)


def _meter(work: Work, serial: str) -> Meter:
    found = work.session.scalar(select(Meter).where(Meter.serial == serial).with_for_update())
    if found is None:
        raise Problem("invalid", f"Meter {serial} is not in the inventory; enter it, then post.", field="serial_seen")
    return found


def _installation(work: Work, meter_id: UUID, place: UUID) -> UUID | None:
    return work.session.scalar(
        select(Installation.id).where(
            Installation.meter_id == meter_id,
            Installation.service_point_id == place,
            Installation.removed_at.is_(None),
        )
    )


def _register(work: Work, meter_id: UUID) -> Register:
    return next(iter(registers_of(work, meter_id).values()))


def _facts(register: Register) -> RegisterFacts:
    return RegisterFacts(register.dials, register.decimals, register.multiplier)


def _read(work: Work, order: ServiceOrder, register: Register, value: Any, kind: ReadingKind) -> None:
    readings.record(
        work,
        register.id,
        value=value,
        kind=kind,
        source="order",
        noted_at=moment(work, order),
        order_id=order.id,
        service_point_id=order.service_point_id,
    )
