"""Dispatch, field work without a tablet, and review, through HTTP."""

from typing import Any

from tests.api.office import Client, Office
from tests.town import Town

WELL = {"notes": "All well."}


def code(response: Any) -> str:
    assert response.mimetype == "application/problem+json", response.data
    return str(response.json["code"])


class Order:
    """An order and its version, so that a test reads as a story."""

    def __init__(self, office: Office, order_id: object) -> None:
        self.office, self.url, self.version = office, f"/service-orders/{order_id}", 0
        self.version = self.by("sue").get(self.url).json["version"]

    def by(self, name: str) -> Client:
        return self.office.as_(name)

    def step(self, name: str, event: str, **body: Any) -> Any:
        response = self.by(name).send("POST", f"{self.url}/{event}", json=body, version=self.version)
        if response.status_code == 200:
            self.version = response.json["version"]
        return response


def assigned(office: Office, town: Town, type_code: str = "GEN", to: str = "tom") -> Order:
    return Order(office, town.order(type_code, town.place(), to=to))


def test_assigning_sets_technician_day_and_place_in_one_step(office: Office, town: Town) -> None:
    order = Order(office, town.order("GEN", town.place()))
    day = {"technician_id": str(office.ids["tom"]), "scheduled_on": town.today.isoformat()}
    done = order.step("dana", "assign", **day, place=7)
    assert done.status_code == 200, done.data
    assert (done.json["state"], done.json["place"], done.json["technician_id"]) == ("assigned", 7, day["technician_id"])
    stale = order.by("dana").send("POST", f"{order.url}/assign", json=day, version=1)
    assert code(stale) == "version_mismatch"
    assert code(order.step("dana", "assign", **{**day, "technician_id": str(office.ids["carla"])})) == (
        "assigned_technician_invalid"
    )
    assert code(order.step("carla", "assign", **day)) == "forbidden"
    assert order.step("dana", "unassign").json["technician_id"] is None


def test_an_order_that_was_handed_out_is_recalled_not_unassigned(office: Office, town: Town) -> None:
    order = assigned(office, town)
    assert order.step("dana", "hand-out").json["state"] == "dispatched"
    assert code(order.step("dana", "unassign")) == "impossible_transition"
    assert code(order.step("tom", "recall", reason="Mine.")) == "forbidden"
    pending = order.step("carla", "recall", reason="The customer paid.").json
    assert (pending["state"], pending["reason"]) == ("recall_pending", "The customer paid.")
    assert order.step("tom", "acknowledge-recall").json["state"] == "cancelled"


def test_the_office_types_in_a_day_without_a_tablet_and_posts_it(office: Office, town: Town) -> None:
    order = assigned(office, town)
    order.step("dana", "hand-out")
    assert order.step("sue", "travel").json["state"] == "en_route"
    place = {"longitude": -78.999, "latitude": 35.0, "accuracy_m": 4.0}
    assert order.step("sue", "arrive", position=place).json["flags"] == []
    assert order.step("sue", "suspend", reason="Lunch.").json["state"] == "suspended"
    assert order.step("sue", "resume").json["state"] == "on_site"
    assert code(order.step("sue", "complete", outcome="NOWHERE")) == "outcome_unknown"
    assert code(order.step("sue", "complete", outcome="NO_ACCESS_DOG")) == "invalid"
    assert code(order.step("tess", "complete", outcome="DONE", captures=WELL)) in {"forbidden", "not_in_scope"}
    done = order.step("sue", "complete", outcome="DONE", captures=WELL, notes="All well.")
    assert (done.status_code, done.json["state"]) == (200, "completed"), done.data
    assert code(order.step("sue", "post")) == "four_eyes"
    posted = order.step("carla", "post")
    assert (posted.status_code, posted.json["state"]) == (200, "posted"), posted.data
    whole = order.by("carla").get(order.url).json
    assert (whole["notes"], whole["completed_by_name"], whole["posted_by_name"]) == ("All well.", "Sue", "Carla")
    assert [e["event"] for e in whole["history"]] == [
        "create", "assign", "pull", "travel", "arrive", "suspend", "resume", "complete", "post",
    ]  # fmt: skip


def test_missing_captures_are_named(office: Office, town: Town) -> None:
    order = assigned(office, town, "READ_RE")
    order.step("dana", "hand-out")
    missing = order.step("tom", "complete", outcome="DONE", captures={})
    assert (missing.status_code, code(missing)) == (422, "capture_missing")
    assert "read" in {finding["capture"] for finding in missing.json["findings"]}
    odd = order.step("tom", "complete", outcome="DONE", captures={"read": {"not": "digits"}})
    assert code(odd) == "capture_missing"


def test_a_completed_order_is_sent_back_to_be_done_again(office: Office, town: Town) -> None:
    order = assigned(office, town)
    order.step("dana", "hand-out")
    order.step("tom", "complete", outcome="DONE", captures=WELL)
    back = order.step("carla", "reject", reason="Wrong house.").json
    assert (back["state"], back["attempt_no"], back["completed_at"]) == ("ready", 2, None)


def test_no_access_counts_on_one_access_issue_and_the_order_leads_to_it(office: Office, town: Town) -> None:
    place = town.place()
    for times in (1, 2):
        order = Order(office, town.order("GEN", place, to="tom"))
        order.step("dana", "hand-out")
        returned = order.step("tom", "return", outcome="NO_ACCESS_DOG", notes=f"Dog {times}.")
        assert returned.json["state"] == "returned", returned.data
        assert order.step("sue", "close", reason="Letter first.").json["state"] == "cancelled"
        [issue] = order.by("carla").get("/access-issues").json["items"]
        assert (issue["category"], issue["occurrences"], issue["state"]) == ("DOG", times, "reported")
        whole = order.by("carla").get(order.url).json
        assert (whole["access_issue_id"], whole["access_issue_state"]) == (issue["id"], "reported")


def test_a_returned_order_is_tried_again_and_a_suspended_one_taken_back(office: Office, town: Town) -> None:
    order = assigned(office, town)
    order.step("dana", "hand-out")
    order.step("tom", "return", outcome="WEATHER")
    assert order.step("dana", "reschedule").json["state"] == "ready"
    other = assigned(office, town)
    other.step("dana", "hand-out")
    other.step("tom", "arrive")
    other.step("tom", "suspend", reason="Storm.")
    back = other.step("dana", "release-back").json
    assert (back["state"], back["technician_id"]) == ("ready", None)
    third = assigned(office, town)
    third.step("dana", "hand-out")
    assert third.step("tom", "decline", reason="Truck broke down.").json["state"] == "ready"
