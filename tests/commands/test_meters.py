"""Meters: the inventory and its words, radios that are paired and retired, and what tablets show of them."""

from typing import Any

import pytest
from sqlalchemy import select

from curbstop.commands import meters
from curbstop.commands.meters import NewMeter
from curbstop.domain.problems import Problem
from curbstop.models import Endpoint, Installation, Meter, Register, ServicePoint
from curbstop.models.base import utc_now
from tests.town import Town


def test_a_new_meter_is_in_stock_with_its_registers_and_radio(town: Town) -> None:
    with town.work("bill") as work:
        meter = meters.create(work, NewMeter(serial="N-1", dials=7, radio_id="77", positions=(1, 2)))
    assert (meter.status, meter.version) == ("stock", 1)
    assert town.all(select(Register.position).order_by(Register.position)) == [1, 2]
    assert town.all(select(Endpoint.radio_id)) == ["77"]
    with pytest.raises(Problem, match="conflict"), town.work("bill") as work:
        meters.create(work, NewMeter(serial="N-1", dials=7))


@pytest.mark.parametrize("name", ["tom", "carla", "dana", "gus", "ada"])
def test_the_inventory_is_billing_s_and_the_supervisor_s(town: Town, name: str) -> None:
    with pytest.raises(Problem, match="forbidden"), town.work(name) as work:
        meters.create(work, NewMeter(serial="N-1", dials=7))


@pytest.mark.parametrize("change", [{"status": "stock"}, {"status": "broken"}, {"serial": "X"}])
def test_an_installed_meter_s_status_follows_from_its_installation(town: Town, change: dict[str, Any]) -> None:
    place = town.place()
    with pytest.raises(Problem, match="invalid"), town.work("bill") as work:
        meters.edit(work, place.meter_id, change, if_version=None)


def test_a_corrected_meter_is_put_on_the_tablets_that_show_its_place(town: Town) -> None:
    place = town.place()
    with town.work("bill") as work:
        meters.edit(work, place.meter_id, {"size": "2"}, if_version=1)
    assert town.all(select(ServicePoint.version)) == [2]


def test_a_meter_moves_from_stock_to_the_ground_and_out_with_its_radio_retired(town: Town) -> None:
    place = town.place()
    with town.work("bill") as work:
        there = work.session.scalars(select(Installation)).one()
        meters.remove(work, there.id, at=utc_now())
        new = meters.create(work, NewMeter(serial="N-2", dials=7))
        meters.install(work, place.id, new.id, at=utc_now())
        with pytest.raises(Problem, match="meter_installed_elsewhere"):
            meters.install(work, place.id, new.id, at=utc_now())
    assert town.all(select(Meter.status).order_by(Meter.serial)) == ["removed", "installed"]
    assert town.all(select(Endpoint.id).where(Endpoint.retired_at.is_(None))) == []


def test_a_radio_serves_one_meter_at_a_time(town: Town) -> None:
    place, other = town.place(), town.place()
    with pytest.raises(Problem, match="conflict"), town.work("sue") as work:
        meters.set_radio(work, place.meter_id, "R0000002", if_version=1)
    with town.work("sue") as work:
        assert meters.set_radio(work, other.meter_id, None, if_version=1).version == 2
        meters.set_radio(work, place.meter_id, "R0000002", if_version=1)
    active = town.all(select(Endpoint).where(Endpoint.retired_at.is_(None)))
    assert [(e.meter_id, e.radio_id) for e in active] == [(place.meter_id, "R0000002")]
    assert len(town.all(select(Endpoint))) == 3
