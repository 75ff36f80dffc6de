"""Service points through HTTP: entered, moved, found on the map, looked at, and their gate codes."""

from typing import Any

from tests.api.office import Office
from tests.town import Town

ADDRESS = {"house_number": "14", "street_name": "Aberdeen", "street_type": "Ave", "city": "Millbrook"}


def code(response: Any) -> str:
    assert response.mimetype == "application/problem+json", response.data
    return str(response.json["code"])


def test_a_place_is_entered_and_corrected_on_what_was_seen(office: Office) -> None:
    carla = office.as_("carla")
    made = carla.post("/service-points", {**ADDRESS, "longitude": -79.0, "latitude": 35.0, "hazards": ["dog"]})
    assert (made.status_code, made.json["address"], made.json["physical_state"]) == (201, "14 Aberdeen Ave", "tapped")
    assert (made.json["longitude"], made.json["latitude"], made.json["account"]) == (-79.0, 35.0, None)
    url = made.headers["Location"]
    assert carla.get(url).headers["ETag"] == '"v1"'
    edited = carla.patch(url, {"unit": "Apt 4", "access_notes": "Gate on the left."}, version=1)
    assert (edited.json["address"], edited.headers["ETag"]) == ("14 Aberdeen Ave Apt 4", '"v2"')
    assert code(carla.patch(url, {"unit": None}, version=1)) == "version_mismatch"
    assert code(carla.patch(url, {"hazards": ["ghosts"]}, version=2)) == "invalid"


def test_gis_moves_a_place_and_the_office_writes_its_notes(office: Office, town: Town) -> None:
    url, gus, carla = f"/service-points/{town.place().id}", office.as_("gus"), office.as_("carla")
    moved = gus.patch(url, {"longitude": -78.5, "latitude": 35.5}, version=1)
    assert (moved.json["longitude"], moved.json["location_source"]) == (-78.5, "surveyed")
    assert code(gus.patch(url, {"longitude": -78.5}, version=2)) == "invalid"
    assert code(gus.patch(url, {"access_notes": "Left."}, version=2)) == "forbidden"
    assert code(carla.patch(url, {"longitude": -78.5, "latitude": 35.5}, version=2)) == "forbidden"
    assert code(office.as_("tom").patch(url, {"unit": "4"}, version=2)) == "forbidden"


def test_a_box_on_the_map_has_the_places_in_it_page_by_page(office: Office, town: Town) -> None:
    places, tom = [town.place() for _ in range(4)], office.as_("tom")
    url = "/service-points?bbox=-78.9985,34.9,-78.9955,35.1&limit=2"
    first = tom.get(url)
    rest = tom.get(f"{url}&cursor={first.json['next_cursor']}").json
    found = [item["id"] for item in [*first.json["items"], *rest["items"]]]
    assert found == [str(place.id) for place in places[1:]]
    assert rest["next_cursor"] is None
    assert "Pat" not in first.text
    for wrong in ("1,2,3", "2,2,1,1", "0,0,0,95", "a,b,c,d", "nan,0,1,1"):
        assert code(tom.get(f"/service-points?bbox={wrong}")) == "invalid", wrong
    near = tom.get("/service-points/near?longitude=-78.999&latitude=35&radius_m=100").json["items"]
    assert [(item["id"], item["distance_m"]) for item in near] == [(str(places[0].id), 0.0), (str(places[1].id), 91.3)]


def test_everybody_sees_of_a_place_what_their_work_needs(office: Office, town: Town) -> None:
    place = town.place()
    town.order("GEN", place, to="tom")
    url = f"/service-points/{place.id}"
    office.as_("carla").post("/access-issues", {"service_point_id": str(place.id), "category": "DOG"})
    whole = office.as_("carla").get(url).json
    assert (whole["account"]["customer_name"], whole["account"]["phone"]) == ("Pat Customer 1", "555-0100")
    assert whole["meters"][0]["registers"][0]["last_value"] == "1000"
    assert [order["technician_name"] for order in whole["open_orders"]] == ["Tom"]
    assert [issue["category"] for issue in whole["open_access_issues"]] == ["DOG"]
    for name in ("tom", "gus", "ada"):
        seen = office.as_(name).get(url)
        assert seen.json["account"] is None
        assert "Pat" not in seen.text
        assert "555-0100" not in seen.text
    assert office.as_("tess").get(url).json["open_orders"] == []
    assert code(office.as_("tom").get("/service-points/01890a5d-ac96-774b-bcce-b302099a8057")) == "not_found"


def test_a_timeline_goes_back_page_by_page(office: Office, town: Town) -> None:
    place, carla = town.place(), office.as_("carla")
    order_id = town.order("GEN", place, to="tom")
    url = f"/service-points/{place.id}"
    carla.patch(url, {"access_notes": "Left."}, version=1)
    carla.post("/access-issues", {"service_point_id": str(place.id), "category": "DOG"})
    lines: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = carla.get(f"{url}/timeline?limit=2{cursor}").json
        lines += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert lines == carla.get(f"{url}/timeline").json["items"]
    assert [line["at"] for line in lines] == sorted((line["at"] for line in lines), reverse=True)
    assert {line["kind"] for line in lines} == {"order", "reading", "meter", "access_issue", "edit"}
    (edit,) = (line for line in lines if line["event"] == "edit" and line["kind"] == "edit")
    assert (edit["changed"], edit["staff_name"]) == (["access_notes"], "Carla")
    orders = carla.get(f"{url}/timeline?kind=order").json["items"]
    assert {line["order_id"] for line in orders} == {str(order_id)}
    assert [line["event"] for line in orders] == ["assign", "create"]
    assert office.as_("tess").get(f"{url}/timeline?kind=order").json["items"] == []


def test_a_gate_code_is_kept_and_shown_to_the_office_one_at_a_time(office: Office, town: Town) -> None:
    url, carla = f"/service-points/{town.place().id}", office.as_("carla")
    gate = f"{url}/gate-code"
    assert code(carla.get(gate)) == "not_found"
    assert code(carla.put(gate, {"gate_code": "4711#"})) == "precondition_required"
    kept = carla.put(gate, {"gate_code": "4711#"}, version=1)
    assert (kept.json["has_gate_code"], kept.headers["ETag"], "4711" in kept.text) == (True, '"v2"', False)
    assert office.as_("sue").get(gate).json == {"gate_code": "4711#"}
    for name in ("dana", "tom", "gus", "ada", "ivy"):
        assert code(office.as_(name).get(gate)) == "forbidden"
    assert carla.put(gate, {"gate_code": None}, version=2).json["has_gate_code"] is False
    assert code(carla.get(gate)) == "not_found"
    looks = office.as_("otto").get("/audit").text.count("reveal_gate_code")
    assert looks == 1
