"""Must-pass 1 and 3, as a cut-off day: the list, the gates, a payment while the tablet is offline, the restoral."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from curbstop.models import Fee
from curbstop.models.base import utc_now
from curbstop.tablet import outbox, view
from tests.cut_offs import any_day, owes
from tests.scenarios.conftest import Desk
from tests.tablet.conftest import NewTablet
from tests.tablet.conftest import Tablet as InHand
from tests.town import Place, Town

SEEN = {
    "serial_seen": "MTR00001", "read": "001010", "valve_state": "off", "lock_type": "barrel", "lock_no": "L-1",
    "seal_no": "S-1", "door_tag_left": True,
}  # fmt: skip


class Day:
    """The office's part of a cut-off day, step by step over HTTP."""

    def __init__(self, town: Town, desk: Desk) -> None:
        self.town, self.desk = town, desk
        self.run: dict[str, Any] = {}

    def step(self, who: str, step: str, said: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self.desk(who).post(f"/cutoffs/{self.run['id']}/{step}", said, version=self.run["version"])
        assert answer.status_code == 200, answer.json
        self.run = answer.json
        return self.run

    def release(self) -> dict[str, str]:
        """From the list to its orders; the orders by account."""
        made = self.desk("bill").post("/cutoffs", {"cut_on": self.town.today.isoformat()})
        assert made.status_code == 201, made.json
        self.run = made.json
        self.step("bill", "proof")
        mailed = (self.town.today - timedelta(days=20)).isoformat()
        self.step("bill", "notices", {"mailed_on": mailed, "method": "first_class", "proof": "Print job 17"})
        self.step("bill", "finalise", {"payments_as_of": utc_now().isoformat()})
        self.step("sue", "approve", {})
        self.step("bill", "release")
        return {line["account_id"]: line["order_id"] for line in self.lines() if line["order_id"]}

    def lines(self) -> list[dict[str, Any]]:
        found = self.desk("carla").get(f"/cutoffs/{self.run['id']}/lines").json["items"]
        assert isinstance(found, list)
        return found

    def answer(self, place: Place) -> str:
        """What a CSR reads out."""
        line = next(line for line in self.lines() if line["account_id"] == str(place.account_id))
        told = self.desk("carla").get(f"/cutoffs/{self.run['id']}/lines/{line['id']}/explain").json
        return str(told["answer"])

    def give(self, order_id: str, to: str = "tom", days: int = 1) -> Any:
        day = (self.town.today + timedelta(days=days)).isoformat()
        said = {"technician_id": str(self.town.staff[to]), "scheduled_on": day}
        version = self.order(order_id)["version"]
        return self.desk("dana").post(f"/service-orders/{order_id}/assign", said, version=version)

    def order(self, order_id: str) -> dict[str, Any]:
        found = self.desk("carla").get(f"/service-orders/{order_id}").json
        assert isinstance(found, dict)
        return found

    def pays(self, place: Place, cents: int) -> Any:
        payment = {"account_id": str(place.account_id), "source_key": f"P-{place.serial}", "cents": cents,
                   "received_at": utc_now().isoformat()}  # fmt: skip
        return self.desk("ivy").put("/payments", {"payments": [payment]}).json


@pytest.fixture
def day(town: Town, desk: Desk) -> Day:
    any_day(town)
    return Day(town, desk)


def cut(tom: InHand, order_id: str, serial: str) -> None:
    """Offline, at the curb."""
    tom.work.travel(order_id)
    tom.work.arrive(order_id)
    tom.work.attach_photo(f"service_order/{order_id}", "photo", _picture(), "image/png")
    tom.work.complete(order_id, "DONE", {**SEEN, "serial_seen": serial})


def _picture() -> bytes:
    from curbstop.demo.jobs import picture

    return picture(1)


def test_paid_while_the_tablet_was_offline_cut_all_the_same_and_restored_for_nothing(
    day: Day, town: Town, new_tablet: NewTablet
) -> None:
    place = town.place()
    owes(town, place)
    order = day.release()[str(place.account_id)]
    assert day.give(order).status_code == 200
    tom = new_tablet("tom")
    tom.client.sync()
    tom.network.online = False

    # 10:02 at the counter, 10:05 at the curb.
    assert day.pays(place, 8_420) == {"new": 1, "recalled": [order]}
    assert day.order(order)["state"] == "recall_pending"
    cut(tom, order, place.serial)

    # 14:00, back in the network: the work is kept, and both things are told.
    tom.network.online = True
    tom.client.sync()
    assert "rejected" not in {row["verdict"] for row in outbox.verdicts(tom.store)}
    kept = day.order(order)
    assert (kept["state"], "completed_after_recall" in kept["flags"]) == ("completed", True)
    assert "was cut off on" in day.answer(place)
    restorals = day.desk("dana").get("/service-orders?type_code=CUT_ON_RSTR").json["items"]
    assert [one["priority"] for one in restorals] == [1]
    assert day.order(restorals[0]["id"])["fees_waived"]
    tasks = day.desk("sue").get("/supervisor-tasks").json["items"]
    assert [task["kind"] for task in tasks] == ["completed_after_recall"]

    # The water goes on again, and nobody pays for any of it.
    restoral = restorals[0]["id"]
    assert day.give(restoral).status_code == 200
    tom.client.sync()
    tom.work.arrive(restoral)
    back = {"serial_seen": place.serial, "read": "001010", "valve_state": "on", "leak_indicator": "still"}
    tom.work.complete(restoral, "DONE", back)
    tom.client.sync()
    for order_id in (order, restoral):
        version = day.order(order_id)["version"]
        posted = day.desk("carla").post(f"/service-orders/{order_id}/post", version=version)
        assert posted.status_code == 200, posted.json
    assert all(fee.waived for fee in town.all(select(Fee)))
    point = day.desk("carla").get(f"/service-points/{place.id}").json
    assert point["physical_state"] == "on"
    assert day.step("bill", "close")["sums"]["cut"] == {"lines": 1, "cents": 8_420}


def test_paid_before_the_tablet_went_out_nothing_is_cut(day: Day, town: Town, new_tablet: NewTablet) -> None:
    first, second = town.place(), town.place()
    for place in (first, second):
        owes(town, place)
    orders = day.release()
    for order in orders.values():
        assert day.give(order).status_code == 200
    tom = new_tablet("tom")
    tom.client.sync()
    assert len(view.orders(tom.store)) == 2
    assert day.pays(first, 8_420)["recalled"] == [orders[str(first.account_id)]]
    tom.client.sync()
    tom.work.acknowledge_recall(orders[str(first.account_id)])
    tom.client.sync()
    assert [row["id"] for row in view.orders(tom.store)] == [orders[str(second.account_id)]]
    assert "was not cut off: it was called back" in day.answer(first)


CLOSED = {"weekdays": ["mon"], "opens": "00:00", "closes": "23:59:59", "day_before_closure": "any"}


def test_what_stands_against_a_cut_stops_it_with_a_code_and_an_override_is_told(
    day: Day, town: Town, desk: Desk
) -> None:
    """A Friday, a holiday's eve, a medical hold, an open dispute."""
    medical, disputed, plain = (town.place() for _ in range(3))
    for place in (medical, disputed, plain):
        owes(town, place)
    for place, kind in ((medical, "medical"), (disputed, "dispute")):
        said = {"account_id": str(place.account_id), "kind": kind, "reason": "They called."}
        assert desk("carla").post("/holds", said).status_code == 201
    orders = day.release()
    assert set(orders) == {str(plain.account_id)}
    codes = {line["account_id"]: line["excluded_code"] for line in day.lines()}
    assert codes[str(medical.account_id)] == "medical_hold"
    assert codes[str(disputed.account_id)] == "dispute_open"
    assert "call the office" in day.answer(medical)

    # The one that is left: not on a day on which nothing is cut, nor on the eve of a closure.
    order = orders[str(plain.account_id)]
    weekday = (town.today + timedelta(days=1)).strftime("%a").lower()
    others = [name for name in ("mon", "tue", "wed", "thu", "fri", "sat", "sun") if name != weekday]
    any_day(town, cut_off={**CLOSED, "weekdays": others})
    assert blocked(day.give(order)) == ["not_a_cut_day"]
    any_day(town, cut_off={**CLOSED, "weekdays": [*others, weekday], "day_before_closure": "none"})
    eve = {"day": (town.today + timedelta(days=2)).isoformat(), "name": "Founders' Day"}
    assert desk("ada").post("/policy/closures", eve).status_code == 201
    assert blocked(day.give(order)) == ["before_closure"]

    # The supervisor answers for it, by name; the trail says so.
    tomorrow = (town.today + timedelta(days=1)).isoformat()
    said = {"gate": "closure", "reason": "The crew is there anyway.", "cut_on": tomorrow}
    assert desk("dana").post(f"/service-orders/{order}/gate-overrides", said).status_code == 403
    given = desk("sue").post(f"/service-orders/{order}/gate-overrides", said)
    assert given.status_code == 200, given.json
    assert day.give(order).status_code == 200
    trail = desk("otto").get("/audit?action=gate.override").json["items"]
    assert [entry["after"]["reason"] for entry in trail] == ["The crew is there anyway."]


def blocked(answer: Any) -> list[str]:
    assert answer.status_code == 409, answer.json
    return [one["code"] for one in answer.json["objections"]]


def test_the_day_of_another_order_is_no_gates_business(day: Day, town: Town, desk: Desk) -> None:
    place = town.place()
    moratorium = {"name": "Storm", "reason": "Executive order.", "starts_on": town.today.isoformat()}
    assert desk("sue").post("/moratoria", moratorium).status_code == 201
    order = town.order("CUT_OFF_REQ", place, by="carla")
    assert day.give(str(order)).status_code == 200
    assert isinstance(order, UUID)
