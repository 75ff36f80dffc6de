"""Change-outs that meet something else than the books have: another meter, no reading, a meter that is known."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from curbstop.commands import field_work, leases, meter_models, meters, review
from curbstop.commands.field_work import Visit
from curbstop.commands.meters import NewMeter
from curbstop.domain.problems import Problem
from curbstop.models import (
    ChangeOutRecord,
    Discrepancy,
    Endpoint,
    ExportMark,
    Installation,
    InventoryMove,
    Meter,
    Radio,
    Reading,
    Register,
)
from curbstop.models.meter import Register as RegisterRow
from tests.commands.test_change_outs import _photograph, captured, change_out
from tests.town import Place, Town


def post(town: Town, order: UUID, *, by: str = "bill") -> None:
    with town.work(by) as work:
        review.post(work, order)


def flags(town: Town, order: UUID) -> set[str]:
    return set(town.read_order(order).flags)


def test_the_change_out_is_in_the_books_once_and_marked_for_the_other_systems(town: Town) -> None:
    place = town.place()
    order = change_out(town, place)
    post(town, order)
    [record] = town.all(select(ChangeOutRecord))
    assert (record.old_serial, record.new_serial, record.out_reads) == (place.serial, "NEW-0001", {"1": "1042"})
    assert (record.order_id, record.installer, len(record.photos)) == (order, "Tom", 4)
    assert (record.old_endpoint, record.new_endpoint) == ("R0000001", "R9000001")
    marks = {(mark.kind, mark.change_out_id, mark.run_id) for mark in town.all(select(ExportMark))}
    assert marks == {("mco", record.id, None), ("vflex", record.id, None)}


def test_the_history_of_meters_and_radios_has_every_move(town: Town) -> None:
    place = town.place()
    order = change_out(town, place)
    post(town, order)
    serials = {row.id: row.serial for row in town.all(select(Meter))} | {
        row.id: row.number for row in town.all(select(Radio))
    }
    moves = {
        (serials[move.item_id], move.from_status, move.to_status, move.order_id == order)
        for move in town.all(select(InventoryMove))
    }
    assert moves == {
        (place.serial, "installed", "removed", True),
        ("NEW-0001", None, "installed", True),
        ("R0000001", None, "removed", True),
        ("R9000001", None, "installed", False),
    }


def test_another_meter_in_the_ground_is_a_discrepancy_and_the_missing_one_is_lost(town: Town) -> None:
    place = town.place()
    order = change_out(town, place, old_serial="STRAY-9", found_different_meter=True, out_read={"1": "77"})
    assert "DIFFERENT_METER" in flags(town, order)
    post(town, order)
    [odd] = town.all(select(Discrepancy))
    assert (odd.kind, odd.expected, odd.found, odd.order_id) == ("different_meter", place.serial, "STRAY-9", order)
    assert {row.serial: row.status for row in town.all(select(Meter))} == {
        place.serial: "lost",
        "NEW-0001": "installed",
    }
    # Nobody read the meter that was not there.
    assert [row.kind for row in town.all(select(Reading).where(Reading.register_id == place.register_id))] == [
        "regular"
    ]
    [record] = town.all(select(ChangeOutRecord))
    assert (record.out_reads, record.old_meter_id) == ({"1": "77"}, None)


def test_a_stray_meter_that_the_inventory_knows_gets_its_own_last_reading(town: Town) -> None:
    place = town.place()
    with town.work("bill") as work:
        stray = meters.create(work, NewMeter(serial="STRAY-9", dials=5)).id
    order = change_out(town, place, old_serial="STRAY-9", found_different_meter=True, out_read={"1": "77"})
    post(town, order)
    final = select(Reading.value).join(Register, Register.id == Reading.register_id).where(Register.meter_id == stray)
    assert town.all(final) == [77]
    assert town.all(select(Meter.status).where(Meter.id == stray)) == ["removed"]


def test_the_books_meter_without_a_word_that_it_was_another_keeps_the_order_from_posting(town: Town) -> None:
    order = change_out(town, town.place(), old_serial="STRAY-9")
    assert {"incomplete_capture"} <= flags(town, order)
    with pytest.raises(Problem, match="capture_missing") as problem:
        post(town, order)
    assert [finding["code"] for finding in problem.value.extra["findings"]] == ["OLD_NOT_INSTALLED"]


def test_an_unreadable_meter_is_estimated_from_what_is_usually_used(town: Town) -> None:
    place = town.place(last=1000)
    _read_before(town, place, days=60, value=400)
    order = change_out(
        town, place, out_read=None, estimated_out_read=True, estimate_reason="glass broken", old_condition="unreadable"
    )
    post(town, order)
    [final] = town.all(select(Reading).where(Reading.kind == "estimated"))
    assert final.value == 1600  # 600 in the thirty days before the last reading, and as many since
    assert final.register_id == place.register_id


def _read_before(town: Town, place: Place, *, days: int, value: int) -> None:
    from datetime import UTC, datetime, timedelta

    then = datetime.now(UTC) - timedelta(days=days)
    town.add(
        Reading(
            register_id=place.register_id, service_point_id=place.id, value=Decimal(value), kind="regular",
            source="route", noted_at=then, recorded_at=then, flags=[],
        )
    )  # fmt: skip


def test_usage_far_above_the_usual_is_remarked_on(town: Town) -> None:
    place = town.place(last=1000)
    _read_before(town, place, days=60, value=970)
    assert "OUT_UNUSUAL" in flags(town, change_out(town, place, out_read={"1": "9000"}))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"new_serial_by": "typed"}, "SERIAL_UNCONFIRMED"),
        ({"test_read": "40"}, "CROSS_WIRED"),
        ({"new_dials": 6}, "MODEL_DIFFERS"),
        ({"new_model": "M99"}, "MODEL_UNKNOWN"),
        ({"new_size": "1"}, "SIZE_CHANGED"),
        ({"in_read": {"1": "2000"}}, "IN_READ_HIGH"),
        ({"gps": {"longitude": -78.999, "latitude": 35.0, "accuracy_m": 20}}, "GPS_INACCURATE"),
        ({"gps": {"longitude": -78.9985, "latitude": 35.0}}, "FAR"),
    ],
)
def test_what_is_odd_is_kept_and_flagged_for_the_office(town: Town, changes: dict[str, Any], code: str) -> None:
    with town.work("bill") as work:
        face = {"dials": 7, "decimals": 0, "multiplier": Decimal(1), "unit": "GAL"}
        meter_models.create(work, {"manufacturer": "Badger", "model": "M25", "size": "5/8", **face})
        meter_models.create(work, {"manufacturer": "Badger", "model": "M25", "size": "1"})
    order = change_out(town, town.place(), **changes)
    assert code in flags(town, order)
    post(town, order)


def test_where_the_visit_was_completed_is_the_position_that_is_checked(town: Town) -> None:
    place = town.place()
    order = town.order("MTR_XCHG", place, to="tom")
    with town.work("tom") as work:
        leases.mark_pulled(work)
        _photograph(work, order)
        visit = Visit(outcome="DONE", captures=captured(place), position={"longitude": -78.9, "latitude": 35.0})
        field_work.complete(work, order, visit)
    with pytest.raises(Problem, match="capture_missing") as problem:
        post(town, order)
    assert [finding["code"] for finding in problem.value.extra["findings"]] == ["TOO_FAR"]


def test_a_meter_of_the_inventory_is_taken_with_the_face_that_was_seen(town: Town) -> None:
    with town.work("bill") as work:
        known = meters.create(work, NewMeter(serial="NEW-0001", dials=6, radio_id="R9000001")).id
    order = change_out(town, town.place())
    assert "NEW_NOT_IN_STOCK" not in flags(town, order)
    post(town, order)
    faces = town.all(select(RegisterRow).where(RegisterRow.meter_id == known).order_by(RegisterRow.dials))
    assert [(face.dials, face.removed_at is None) for face in faces] == [(6, False), (7, True)]
    assert town.all(select(Endpoint.retired_at).where(Endpoint.meter_id == known)) == [None]


def test_the_radio_of_the_old_meter_may_serve_the_new_one(town: Town) -> None:
    place = town.place()
    post(town, change_out(town, place, new_endpoint="R0000001"))
    paired = town.all(select(Endpoint).where(Endpoint.radio_id == "R0000001").order_by(Endpoint.retired_at))
    assert sorted(row.retired_at is None for row in paired) == [False, True]


def test_the_same_exchange_by_a_second_order_changes_nothing(town: Town) -> None:
    place = town.place()
    first = change_out(town, place)
    post(town, first)
    before = [len(town.all(select(table))) for table in (Installation, Reading, ChangeOutRecord, InventoryMove)]
    again = change_out(town, place)
    post(town, again)
    assert town.read_order(again).state == "posted"
    assert [len(town.all(select(t))) for t in (Installation, Reading, ChangeOutRecord, InventoryMove)] == before


def test_a_meter_that_is_here_by_another_exchange_is_not_put_in_twice(town: Town) -> None:
    place = town.place()
    post(town, change_out(town, place))
    again = change_out(town, place, old_serial="STRAY-9", found_different_meter=True)
    with pytest.raises(Problem, match="capture_missing") as problem:
        post(town, again)
    assert [finding["code"] for finding in problem.value.extra["findings"]] == ["NEW_ACTIVE_HERE"]


def test_an_unplanned_change_out_waits_for_the_supervisor(town: Town) -> None:
    order = town.order("MTR_XCHG", town.place(), by="bill")
    assert town.read_order(order).state == "draft"
    assert town.read_order(town.order("MTR_XCHG", town.place(), by="sue")).state == "ready"


def test_a_meter_that_comes_back_counts_what_it_counted_before_in_its_own_units(town: Town) -> None:
    first, second = town.place(last=1000), town.place(last=1000)
    post(town, change_out(town, first, new_serial="NEW-0001", new_endpoint=None))
    again = {"new_serial": first.serial, "in_read": {"1": "1042"}, "new_multiplier": 10, "new_endpoint": None}
    post(town, change_out(town, second, **again))
    faces = town.all(select(RegisterRow).where(RegisterRow.meter_id == first.meter_id))
    assert {(int(face.multiplier), face.removed_at is None) for face in faces} == {(1, False), (10, True)}
    final = select(Reading.value).where(Reading.register_id == first.register_id, Reading.kind == "final")
    assert town.all(final) == [1042]
