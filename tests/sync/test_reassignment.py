"""Reassignment and recall: work that was legitimately held arrives, whatever the office decided meanwhile."""

from curbstop.commands import dispatch
from tests.sync.model_tablet import ModelTablet, cut_off, verdicts
from tests.town import Town

DONE = {"outcome": "DONE", "captures": {"notes": "Looked at it"}}


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
