"""Setting a meter: locked until it was inspected, on a tap, and nothing that is somewhere else."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from curbstop.models import Endpoint, Installation, Lock, Meter, Reading, ServicePoint
from tests.commands.test_meter_work import done, post, refused
from tests.town import Place, Town


def bare(town: Town, state: str = "tapped") -> Place:
    """A place with a tap and without a meter."""
    place = town.place(status="pending")
    with town.sessions.write() as session:
        session.execute(update(Installation).values(removed_at=Installation.installed_at))
        session.execute(update(Meter).values(status="removed"))
        session.execute(update(ServicePoint).values(physical_state=state))
    return place


def captured(**more: Any) -> dict[str, Any]:
    return {
        "new_serial": "SET-1", "in_read": {"1": "2"}, "new_size": "5/8", "new_make": "Badger", "new_model": "M25",
        "new_dials": 7, "new_decimals": 0, "new_multiplier": 1, "new_uom": "GAL", "new_endpoint": "R88",
        "locked_on_set": True, "lock_type": "barrel", "lock_no": "L-7", **more,
    }  # fmt: skip


def test_a_meter_that_was_set_is_off_and_locked_with_its_first_reading(town: Town) -> None:
    place = bare(town)
    order = done(town, "MTR_SET", place, captured())
    post(town, order)
    [there] = town.all(select(Installation).where(Installation.removed_at.is_(None)))
    assert (there.service_point_id, there.order_id) == (place.id, order)
    assert town.all(select(Meter.status).where(Meter.serial == "SET-1")) == ["installed"]
    assert town.all(select(ServicePoint.physical_state)) == ["set_off_locked"]
    assert [(lock.kind, lock.number) for lock in town.all(select(Lock))] == [("barrel", "L-7")]
    assert [(row.kind, row.value) for row in town.all(select(Reading).where(Reading.order_id == order))] == [
        ("initial", 2)
    ]
    assert town.all(select(Endpoint.radio_id).where(Endpoint.meter_id == there.meter_id)) == ["R88"]


@pytest.mark.parametrize(
    ("state", "captures", "codes"),
    [
        ("no_tap", {}, ["NO_TAP"]),
        ("cut_at_main", {}, ["NO_TAP"]),
        ("tapped", {"locked_on_set": False}, ["NOT_LOCKED"]),
        ("tapped", {"in_read": {"1": "12345678"}}, ["DIGITS"]),
    ],
)
def test_what_does_not_fit_keeps_it_from_posting_and_is_kept(
    town: Town, state: str, captures: dict[str, Any], codes: list[str]
) -> None:
    order = done(town, "MTR_SET", bare(town, state), captured(**captures))
    assert "incomplete_capture" in town.read_order(order).flags
    assert refused(town, order) == codes


def test_no_second_meter_is_set_where_one_is(town: Town) -> None:
    order: UUID = done(town, "MTR_SET", town.place(), captured())
    assert refused(town, order) == ["METER_HERE"]
