"""Reassignment and recall: work that was legitimately held arrives, whatever the office decided meanwhile."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from curbstop.commands import dispatch, service_orders
from curbstop.models import AccessIssue, OrderHistory, Reading
from tests.sync.model_tablet import ModelTablet, cut_off, verdicts
from tests.town import Town

DONE = {"outcome": "DONE", "captures": {"notes": "Looked at it"}}
DOG: dict[str, Any] = {"outcome": "NO_ACCESS_DOG", "captures": {"read": "1005"}, "notes": "Two of them."}


def test_work_done_before_a_reassignment_arrives_and_wins(town: Town) -> None:
    """Clause 3.4, I13."""
    place = town.place()
    order = town.order("CUT_OFF_REQ", place, to="tom")
    toms, tesss = ModelTablet(town, "tom"), ModelTablet(town, "tess")
    toms.pull()
    town.assign(order, "tess")
    tesss.pull()
    assert str(order) in tesss.rows("service_order")
    answers = toms.push(
        toms.order_op("order.travel", order),
        toms.order_op("order.complete", order, cut_off(place)),
    )
    assert verdicts(answers) == ["superseded_noop", "applied"]
    done = town.read_order(order)
    assert (done.state, done.completed_by_id) == ("completed", town.staff["tom"])
    assert "finished_by_former_technician" in done.flags
    tesss.pull()
    assert str(order) not in tesss.rows("service_order")


def test_progress_that_the_office_overtook_is_in_the_history_and_is_not_missed(town: Town) -> None:
    order = town.order("GEN", town.place(), to="tom")
    toms = ModelTablet(town, "tom")
    toms.pull()
    town.assign(order, "tess")
    answers = toms.push(
        toms.order_op("order.travel", order),
        toms.order_op("order.arrive", order),
        toms.order_op("order.complete", order, DONE),
    )
    assert verdicts(answers) == ["superseded_noop", "superseded_noop", "applied"]
    lines = town.all(select(OrderHistory).where(OrderHistory.order_id == order).order_by(OrderHistory.id))
    told = [line for line in lines if line.facts.get("overtaken")]
    assert [(line.event, line.from_state == line.to_state, line.staff_id) for line in told] == [
        ("travel", True, town.staff["tom"]),
        ("arrive", True, town.staff["tom"]),
    ]
    assert "events_missing" not in town.read_order(order).flags


def test_progress_of_whoever_never_had_the_order_leaves_no_line(town: Town) -> None:
    order = town.order("GEN", town.place(), to="tess")
    toms = ModelTablet(town, "tom")
    toms.pull()
    assert verdicts(toms.push(toms.order_op("order.travel", order))) == ["superseded_noop"]
    assert not [line for line in town.all(select(OrderHistory)) if line.facts.get("overtaken")]


def test_work_survives_a_move_within_the_same_technicians_days(town: Town) -> None:
    order = town.order("GEN", town.place(), to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    with town.work("dana") as work:
        dispatch.assign(work, order, technician_id=town.staff["tom"], scheduled_on=town.today, place=7)
    assert verdicts(tablet.push(tablet.order_op("order.complete", order, DONE))) == ["applied"]


def test_two_technicians_complete_one_order_and_both_are_kept(town: Town) -> None:
    """Clause 3.4, I11."""
    place = town.place()
    order = town.order("CUT_OFF_REQ", place, to="tom")
    toms, tesss = ModelTablet(town, "tom"), ModelTablet(town, "tess")
    toms.pull()
    town.assign(order, "tess")
    tesss.pull()
    assert verdicts(tesss.push(tesss.order_op("order.complete", order, cut_off(place)))) == ["applied"]
    [answer] = toms.push(toms.order_op("order.complete", order, cut_off(place)))
    assert (answer["verdict"], answer["code"]) == ("parked", "duplicate_completion")
    assert town.read_order(order).completed_by_id == town.staff["tess"]


def test_somebody_elses_order_is_never_touched(town: Town) -> None:
    order = town.order("GEN", town.place(), to="tess")
    tablet = ModelTablet(town, "tom")
    [answer] = tablet.push(tablet.order_op("order.complete", order, DONE))
    assert (answer["verdict"], answer["code"]) == ("parked", "not_in_scope")
    assert town.read_order(order).state == "assigned"


def test_a_recalled_order_that_was_done_stays_done(town: Town) -> None:
    place = town.place()
    order = town.order("CUT_OFF_REQ", place, to="tom")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    with town.work("carla") as work:
        assert dispatch.recall(work, order, reason="customer changed her mind").state == "recall_pending"
    assert verdicts(tablet.push(tablet.order_op("order.complete", order, cut_off(place)))) == ["applied"]
    done = town.read_order(order)
    assert done.state == "completed"
    assert "completed_after_recall" in done.flags


def moved_to_tess(town: Town) -> tuple[UUID, ModelTablet, ModelTablet]:
    """Tom held the order; by now it is Tess's, and she has it."""
    order = town.order("CUT_OFF_REQ", town.place(), to="tom")
    toms, tesss = ModelTablet(town, "tom"), ModelTablet(town, "tess")
    toms.pull()
    town.assign(order, "tess")
    tesss.pull()
    return order, toms, tesss


