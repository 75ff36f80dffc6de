"""Access issues through HTTP: reported, found again, and decided on."""

from typing import Any

from tests.api.office import Office
from tests.town import Place, Town


def code(response: Any) -> str:
    assert response.mimetype == "application/problem+json", response.data
    return str(response.json["code"])


def report(office: Office, place: Place, category: str = "FOLIAGE", *, by: str = "carla", **more: Any) -> Any:
    body = {"service_point_id": str(place.id), "category": category, **more}
    return office.as_(by).post("/access-issues", body)


def test_reports_of_one_thing_count_on_one_issue(office: Office, town: Town) -> None:
    place = town.place()
    first = report(office, place, note="Hedge.")
    assert (first.status_code, first.json["state"], first.json["occurrences"]) == (201, "reported", 1)
    assert (first.json["address"], first.json["reported_by_name"]) == ("1 Main St", "Carla")
    again = report(office, place, by="tom", note="Still a hedge.")
    assert (again.json["id"], again.json["occurrences"]) == (first.json["id"], 2)
    assert again.json["note"] == "Hedge.\nStill a hedge."
    assert report(office, place, "DOG").json["id"] != first.json["id"]
    assert report(office, town.place()).json["id"] != first.json["id"]


def test_what_is_ours_to_mend_is_a_utility_fault_at_once(office: Office, town: Town) -> None:
    broken = report(office, town.place(), "LID_BROKEN").json
    assert (broken["state"], broken["utility_fault"]) == ("utility_fault", True)


def test_the_office_decides_once_and_on_what_it_saw(office: Office, town: Town) -> None:
    carla, place = office.as_("carla"), town.place()
    url = f"/access-issues/{report(office, place).json['id']}"
    assert carla.get(url).headers["ETag"] == '"v1"'
    assert code(carla.send("POST", f"{url}/triage", json={"decision": "open"})) == "precondition_required"
    assert code(carla.send("POST", f"{url}/triage", json={"decision": "maybe"}, version=1)) == "invalid"
    assert code(office.as_("tom").send("POST", f"{url}/triage", json={"decision": "open"}, version=1)) == "forbidden"
    opened = carla.send("POST", f"{url}/triage", json={"decision": "open"}, version=1)
    assert (opened.json["state"], opened.headers["ETag"]) == ("open", '"v2"')
    stale = carla.send("POST", f"{url}/triage", json={"decision": "dismiss"}, version=1)
    assert (stale.status_code, code(stale)) == (412, "version_mismatch")
    late = carla.send("POST", f"{url}/triage", json={"decision": "dismiss"}, version=2)
    assert code(late) == "impossible_transition"


def test_a_dismissed_issue_that_is_met_again_begins_anew(office: Office, town: Town) -> None:
    place = town.place()
    first = report(office, place).json
    office.as_("carla").send("POST", f"/access-issues/{first['id']}/triage", json={"decision": "dismiss"}, version=1)
    second = report(office, place).json
    assert (second["id"] != first["id"], second["occurrences"], second["state"]) == (True, 1, "reported")


def test_a_list_is_narrowed_by_its_filters(office: Office, town: Town) -> None:
    place = town.place()
    dog, lid = report(office, place, "DOG").json["id"], report(office, town.place(), "LID_BROKEN").json["id"]

    def found(query: str) -> list[str]:
        return [item["id"] for item in office.as_("dana").get(f"/access-issues?{query}").json["items"]]

    assert found("") == [dog, lid]
    assert found("sort=-last_seen_at&limit=1") == [lid]
    assert found("category=DOG") == found(f"service_point_id={place.id}") == found("state=reported") == [dog]
    assert (found("open=true"), found("open=false")) == ([dog, lid], [])
    assert code(office.as_("gus").get("/access-issues")) == "forbidden"


def test_an_unknown_place_or_category_is_refused(office: Office, town: Town) -> None:
    assert code(report(office, town.place(), "GHOSTS")) == "invalid"
    missing = {"service_point_id": "01890a5d-ac96-774b-bcce-b302099a8057", "category": "DOG"}
    assert code(office.as_("carla").post("/access-issues", missing)) == "not_found"
