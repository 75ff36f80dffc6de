"""Temporary services: set and pulled by order, renewed by the office, watched by the clock."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from curbstop.commands import review, service_orders, temp_services
from curbstop.domain.problems import Problem
from curbstop.models import Installation, Meter, Reading, Register, ServiceOrder, SupervisorTask, TempService
from curbstop.models.base import utc_now
from curbstop.models.ids import new_id
from tests import tap_requests as build
from tests.town import Town


def _captures(serial: str, **more: Any) -> dict[str, Any]:
    expires = (utc_now() + timedelta(days=30)).isoformat()
    plain = {"hydrant": "H-1142", "backflow_device_no": "BF-88", "deposit_ref": "D-1", "expires_at": expires}
    return {"serial_seen": serial, "in_read": "000100", **plain, **more}


def _stock(town: Town, serial: str = "HYD00017") -> str:
    meter = Meter(id=new_id(), serial=serial, size="3", status="stock")
    town.add(meter, Register(id=new_id(), meter_id=meter.id, position=1, dials=6, multiplier=Decimal(10), unit="GAL"))
    return serial


def _set(town: Town, number: int = 1, **more: Any) -> TempService:
    serial = _stock(town, f"HYD{number:05d}")
    point, _ = build.untapped(town, number)
    with town.work("carla") as work:
        new = service_orders.NewOrder(type_code="TEMP_SET", service_point_id=point)
        order_id = service_orders.create(work, new).id
    build.done(town, order_id, _captures(serial, **more), {})
    [row] = town.all(select(TempService).where(TempService.set_order_id == order_id))
    assert isinstance(row, TempService)
    return row


def _read(town: Town, row_id: UUID) -> TempService:
    [row] = town.all(select(TempService).where(TempService.id == row_id))
    assert isinstance(row, TempService)
    return row


def _expires(town: Town, row_id: UUID, at: datetime) -> None:
    with town.work() as work:
        work.session.execute(update(TempService).where(TempService.id == row_id).values(expires_at=at))


def _watch(town: Town) -> int:
    with town.work() as work:
        return temp_services.watch(work)


def test_setting_it_puts_the_meter_out_with_its_first_reading(town: Town) -> None:
    row = _set(town)
    assert (row.number[:3], row.hydrant, row.in_read, row.closed_at) == ("TS-", "H-1142", Decimal(100), None)
    [installation] = town.all(select(Installation).where(Installation.meter_id == row.meter_id))
    assert (installation.service_point_id, installation.removed_at) == (row.service_point_id, None)
    [reading] = town.all(select(Reading).where(Reading.order_id == row.set_order_id))
    assert (reading.kind, reading.value) == ("initial", 100)


def test_without_backflow_device_or_deposit_it_is_not_posted(town: Town) -> None:
    for number, name in enumerate(("backflow_device_no", "deposit_ref"), start=1):
        with pytest.raises(Problem, match="capture_missing"):
            _set(town, number, **{name: None})
    assert town.all(select(TempService)) == []


def test_a_meter_that_nobody_entered_or_that_is_out_already_is_refused(town: Town) -> None:
    with pytest.raises(Problem, match="not in the inventory"):
        _set(town, 1, serial_seen="NOBODYS1")
    out = _set(town, 2)
    assert out.closed_at is None
    with pytest.raises(Problem, match="meter_installed_elsewhere"):
        _set(town, 3, serial_seen="HYD00002")


def test_pulling_it_bills_the_difference_and_brings_the_meter_back(town: Town) -> None:
    row = _set(town)
    with town.work("bill") as work:
        new = service_orders.NewOrder(type_code="TEMP_PULL", service_point_id=row.service_point_id)
        order_id = service_orders.create(work, new).id
    pulled = {"serial_seen": "HYD00001", "out_read": "004500", "hydrant": "H-1142", "backflow_device_no": "BF-88"}
    with pytest.raises(Problem, match="not out at this place"):
        build.done(town, order_id, {**pulled, "serial_seen": "HYD99999"}, {})
    with town.work("sue") as work:
        review.reject(work, order_id, reason="wrong serial")
    build.done(town, order_id, pulled, {})
    back = _read(town, row.id)
    assert (back.out_read, back.used, back.used_gallons, back.days_out) == (
        Decimal(4500),
        Decimal(44_000),
        Decimal(44_000),
        1,
    )
    assert back.closed_at is not None
    [meter] = town.all(select(Meter).where(Meter.id == row.meter_id))
    assert meter.status == "removed"


def test_the_clock_warns_once_and_then_orders_the_meter_to_be_fetched_once(town: Town) -> None:
    row = _set(town)
    assert _watch(town) == 0
    _expires(town, row.id, utc_now() + timedelta(days=13))
    assert (_watch(town), _watch(town)) == (1, 0)
    [task] = town.all(select(SupervisorTask))
    assert (task.kind, "H-1142" in task.detail) == ("temp_service_expiring", True)
    _expires(town, row.id, utc_now() - timedelta(minutes=1))
    assert (_watch(town), _watch(town)) == (1, 0)
    [order] = town.all(select(ServiceOrder).where(ServiceOrder.type_code == "TEMP_PULL"))
    assert (order.id, order.state) == (_read(town, row.id).pull_order_id, "ready")
    assert "HYD00001" in (order.instructions or "")


def test_an_order_to_fetch_it_that_is_there_is_enough(town: Town) -> None:
    row = _set(town)
    with town.work("carla") as work:
        new = service_orders.NewOrder(type_code="TEMP_PULL", service_point_id=row.service_point_id)
        there = service_orders.create(work, new).id
    _expires(town, row.id, utc_now())
    assert _watch(town) == 1
    assert _read(town, row.id).pull_order_id == there


def test_a_renewal_calls_the_fetching_off_unless_somebody_is_on_the_way(town: Town) -> None:
    row = _set(town)
    _expires(town, row.id, utc_now() - timedelta(days=1))
    _watch(town)
    with town.work("carla") as work:
        again = temp_services.renew(work, row.id, reason="Paving is late.")
        assert again.expires_at > work.at + timedelta(days=89)
        assert (again.renewals, again.pull_order_id) == (1, None)
    [order] = town.all(select(ServiceOrder).where(ServiceOrder.type_code == "TEMP_PULL"))
    assert order.state == "cancelled"
    _expires(town, row.id, utc_now() - timedelta(days=1))
    _watch(town)
    with town.work() as work:
        on_way = update(ServiceOrder).where(ServiceOrder.id == _read(town, row.id).pull_order_id)
        work.session.execute(on_way.values(state="en_route"))
    with town.work("carla") as work, pytest.raises(Problem, match="recall it"):
        temp_services.renew(work, row.id, reason="x")
    with town.work("sue") as work, pytest.raises(Problem, match="forbidden"):
        temp_services.renew(work, row.id, reason="x")
