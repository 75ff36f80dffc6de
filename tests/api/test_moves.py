"""Many orders move at once, through HTTP: all of them or none, and both tablets see it at their next pull."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import dispatch, field_work, staff
from curbstop.models import OrderHistory, ServiceOrder
from tests.api.office import Office
from tests.sync.model_tablet import ModelTablet, verdicts
from tests.town import Town

DONE = {"outcome": "DONE", "captures": {"notes": "All well."}}


def move(office: Office, town: Town, orders: list[UUID], to: str, *, by: str = "dana") -> Any:
    body = {"order_ids": [str(one) for one in orders], "technician_id": str(town.staff[to])}
    return office.as_(by).post("/dispatch/move", {**body, "scheduled_on": town.today.isoformat()})


def test_a_mornings_orders_move_from_one_tablet_to_another(office: Office, town: Town) -> None:
    """Clause 10.12: two orders share a place, which leaves with the second of them only."""
    shared = town.place()
    orders = [town.order("GEN", town.place(), to="tom") for _ in range(4)]
    orders += [town.order(code, shared, to="tom") for code in ("GEN", "READ_RE")]
    stays = town.order("GEN", town.place(), to="tom")
    toms, tesss = ModelTablet(town, "tom"), ModelTablet(town, "tess")
    toms.pull()
    tesss.pull()
    answer = move(office, town, orders, "tess")
    assert answer.status_code == 200, answer.data
    moved = answer.json["orders"]
    assert [(one["id"], one["state"], one["place"]) for one in moved] == [
        (str(order), "assigned", place) for place, order in enumerate(orders, 1)
    ]
    toms.pull()
    tesss.pull()
    assert set(toms.rows("service_order")) == {str(stays)}
    assert str(shared.id) not in toms.rows("service_point")
    assert set(tesss.rows("service_order")) == {str(order) for order in orders}
    assert len(tesss.rows("service_point")) == 5


def test_work_that_was_done_before_the_move_arrives_and_counts(office: Office, town: Town) -> None:
    """Clause 10.12, I13: judged by what the tablet held."""
    orders = [town.order("GEN", town.place(), to="tom") for _ in range(3)]
    toms, tesss = ModelTablet(town, "tom"), ModelTablet(town, "tess")
    toms.pull()
    assert move(office, town, orders, "tess").status_code == 200
    tesss.pull()
    done = [toms.order_op("order.complete", order, DONE) for order in orders]
    assert verdicts(toms.push(*done)) == ["applied"] * 3
    found = town.all(select(ServiceOrder).where(ServiceOrder.id.in_(orders)))
    assert {(one.state, one.completed_by_id) for one in found} == {("completed", town.staff["tom"])}
    tesss.pull()
    assert tesss.rows("service_order") == {}


def test_one_that_cannot_move_keeps_all_of_them(office: Office, town: Town) -> None:
    """Clause 10.12."""
    good, bad = (town.order("GEN", town.place(), to="tom") for _ in range(2))
    recalled = office.as_("dana").send("POST", f"/service-orders/{bad}/recall", json={"reason": "Off."}, version=2)
    assert recalled.json["state"] == "cancelled"
    refused = move(office, town, [good, bad], "tess")
    assert (refused.status_code, refused.json["code"]) == (409, "impossible_transition")
    [why] = refused.json["refused"]
    assert (why["id"], why["state"], why["code"]) == (str(bad), "cancelled", "impossible_transition")
    assert why["number"] in refused.json["detail"]
    assert "cancelled" in why["detail"]
    assert town.read_order(good).technician_id == town.staff["tom"]
    assert move(office, town, [good, UUID(int=7)], "tess").json["code"] == "not_found"
    assert move(office, town, [good], "carla").json["code"] == "assigned_technician_invalid"
    assert move(office, town, [good], "tess", by="carla").json["code"] == "forbidden"


def test_each_move_is_a_line_of_the_orders_history(office: Office, town: Town) -> None:
    """Clause 10.12."""
    first, second = town.order("GEN", town.place()), town.order("GEN", town.place(), to="tom")
    assert move(office, town, [first, second], "tess").status_code == 200
    lines = town.all(select(OrderHistory).where(OrderHistory.order_id.in_([first, second])).order_by(OrderHistory.id))
    assert [(line.event, line.to_state) for line in lines][-2:] == [("assign", "assigned"), ("reassign", "assigned")]


def test_the_same_move_again_changes_nothing(office: Office, town: Town) -> None:
    """Clause 10.12: also when the tablet has the orders by now."""
    orders = [town.order("GEN", town.place(), to="tom") for _ in range(2)]
    last = town.order("GEN", town.place())
    assert move(office, town, orders, "tess").status_code == 200
    ModelTablet(town, "tess").pull()
    before = {one: (row.version, row.state, row.place) for one in orders for row in [town.read_order(one)]}
    again = move(office, town, orders, "tess")
    assert again.status_code == 200, again.data
    assert [one["id"] for one in again.json["orders"]] == [str(one) for one in orders]
    assert {one: (row.version, row.state, row.place) for one in orders for row in [town.read_order(one)]} == before
    assert {state for _, state, _ in before.values()} == {"dispatched"}
    # One that is not there yet comes behind those that are.
    assert move(office, town, [last, *orders], "tess").status_code == 200
    assert {one: (row.version, row.state, row.place) for one in orders for row in [town.read_order(one)]} == before
    assert (town.read_order(last).technician_id, town.read_order(last).place) == (town.staff["tess"], 3)


def test_an_order_that_is_named_twice_is_refused(office: Office, town: Town) -> None:
    """Clause 10.12."""
    order = town.order("GEN", town.place(), to="tom")
    refused = move(office, town, [order, order], "tess")
    assert (refused.status_code, refused.json["code"], refused.json["twice"]) == (422, "invalid", [str(order)])
    assert town.read_order(order).technician_id == town.staff["tom"]


def test_a_day_that_is_full_says_how_full_and_who_may_widen_it(office: Office, town: Town) -> None:
    """Clause 10.12: what was done that day took its room; what was cancelled takes none."""
    with town.work() as work:
        staff.edit(work, town.staff["tess"], {"daily_capacity": 2})
    done, off, fits, over = (town.order("GEN", town.place(), to="tom") for _ in range(4))
    assert move(office, town, [done, off], "tess").status_code == 200
    tesss = ModelTablet(town, "tess")
    tesss.pull()
    assert verdicts(tesss.push(tesss.order_op("order.complete", done, DONE))) == ["applied"]
    assert move(office, town, [fits], "tess").json["code"] == "day_full"
    with town.work("dana") as work:
        dispatch.recall(work, off, reason="Off.")
    with town.work("tess", tesss.tablet_id) as work:
        field_work.acknowledge_recall(work, off)
    assert town.read_order(off).state == "cancelled"
    assert move(office, town, [fits], "tess").status_code == 200
    body = {"technician_id": str(town.staff["tess"]), "scheduled_on": town.today.isoformat()}
    version = town.read_order(over).version
    full = office.as_("dana").send("POST", f"/service-orders/{over}/assign", json=body, version=version)
    assert (full.status_code, full.json["code"]) == (422, "day_full")
    assert (full.json["capacity"], full.json["assigned"]) == (2, 2)
    assert "administrator" in full.json["detail"]
