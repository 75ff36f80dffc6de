"""A posted order is corrected by what compensates: nothing is edited, and each correction is told."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from curbstop.commands import corrections
from curbstop.commands.corrections import Correction
from curbstop.domain.problems import Problem
from curbstop.models import Fee, OrderHistory, Reading, ServicePoint
from curbstop.models.state_change import StateChange
from tests.cut_offs import any_day
from tests.town import Place, Town
from tests.visits import done, post


@pytest.fixture
def place(town: Town) -> Place:
    any_day(town)
    return town.place()


def posted(town: Town, place: Place, code: str = "CUT_OFF_NP") -> UUID:
    order = done(town, code, place)
    post(town, order)
    return order


def correct(town: Town, order: UUID, *, by: str = "sue", **wrong: Any) -> None:
    with town.work(by) as work:
        corrections.correct(work, order, Correction(**wrong), reason="The house next door was meant.")


def state_of(town: Town, place: Place) -> str:
    [point] = town.all(select(ServicePoint).where(ServicePoint.id == place.id))
    return str(point.physical_state)


def test_a_wrong_reading_is_superseded_by_the_right_one_and_stays(town: Town, place: Place) -> None:
    order = posted(town, place)
    [wrong] = town.all(select(Reading).where(Reading.order_id == order))
    correct(town, order, readings={wrong.id: "001234"})
    kept = {row.id: row for row in town.all(select(Reading).where(Reading.order_id == order))}
    [right] = [row for row in kept.values() if row.id != wrong.id]
    assert (int(right.value), right.kind, right.source) == (1234, "cutoff", "correction")
    assert kept[wrong.id].superseded_by_id == right.id
    assert kept[wrong.id].value == wrong.value


def test_the_water_is_on_again_in_the_books_and_what_was_posted_is_kept(town: Town, place: Place) -> None:
    order = posted(town, place)
    assert state_of(town, place) == "off_locked"
    correct(town, order, take_back_state=True)
    assert state_of(town, place) == "on"
    [change] = town.all(select(StateChange).where(StateChange.order_id == order))
    assert (change.state, change.withdrawn_at is not None) == ("off_locked", True)
    with pytest.raises(Problem, match="changed nothing"):
        correct(town, order, take_back_state=True)


def test_a_fee_is_met_by_one_of_the_opposite_amount_once(town: Town, place: Place) -> None:
    order = posted(town, place)
    correct(town, order, take_back_fees=True)
    fees = town.all(select(Fee).where(Fee.order_id == order).order_by(Fee.id))
    assert [(fee.kind, fee.cents) for fee in fees] == [("cut_off", 5_000), ("cut_off", -5_000)]
    with pytest.raises(Problem, match="no fee"):
        correct(town, order, take_back_fees=True)


def test_each_correction_is_a_revision_with_its_reason(town: Town, place: Place) -> None:
    order = posted(town, place)
    correct(town, order, take_back_fees=True)
    correct(town, order, take_back_state=True)
    told = town.all(select(OrderHistory).where(OrderHistory.order_id == order, OrderHistory.event == "correct"))
    assert sorted(row.facts["revision"] for row in told) == [1, 2]
    assert {(row.from_state, row.to_state, row.reason) for row in told} == {
        ("posted", "posted", "The house next door was meant.")
    }


@pytest.mark.parametrize("name", ["tom", "carla", "bill", "dana", "ada"])
def test_a_supervisor_corrects(town: Town, place: Place, name: str) -> None:
    order = posted(town, place)
    with pytest.raises(Problem, match="forbidden"):
        correct(town, order, by=name, take_back_fees=True)


def test_what_is_no_correction_is_refused_and_changes_nothing(town: Town, place: Place) -> None:
    order = posted(town, place)
    other = town.place()
    [theirs] = town.all(select(Reading).where(Reading.service_point_id == other.id))
    for wrong in ({}, {"readings": {theirs.id: "001234"}}, {"readings": {order: "001234"}}):
        with pytest.raises(Problem, match="invalid"):
            correct(town, order, **wrong)
    [mine] = town.all(select(Reading).where(Reading.order_id == order))
    with pytest.raises(Problem, match="reading_invalid"):
        correct(town, order, readings={mine.id: "99999999"})
    assert town.all(select(OrderHistory).where(OrderHistory.event == "correct")) == []
    undone = town.order("GEN", place)
    with pytest.raises(Problem, match="impossible_transition"):
        correct(town, undone, take_back_fees=True)
