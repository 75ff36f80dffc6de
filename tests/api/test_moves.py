"""Many orders move at once, through HTTP: all of them or none, and both tablets see it at their next pull."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

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
    assert refused.json["refused"] == [str(bad)]
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
