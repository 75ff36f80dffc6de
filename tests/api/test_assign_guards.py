"""Whether a day takes more work: calendars, minutes and appointments warn, and a dispatcher may go on with a reason."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from curbstop.commands import policies, staff_calendars
from curbstop.models import AuditEntry, OrderHistory, ServiceOrder
from tests.api.office import Office
from tests.sync.model_tablet import ModelTablet
from tests.town import Town


@pytest.fixture
def dana(office: Office) -> Any:
    return office.as_("dana")


def keep_calendar(town: Town, name: str, starts: str = "08:00", ends: str = "10:30") -> None:
    """All days alike, so that no test depends on the day on which it runs; half an hour is the break."""
    with town.work("sue") as work:
        staff_calendars.set_shifts(work, town.staff[name], dict.fromkeys(range(7), (starts, ends)))


def assign(office: Office, town: Town, order: UUID, to: str = "tom", *, by: str = "dana", **more: Any) -> Any:
    body = {"technician_id": str(town.staff[to]), "scheduled_on": town.today.isoformat(), **more}
    version = town.read_order(order).version
    return office.as_(by).send("POST", f"/service-orders/{order}/assign", json=body, version=version)


def move(office: Office, town: Town, orders: list[UUID], to: str = "tom", **more: Any) -> Any:
    body = {"order_ids": [str(one) for one in orders], "technician_id": str(town.staff[to])}
    return office.as_("dana").post("/dispatch/move", {**body, "scheduled_on": town.today.isoformat(), **more})


def not_closed(town: Town) -> None:
    """The utility is open today: without a calendar of public holidays, and with no weekend but one other day."""
    other = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][(town.today.weekday() + 3) % 7]
    with town.work("ada") as work:
        policies.edit(work, {"calendar": {"country": "", "weekend": [other]}}, reason="Always open.")


def test_a_day_is_full_when_its_minutes_are(office: Office, town: Town) -> None:
    """Two hours hold four general orders of 20 minutes and 5 of the way, and not a fifth."""
    not_closed(town)
    keep_calendar(town, "tom")
    orders = [town.order("GEN", town.place()) for _ in range(5)]
    assert [assign(office, town, one).status_code for one in orders[:4]] == [200] * 4
    full = assign(office, town, orders[4])
    assert (full.status_code, full.json["code"], full.json["overridable"]) == (422, "day_full", True)
    assert (full.json["capacity_minutes"], full.json["assigned_minutes"]) == (120, 100)
    assert town.read_order(orders[4]).state == "ready"


def test_a_dispatcher_goes_on_with_a_reason_and_both_trails_say_so(office: Office, town: Town) -> None:
    not_closed(town)
    keep_calendar(town, "tom", "08:00", "08:40")
    order = town.order("GEN", town.place())
    assert assign(office, town, order).json["code"] == "day_full"
    assert assign(office, town, order, override_reason="He stays longer.").status_code == 200
    [line] = town.all(select(AuditEntry).where(AuditEntry.action == "override_day"))
    assert (line.entity_id, line.after["codes"], line.after["reason"]) == (
        town.staff["tom"], ["day_full"], "He stays longer.",
    )  # fmt: skip
    [history] = town.all(select(OrderHistory).where(OrderHistory.order_id == order, OrderHistory.event == "assign"))
    assert history.facts["overridden"] == ["day_full"]


def test_where_the_policy_blocks_nobody_goes_on(office: Office, town: Town) -> None:
    not_closed(town)
    with town.work("ada") as work:
        policies.edit(work, {"dispatch": {"capacity": "block"}}, reason="No more overtime.")
    keep_calendar(town, "tom", "08:00", "08:40")
    order = town.order("GEN", town.place())
    refused = assign(office, town, order, override_reason="He stays longer.")
    assert (refused.json["code"], refused.json["overridable"]) == ("day_full", False)


def test_a_crew_lead_gets_the_warning_and_cannot_go_on(office: Office, town: Town) -> None:
    not_closed(town)
    keep_calendar(town, "tess", "08:00", "08:40")
    order = town.order("GEN", town.place())
    assert assign(office, town, order, "tess", by="lee", override_reason="She stays.").json["code"] == "day_full"
    assert assign(office, town, order, "tess", override_reason="She stays.").status_code == 200


def test_nobody_is_given_work_for_a_day_on_which_they_are_away(office: Office, town: Town, dana: Any) -> None:
    order = town.order("GEN", town.place())
    away = {
        "first_on": town.today.isoformat(),
        "last_on": (town.today + timedelta(days=2)).isoformat(),
        "reason": "ill",
    }
    absence = dana.post(f"/staff/{town.staff['tom']}/absences", json=away)
    assert absence.status_code == 201, absence.data
    off = assign(office, town, order)
    assert (off.status_code, off.json["code"], off.json["why"]) == (422, "technician_off", "absent")
    assert "ill" in off.json["detail"]
    gone = dana.send("DELETE", f"/staff/{town.staff['tom']}/absences/{absence.json['id']}", version=1)
    assert gone.status_code == 204
    assert assign(office, town, order).status_code == 200


def test_the_calendar_says_of_each_day_what_it_holds(office: Office, town: Town, dana: Any) -> None:
    not_closed(town)
    url = f"/staff/{town.staff['tom']}"
    assert dana.get(f"{url}/calendar?days=1").json["kept"] is False
    weekdays = [{"weekday": day, "starts": "07:30", "ends": "16:00"} for day in range(7) if day != town.today.weekday()]
    assert dana.put(f"{url}/shifts", json={"shifts": weekdays}).status_code == 204
    tomorrow = (town.today + timedelta(days=1)).isoformat()
    dana.post(f"{url}/absences", json={"first_on": tomorrow, "last_on": tomorrow, "reason": "course"})
    found = dana.get(f"{url}/calendar?days=3").json
    assert [(day["off"], day["minutes"]) for day in found["days"]] == [
        ("not_a_working_day", 0), ("absent", 0), (None, 480),
    ]  # fmt: skip
    assert (found["kept"], len(found["shifts"]), found["absences"][0]["reason"]) == (True, 6, "course")
    bad = dana.put(f"{url}/shifts", json={"shifts": [{"weekday": 0, "starts": "16:00", "ends": "07:30"}]})
    assert (bad.status_code, bad.json["code"]) == (422, "invalid")
    assert office.as_("carla").put(f"{url}/shifts", json={"shifts": []}).json["code"] == "forbidden"
    assert office.as_("lee").put(f"{url}/shifts", json={"shifts": []}).json["code"] == "forbidden"
    assert office.as_("lee").put(f"/staff/{town.staff['tess']}/shifts", json={"shifts": []}).status_code == 204


def test_a_bulk_assignment_gives_each_its_own_verdict(office: Office, town: Town, dana: Any) -> None:
    not_closed(town)
    keep_calendar(town, "tom", "08:00", "09:20")
    fits, over, ended = (town.order("GEN", town.place()) for _ in range(3))
    assert dana.send("POST", f"/service-orders/{ended}/cancel", json={"reason": "Off."}, version=1).status_code == 200
    all_or_none = move(office, town, [ended, fits, over])
    assert (all_or_none.status_code, len(all_or_none.json["refused"])) == (409, 1)
    done = move(office, town, [ended, fits, over], each=True)
    assert done.status_code == 200, done.data
    assert [one["id"] for one in done.json["orders"]] == [str(fits), str(over)]
    assert [(one["id"], one["code"]) for one in done.json["refused"]] == [(str(ended), "impossible_transition")]
    more = [town.order("GEN", town.place()) for _ in range(2)]
    again = move(office, town, [fits, *more], each=True)
    assert [one["id"] for one in again.json["orders"]] == [str(fits)]
    assert {one["code"] for one in again.json["refused"]} == {"day_full"}


def test_two_technicians_swap_their_days_and_their_tablets_follow(office: Office, town: Town, dana: Any) -> None:
    toms = [town.order("GEN", town.place(), to="tom") for _ in range(3)]
    tesss = [town.order("GEN", town.place(), to="tess") for _ in range(2)]
    tablets = {name: ModelTablet(town, name) for name in ("tom", "tess")}
    for tablet in tablets.values():
        tablet.pull()
    body = {"first_id": str(town.staff["tom"]), "second_id": str(town.staff["tess"])}
    done = dana.post("/dispatch/swap", json={**body, "scheduled_on": town.today.isoformat()})
    assert done.status_code == 200, done.data
    assert [one["id"] for one in done.json["first"]] == [str(one) for one in tesss]
    assert [one["place"] for one in done.json["second"]] == [1, 2, 3]
    for tablet in tablets.values():
        tablet.pull()
    assert set(tablets["tom"].rows("service_order")) == {str(one) for one in tesss}
    assert set(tablets["tess"].rows("service_order")) == {str(one) for one in toms}


def test_nobody_swaps_while_one_of_them_stands_at_the_door(office: Office, town: Town, dana: Any) -> None:
    there = town.order("GEN", town.place(), to="tom")
    other = town.order("GEN", town.place(), to="tess")
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    tablet.push(tablet.order_op("order.arrive", there, {}))
    body = {"first_id": str(town.staff["tom"]), "second_id": str(town.staff["tess"])}
    refused = dana.post("/dispatch/swap", json={**body, "scheduled_on": town.today.isoformat()})
    assert (refused.status_code, refused.json["code"]) == (409, "impossible_transition")
    assert [one["id"] for one in refused.json["refused"]] == [str(there)]
    assert town.read_order(other).technician_id == town.staff["tess"]


def test_a_day_is_put_into_another_order_in_one_step(office: Office, town: Town, dana: Any) -> None:
    orders = [town.order("GEN", town.place(), to="tom") for _ in range(4)]
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    body = {"technician_id": str(town.staff["tom"]), "scheduled_on": town.today.isoformat()}
    wanted = [orders[3], orders[0]]
    done = dana.post("/dispatch/sequence", json={**body, "order_ids": [str(one) for one in wanted]})
    assert done.status_code == 200, done.data
    expected = [orders[3], orders[0], orders[1], orders[2]]
    assert [one["id"] for one in done.json["orders"]] == [str(one) for one in expected]
    tablet.pull()
    rows = tablet.rows("service_order")
    assert sorted(rows, key=lambda one: rows[one]["place"]) == [str(one) for one in expected]
    # They stay on the tablet: only their places are new.
    assert {row["state"] for row in rows.values()} == {"dispatched"}
    stranger = town.order("GEN", town.place(), to="tess")
    assert dana.post("/dispatch/sequence", json={**body, "order_ids": [str(stranger)]}).json["code"] == "not_found"


def test_many_orders_go_back_to_the_pile_and_those_on_a_tablet_stay(office: Office, town: Town, dana: Any) -> None:
    pulled = town.order("GEN", town.place(), to="tom")
    ModelTablet(town, "tom").pull()
    waiting = [town.order("GEN", town.place(), to="tom") for _ in range(2)]
    ids = [str(one) for one in (pulled, *waiting)]
    refused = dana.post("/dispatch/unassign", json={"order_ids": ids})
    assert (refused.status_code, refused.json["refused"][0]["id"]) == (409, str(pulled))
    done = dana.post("/dispatch/unassign", json={"order_ids": ids, "each": True})
    assert [one["id"] for one in done.json["orders"]] == ids[1:]
    assert {(one["state"], one["technician_id"], one["place"]) for one in done.json["orders"]} == {
        ("ready", None, None)
    }
    again = dana.post("/dispatch/unassign", json={"order_ids": ids[1:]})
    assert again.status_code == 200, again.data
    found = town.all(select(ServiceOrder.version).where(ServiceOrder.id.in_(waiting)))
    assert found == [3, 3]
