"""Schedules through HTTP: planned, looked at, changed, rested and taken up again."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from curbstop.commands import service_orders
from tests.api.office import Office
from tests.town import Town


def test_a_schedule_shows_when_it_comes_next_and_for_how_many_places(office: Office, town: Town) -> None:
    for _ in range(3):
        town.place(physical_state="off_locked")
    sue = office.as_("sue")
    body = {
        "name": "Look after locked meters", "type_code": "GEN", "every": 1, "unit": "month", "business_day": 1,
        "starts_on": (town.today + timedelta(days=40)).isoformat(), "places": {"physical_states": ["off_locked"]},
    }  # fmt: skip
    made = sue.post("/schedules", json=body)
    assert made.status_code == 201, made.data
    url = f"/schedules/{made.json['id']}"
    whole = sue.get(url).json
    assert (whole["place_count"], len(whole["coming"]), whole["runs"]) == (3, 6, [])
    assert whole["coming"][0] == whole["next_on"] == made.json["next_on"]
    assert whole["coming"] == sorted(set(whole["coming"]))
    paused = sue.send("POST", f"{url}/pause", version=1)
    assert paused.json["paused_at"] is not None
    assert sue.get(url).json["coming"] == []
    assert [one["id"] for one in sue.get("/schedules?paused=true").json["items"]] == [made.json["id"]]
    resumed = sue.send("POST", f"{url}/resume", version=2)
    assert (resumed.json["paused_at"], resumed.json["next_on"]) == (None, whole["next_on"])
    weekly = {"unit": "week", "business_day": None}
    changed = sue.send("PATCH", url, json=weekly, version=3)
    assert (changed.status_code, changed.json["unit"]) == (200, "week")
    wrong: list[dict[str, Any]] = [{"business_day": 1}, {"places": {}}, {"places": {"town": 1}}]
    for bad in wrong:
        refused = sue.send("PATCH", url, json=bad, version=4)
        assert (refused.status_code, refused.json["code"]) == (422, "invalid")
    assert office.as_("carla").post("/schedules", json=body).json["code"] == "forbidden"
    assert office.as_("carla").get(url).status_code == 200
    assert office.as_("tom").get(url).json["code"] == "forbidden"


def test_what_a_schedule_tells_technicians_is_not_for_who_sees_places_only(office: Office, town: Town) -> None:
    words = "The key is under the mat."
    body = {
        "name": "Locked meters", "type_code": "GEN", "every": 1, "unit": "month", "business_day": 1,
        "starts_on": town.today.isoformat(), "places": {"physical_states": ["off_locked"]}, "instructions": words,
    }  # fmt: skip
    made = office.as_("sue").post("/schedules", json=body).json
    for name, seen in (("carla", words), ("gus", None), ("ivy", None)):
        [listed] = office.as_(name).get("/schedules").json["items"]
        assert (listed["instructions"], office.as_(name).get(f"/schedules/{made['id']}").json["instructions"]) == (
            seen, seen,
        ), name  # fmt: skip


def test_an_order_that_is_made_for_later_rests_until_its_day(office: Office, town: Town) -> None:
    day = town.today + timedelta(days=3)
    body = {"type_code": "GEN", "service_point_id": str(town.place().id), "ready_on": day.isoformat()}
    made = office.as_("carla").post("/service-orders", json=body)
    assert made.status_code == 201, made.data
    assert (made.json["state"], made.json["held_until"]) == ("held", day.isoformat())
    assert made.json["due_at"] > day.isoformat()
    with town.work() as work:
        at = datetime.combine(day, time(1), town.settings.zone)
        assert service_orders.unhold_due(replace(work, at=at - timedelta(days=1))) == 0
        assert service_orders.unhold_due(replace(work, at=at)) == 1
    assert town.read_order(UUID(made.json["id"])).state == "ready"
    past = {**body, "service_point_id": str(town.place().id), "ready_on": town.today.isoformat()}
    assert office.as_("carla").post("/service-orders", json=past).json["code"] == "invalid"
