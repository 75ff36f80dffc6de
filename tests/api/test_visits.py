"""What visits left behind, through HTTP: tamper cases, alarms, and proposals for routes."""

from typing import Any

import pytest

from tests.api.office import Office
from tests.cut_offs import any_day
from tests.town import Town
from tests.visits import done, post


@pytest.fixture(autouse=True)
def _any_day(town: Town) -> None:
    any_day(town)


def _heard(key: str, **more: Any) -> dict[str, Any]:
    return {"source_key": key, "name": "Continuous Flow", "happened_at": "2026-05-04T11:00:00Z", **more}


def test_evidence_of_tampering_is_shown_to_those_who_answer_for_it(office: Office, town: Town) -> None:
    place = town.place()
    post(town, done(town, "TAMPER_INV", place))
    [case] = office.as_("carla").get(f"/tamper-cases?service_point_id={place.id}").json["items"]
    assert (case["level"], case["step"], case["evidence"]["meter_serial"]) == (1, "lock", place.serial)
    assert office.as_("tom").get("/tamper-cases").status_code == 403


def test_the_head_end_tells_of_alarms_once_and_the_office_closes_one(office: Office, town: Town) -> None:
    place, ivy = town.place(), office.as_("ivy")
    told = {"events": [_heard("1", meter_serial=place.serial), _heard("2", radio_id="R-NOWHERE")]}
    assert ivy.put("/ami-events", told).json == {"new": 2}
    assert ivy.put("/ami-events", told).json == {"new": 0}
    [orphan] = ivy.get("/ami-events?orphans=true").json["items"]
    assert (orphan["radio_id"], orphan["service_point_id"]) == ("R-NOWHERE", None)
    [known] = ivy.get(f"/ami-events?service_point_id={place.id}&closed=false").json["items"]
    carla = office.as_("carla")
    closed = carla.post(f"/ami-events/{known['id']}/close", {"reason": "A test."})
    assert (closed.status_code, closed.json["close_reason"]) == (200, "A test.")
    assert carla.post(f"/ami-events/{known['id']}/close", {"reason": "A test."}).json["code"] == "conflict"
    assert office.as_("tom").put("/ami-events", told).status_code == 403
    nameless = ivy.put("/ami-events", {"events": [_heard("3")]})
    assert (nameless.status_code, nameless.json["code"]) == (422, "invalid")


def test_gis_decides_about_a_proposal_and_says_why(office: Office, town: Town) -> None:
    order = done(town, "RTE_FIX", town.place(), new_sequence=25)
    post(town, order)
    gus = office.as_("gus")
    [asked] = gus.get("/route-change-requests?state=open").json["items"]
    assert (asked["new_sequence"], asked["proposed_by_name"]) == (25, "Tom")
    url = f"/route-change-requests/{asked['id']}/accept"
    assert gus.post(url, {"reason": "Right."}).status_code == 428
    taken = gus.post(url, {"reason": "Right."}, version=asked["version"])
    assert (taken.status_code, taken.json["state"]) == (200, "accepted")
    refused = gus.post(url.replace("accept", "refuse"), {"reason": "No."}, version=taken.json["version"])
    assert refused.json["code"] == "conflict"
    assert office.as_("sue").post(url, {"reason": "Right."}, version=1).status_code == 403
