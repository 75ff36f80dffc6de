"""The inventory through HTTP: models, meters on trucks, radios and what is heard of them."""

from typing import Any

from tests.api.office import Office
from tests.town import Town


def code(response: Any) -> str:
    assert response.mimetype == "application/problem+json", response.data
    return str(response.json["code"])


def test_a_model_is_entered_and_corrected(office: Office) -> None:
    bill = office.as_("bill")
    body = {"manufacturer": "Kestrel", "model": "K20", "size": "5/8", "dials": 7, "resolution": "0.1"}
    made = bill.post("/inventory/models", body)
    assert (made.status_code, made.json["resolution"], made.json["active"]) == (201, "0.1", True)
    assert code(bill.post("/inventory/models", body)) == "conflict"
    edited = bill.patch(made.headers["Location"], {"dials": 6, "active": False}, version=1)
    assert (edited.json["dials"], edited.json["version"]) == (6, 2)
    assert bill.get("/inventory/models?active=true").json["items"] == []
    assert code(office.as_("tom").post("/inventory/models", body)) == "forbidden"


def test_meters_go_onto_a_truck_and_their_history_says_so(office: Office, town: Town) -> None:
    sue = office.as_("sue")
    made = sue.post("/meters", {"serial": "N-1", "dials": 7, "status": "ordered"}).json
    body = {"meter_ids": [made["id"]], "to": "stock"}
    assert sue.post("/inventory/meters/move", body).json == {"moved": 1}
    truck = {**body, "to": "on_truck", "holder_id": str(town.staff["tom"])}
    assert sue.post("/inventory/meters/move", truck).status_code == 200
    assert code(sue.post("/inventory/meters/move", {**body, "to": "ordered"})) == "move_not_allowed"
    moves = sue.get(f"/inventory/moves/{made['id']}").json["items"]
    assert [(move["to_status"], move["holder_name"]) for move in moves] == [
        ("ordered", None), ("stock", None), ("on_truck", "Tom"),
    ]  # fmt: skip
    assert code(sue.patch(f"/meters/{made['id']}", {"status": "scrapped"}, version=3)) == "move_not_allowed"


def test_a_phantom_is_heard_and_settled(office: Office, town: Town) -> None:
    place, sue, ivy = town.place(), office.as_("sue"), office.as_("ivy")
    sue.put(f"/meters/{place.meter_id}/radio", {"radio_id": None}, version=1)
    body = {"radios": [{"number": "R0000001", "at": "2099-01-01T00:00:00Z"}]}
    assert ivy.post("/inventory/radios/heard", body).json["radios"] == [{"number": "R0000001", "said": "phantom"}]
    assert code(sue.post("/inventory/radios/heard", body)) == "forbidden"
    [odd] = office.as_("carla").get("/discrepancies?state=open&kind=phantom_radio").json["items"]
    assert (odd["subject"], odd["address"]) == ("R0000001", "1 Main St")
    settled = office.as_("carla").send(
        "POST", f"/discrepancies/{odd['id']}/settle", json={"note": "Dug out."}, version=odd["version"]
    )
    assert (settled.json["state"], settled.json["settled_by_name"]) == ("settled", "Carla")
    [radio] = sue.get("/inventory/radios?status=removed").json["items"]
    moved = sue.send("POST", f"/inventory/radios/{radio['id']}/move", json={"to": "scrapped"}, version=radio["version"])
    assert moved.json["status"] == "scrapped"


def test_billing_asks_what_a_place_used(office: Office, town: Town) -> None:
    place, bill = town.place(last=1000), office.as_("bill")
    body = {"value": "1042", "kind": "regular", "noted_at": "2026-11-22T10:00:00Z"}
    assert bill.post(f"/meters/{place.meter_id}/readings", body).status_code == 201
    [period] = bill.get(f"/service-points/{place.id}/consumption").json["periods"]
    assert (period["used_gal"], period["open"], period["exchanged"]) == ("42", False, False)
    assert [(leg["from_value"], leg["to_value"]) for leg in period["legs"]] == [("1000", "1042")]
    assert code(bill.get(f"/service-points/{place.account_id}/consumption")) == "not_found"
    assert bill.get("/meter-tests?passed=false").json["items"] == []