def test_a_late_return_takes_the_order_from_nobody_and_is_kept(town: Town) -> None:
    """Clause 10.16, I11, I13: only a completion wins; Tess is on site, and goes on."""
    order, toms, tesss = moved_to_tess(town)
    assert verdicts(tesss.push(tesss.order_op("order.arrive", order))) == ["applied"]
    [answer] = toms.push(toms.order_op("order.return", order, DOG))
    assert (answer["verdict"], answer["result"]["state"]) == ("merged", "on_site")
    there = town.read_order(order)
    assert (there.state, there.technician_id, there.outcome) == ("on_site", town.staff["tess"], None)
    assert there.notes == "Two of them."
    [kept] = town.all(select(OrderHistory).where(OrderHistory.order_id == order, OrderHistory.event == "keep"))
    assert (kept.staff_id, kept.facts["outcome"]) == (town.staff["tom"], "NO_ACCESS_DOG")
    assert [int(one.value) for one in town.all(select(Reading).where(Reading.kind == "special"))] == [1005]
    assert [issue.category for issue in town.all(select(AccessIssue))] == ["DOG"]
    tesss.pull()
    assert tesss.rows("service_order")[str(order)]["notes"] == "Two of them."
    [place] = tesss.rows("service_point").values()
    done = cut_off_at(place)
    assert verdicts(tesss.push(tesss.order_op("order.complete", order, done))) == ["applied"]


def cut_off_at(place: dict[str, Any]) -> dict[str, Any]:
    captures = {"serial_seen": place["meters"][0]["serial"], "read": "1010", "valve_state": "off"}
    return {"outcome": "DONE", "captures": captures}


def test_a_return_of_an_order_that_waits_in_the_office_leaves_it_there(town: Town) -> None:
    """Clause 10.16."""
    order, toms, _ = moved_to_tess(town)
    with town.work("dana") as work:
        dispatch.assign(work, order, technician_id=town.staff["tess"], scheduled_on=town.today)
        dispatch.unassign(work, order)
    assert verdicts(toms.push(toms.order_op("order.return", order, DOG))) == ["merged"]
    assert (town.read_order(order).state, town.read_order(order).technician_id) == ("ready", None)


def test_a_return_of_an_order_that_is_on_another_of_ones_own_days_is_a_return(town: Town) -> None:
    """Clause 10.16: it is nobody else's."""
    order = town.order("CUT_OFF_REQ", town.place(), to="tom")
    toms = ModelTablet(town, "tom")
    toms.pull()
    town.assign(order, "tom")
    assert verdicts(toms.push(toms.order_op("order.return", order, DOG))) == ["applied"]
    assert (town.read_order(order).state, town.read_order(order).outcome) == ("returned", "NO_ACCESS_DOG")


@pytest.mark.parametrize("ended", ["completed", "cancelled"])
def test_a_return_of_an_order_that_has_ended_is_for_the_office(town: Town, ended: str) -> None:
    """Clause 10.16."""
    order, toms, tesss = moved_to_tess(town)
    if ended == "completed":
        [place] = tesss.rows("service_point").values()
        tesss.push(tesss.order_op("order.complete", order, cut_off_at(place)))
    else:
        with town.work("dana") as work:
            dispatch.assign(work, order, technician_id=town.staff["tess"], scheduled_on=town.today)
            service_orders.cancel(work, order, reason="Called off.")
    assert verdicts(toms.push(toms.order_op("order.return", order, DOG))) == ["parked"]
    assert town.read_order(order).state == ended
