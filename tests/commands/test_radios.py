"""The inventory's moves and its history, and what is heard of radios that should be silent."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from curbstop.commands import discrepancies, inventory, journal, meters, radios
from curbstop.commands.meters import NewMeter
from curbstop.domain.inventory import MOVES, check_move
from curbstop.domain.meters import MeterStatus
from curbstop.domain.problems import Problem
from curbstop.models import Discrepancy, Installation, InventoryMove, Radio
from curbstop.models.base import utc_now
from tests.town import Town


@given(here=st.sampled_from(MeterStatus), to=st.sampled_from(MeterStatus))
def test_the_office_moves_things_as_the_table_says_and_never_into_the_ground(
    here: MeterStatus, to: MeterStatus
) -> None:
    if to == here or to in MOVES[here]:
        check_move(here, to)
        assert to == here or MeterStatus.INSTALLED not in (here, to)
    else:
        with pytest.raises(Problem, match=r"invalid|move_not_allowed"):
            check_move(here, to)


def test_meters_are_received_and_put_on_a_truck_with_a_name_on_it(town: Town) -> None:
    with town.work("sue") as work:
        made = [
            meters.create(work, NewMeter(serial=f"N-{n}", dials=7, status=MeterStatus.ORDERED)).id for n in range(3)
        ]
        inventory.move_meters(work, made, MeterStatus.STOCK)
        inventory.move_meters(work, made, MeterStatus.ON_TRUCK, holder_id=town.staff["tom"], reason="Morning load")
        inventory.move_meters(work, made, MeterStatus.ON_TRUCK, holder_id=town.staff["tom"])
    history = select(InventoryMove).where(InventoryMove.item_id == made[0]).order_by(InventoryMove.id)
    assert [(m.from_status, m.to_status, m.holder_id is not None) for m in town.all(history)] == [
        (None, "ordered", False),
        ("ordered", "stock", False),
        ("stock", "on_truck", True),
    ]


def test_one_meter_that_cannot_move_keeps_all_of_them_where_they_are(town: Town) -> None:
    place = town.place()
    with town.work("sue") as work:
        made = meters.create(work, NewMeter(serial="N-1", dials=7)).id
    with pytest.raises(Problem, match=rf"invalid.*{place.serial}"), town.work("sue") as work:
        inventory.move_meters(work, [made, place.meter_id], MeterStatus.SCRAPPED)
    with pytest.raises(Problem, match="name on it"), town.work("sue") as work:
        inventory.move_meters(work, [made], MeterStatus.ON_TRUCK)
    with town.work("sue") as work:
        inventory.move_meters(work, [made], MeterStatus.SCRAPPED)
    with pytest.raises(Problem, match="move_not_allowed"), town.work("sue") as work:
        inventory.move_meters(work, [made], MeterStatus.STOCK)


def test_a_radio_has_its_own_life(town: Town) -> None:
    with town.work("sue") as work:
        radio = radios.create(work, "77", status=MeterStatus.ORDERED).id
        radios.move(work, radio, MeterStatus.STOCK, reason="Came today", if_version=1)
        meters.create(work, NewMeter(serial="N-1", dials=7, radio_id="77"))
    assert town.all(select(Radio.status)) == ["installed"]
    moves = town.all(select(InventoryMove).where(InventoryMove.item_id == radio).order_by(InventoryMove.id))
    assert [move.to_status for move in moves] == ["ordered", "stock", "installed"]
    with pytest.raises(Problem, match="conflict"), town.work("sue") as work:
        radios.create(work, "77")


def test_a_retired_radio_that_is_heard_again_is_a_phantom_and_counted_once(town: Town) -> None:
    place = town.place()
    town.place()
    now = utc_now()
    with town.work("sue") as work:
        there = work.session.scalars(select(Installation).where(Installation.meter_id == place.meter_id)).one()
        meters.remove(work, there.id, at=now - timedelta(days=2))
    heard = {"R0000001": now, "R0000002": now, "R5": now}
    with town.work("ivy") as work:
        assert radios.heard(work, heard) == {"R0000001": "phantom", "R0000002": "paired", "R5": "unknown"}
    with town.work("ivy") as work:
        radios.heard(work, heard)
        # Late news from before it was retired.
        assert radios.heard(work, {"R0000001": now - timedelta(days=3)}) == {"R0000001": "paired"}
    found = {row.subject: (row.kind, row.service_point_id, row.times) for row in town.all(select(Discrepancy))}
    assert found == {"R0000001": ("phantom_radio", place.id, 2), "R5": ("orphan_radio", None, 2)}
    assert town.all(select(Radio.last_heard_at).where(Radio.number == "R0000001")) == [now]


def test_a_settled_discrepancy_opens_anew_when_it_is_noticed_again(town: Town) -> None:
    with town.work("ivy") as work:
        radios.heard(work, {"R5": utc_now()})
    [odd] = town.all(select(Discrepancy))
    with pytest.raises(Problem, match="forbidden"), town.work("tom") as work:
        discrepancies.settle(work, odd.id, note="?", if_version=None)
    with town.work("carla") as work:
        discrepancies.settle(work, odd.id, note="A neighbor's.", if_version=1)
    with pytest.raises(Problem, match="conflict"), town.work("carla") as work:
        discrepancies.settle(work, odd.id, note="Again.", if_version=None)
    with town.work("ivy") as work:
        radios.heard(work, {"R5": utc_now()})
    assert sorted(town.all(select(Discrepancy.state))) == ["open", "settled"]


def test_only_the_reading_network_says_what_is_heard(town: Town) -> None:
    for name in ("tom", "carla", "gus"):
        with pytest.raises(Problem, match="forbidden"), town.work(name) as work:
            radios.heard(work, {"R5": utc_now()})


def test_nothing_that_changed_is_nothing_written(town: Town) -> None:
    with town.work("sue") as work:
        assert inventory.move_meters(work, [], MeterStatus.STOCK) == []
        journal.changed_many(work, [], "move")
    assert town.all(select(InventoryMove)) == []
