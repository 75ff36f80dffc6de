"""Found work: an order that a technician made on the tablet is the technician's, as the tablet shows it."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import dispatch, service_orders
from curbstop.models import OrderHistory
from curbstop.models.ids import new_id
from tests.sync.model_tablet import ModelTablet, verdicts
from tests.town import Place, Town

DONE: dict[str, Any] = {"outcome": "DONE", "captures": {"notes": "New lid is on."}}


def found(tablet: ModelTablet, place: Place) -> tuple[UUID, dict[str, Any]]:
    order = new_id()
    args = {"order_id": str(order), "type_code": "GEN", "service_point_id": str(place.id), "instructions": "Lid."}
    return order, tablet.order_op("order.create", order, args)


def test_found_work_that_its_finder_did_is_applied(town: Town) -> None:
    """Clause 10.15, I13: made, worked and completed offline, and sent in one batch."""
    toms = ModelTablet(town, "tom")
    order, create = found(toms, town.place())
    answers = toms.push(
        create,
        toms.order_op("order.travel", order),
        toms.order_op("order.arrive", order),
        toms.order_op("order.complete", order, DONE),
    )
    assert verdicts(answers) == ["applied"] * 4
    done = town.read_order(order)
    assert (done.state, done.completed_by_id, done.flags) == ("completed", town.staff["tom"], [])


def test_found_work_stays_on_the_tablet_until_it_is_done(town: Town) -> None:
    """Clause 10.15: a pull between making and doing it takes nothing away."""
    place = town.place()
    toms = ModelTablet(town, "tom")
    order, create = found(toms, place)
    [answer] = toms.push(create)
    assert (answer["verdict"], answer["result"]["state"]) == ("applied", "dispatched")
    toms.pull()
    assert toms.rows("service_order")[str(order)]["state"] == "dispatched"
    assert str(place.id) in toms.rows("service_point")
    events = town.all(select(OrderHistory).where(OrderHistory.order_id == order).order_by(OrderHistory.id))
    assert [(event.event, event.from_state, event.to_state) for event in events] == [
        ("create", None, "ready"), ("assign", "ready", "assigned"), ("pull", "assigned", "dispatched"),
    ]  # fmt: skip
    assert verdicts(toms.push(toms.order_op("order.complete", order, DONE))) == ["applied"]


def test_found_work_for_somebody_else_is_given_back_or_moved_like_any_order(town: Town) -> None:
    """Clause 10.15."""
    toms, tesss = ModelTablet(town, "tom"), ModelTablet(town, "tess")
    given, create = found(toms, town.place())
    decline = toms.order_op("order.decline", given, {"reason": "Needs a digger."})
    assert verdicts(toms.push(create, decline)) == ["applied"] * 2
    assert (town.read_order(given).state, town.read_order(given).technician_id) == ("ready", None)
    moved, create = found(toms, town.place())
    toms.push(create)
    town.assign(moved, "tess")
    tesss.pull()
    toms.pull()
    assert str(moved) in tesss.rows("service_order")
    assert str(moved) not in toms.rows("service_order")
    assert verdicts(toms.push(toms.order_op("order.complete", moved, DONE))) == ["applied"]


def test_what_the_office_took_back_before_it_was_done_still_counts(town: Town) -> None:
    """Clause 10.15, I13: the finder had it, whatever became of it meanwhile."""
    toms = ModelTablet(town, "tom")
    order, create = found(toms, town.place())
    toms.push(create)
    with town.work("dana") as work:
        dispatch.assign(work, order, technician_id=town.staff["tess"], scheduled_on=town.today)
        dispatch.unassign(work, order)
        service_orders.hold(work, order, until=town.today.replace(year=town.today.year + 1), reason="Parts.")
    assert verdicts(toms.push(toms.order_op("order.complete", order, DONE))) == ["applied"]


def test_a_draft_of_the_finders_is_completed_all_the_same(town: Town) -> None:
    """Clause 10.15: it waits for an account or an approval; what was done was done."""
    toms = ModelTablet(town, "tom")
    order, create = found(toms, town.place())
    with town.work("tom", toms.tablet_id) as work:
        new = service_orders.NewOrder(
            type_code="GEN", service_point_id=UUID(create["args"]["service_point_id"]), order_id=order, draft=True,
            source="field", instructions="Lid.",
        )  # fmt: skip
        assert service_orders.create(work, new).state == "draft"
    assert verdicts(toms.push(create, toms.order_op("order.complete", order, DONE))) == ["duplicate", "applied"]
    assert "finished_by_former_technician" not in town.read_order(order).flags
