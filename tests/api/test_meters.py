"""Meters and readings through HTTP: the inventory, radios, and what the office types in."""

from typing import Any

from tests.api.office import Office
from tests.town import Town

NEW = {"serial": "NEW-1", "dials": 6, "size": "5/8"}


def code(response: Any) -> str:
    assert response.mimetype == "application/problem+json", response.data
    return str(response.json["code"])


def test_a_meter_goes_into_the_stock_with_its_registers_and_radio(office: Office) -> None:
    bill = office.as_("bill")
    made = bill.post("/meters", {**NEW, "positions": [1, 2], "multiplier": "0.1", "unit": "CF", "radio_id": "R9"})
    assert (made.status_code, made.json["status"], made.json["radio_id"]) == (201, "stock", "R9")
    assert [(r["position"], r["multiplier"], r["unit"]) for r in made.json["registers"]] == [
        (1, "0.1", "CF"),
        (2, "0.1", "CF"),
    ]
    assert code(bill.post("/meters", NEW)) == "conflict"
    assert code(bill.post("/meters", {**NEW, "serial": "NEW-2", "radio_id": "R9"})) == "conflict"
    # The meter whose radio was taken was not entered either.
    assert [item["serial"] for item in bill.get("/meters?serial=NEW").json["items"]] == ["NEW-1"]
    assert code(office.as_("tom").post("/meters", {**NEW, "serial": "NEW-3"})) == "forbidden"


def test_a_meter_is_corrected_on_what_was_seen(office: Office, town: Town) -> None:
    sue, url = office.as_("sue"), f"/meters/{town.place().meter_id}"
    assert sue.get(url).headers["ETag"] == '"v1"'
    edited = sue.patch(url, {"model": "T-10"}, version=1)
    assert (edited.json["model"], edited.headers["ETag"]) == ("T-10", '"v2"')
    assert code(sue.patch(url, {"model": "T-11"}, version=1)) == "version_mismatch"
    assert code(sue.patch(url, {"status": "stock"}, version=2)) == "invalid"
    paired = sue.put(f"{url}/radio", {"radio_id": "R77"}, version=2)
    assert (paired.json["radio_id"], paired.json["version"]) == ("R77", 3)
    assert sue.put(f"{url}/radio", {"radio_id": None}, version=3).json["radio_id"] is None


def test_the_inventory_says_where_a_meter_is_and_no_customer(office: Office, town: Town) -> None:
    place, tom = town.place(), office.as_("tom")
    (line,) = tom.get(f"/meters?service_point_id={place.id}&status=installed").json["items"]
    assert (line["serial"], line["address"], line["radio_id"]) == (place.serial, "1 Main St", "R0000001")
    assert tom.get("/meters?status=stock").json["items"] == []
    whole = tom.get(f"/meters/{place.meter_id}")
    assert [i["service_point_id"] for i in whole.json["installations"]] == [str(place.id)]
    assert "Pat" not in whole.text


def test_the_office_enters_a_reading_once(office: Office, town: Town) -> None:
    carla, url = office.as_("carla"), f"/meters/{town.place().meter_id}/readings"
    body = {"value": "001042", "kind": "reread", "noted_at": "2026-01-02T10:00:00-05:00"}
    first = carla.post(url, body, key="one")
    assert (first.status_code, first.json["value"], first.json["source"]) == (201, "1042", "office")
    assert first.json["noted_at"] == "2026-01-02T15:00:00Z"
    assert carla.post(url, body, key="one").json == first.json
    assert carla.get(first.headers["Location"]).json == first.json
    assert len(carla.get(url).json["items"]) == 2
    assert [item["kind"] for item in carla.get(f"{url}?kind=reread").json["items"]] == ["reread"]


def test_a_better_reading_takes_the_place_of_a_doubted_one(office: Office, town: Town) -> None:
    place, carla = town.place(last=1000), office.as_("carla")
    url = f"/meters/{place.meter_id}/readings"
    low = carla.post(url, {"value": "900", "noted_at": "2026-11-22T10:00:00Z"}).json
    better = {"value": "1010", "noted_at": "2026-11-22T11:00:00Z", "supersedes_id": low["id"]}
    made = carla.post(url, better).json
    (gone,) = carla.get(f"{url}?superseded=true").json["items"]
    assert (gone["id"], gone["superseded_by_id"]) == (low["id"], made["id"])
    (register,) = carla.get(f"/meters/{place.meter_id}").json["registers"]
    assert (register["last_value"], register["last_kind"]) == ("1010", "special")
    assert code(carla.post(url, better)) == "conflict"


def test_what_is_no_reading_is_refused(office: Office, town: Town) -> None:
    carla, url = office.as_("carla"), f"/meters/{town.place().meter_id}/readings"
    good = {"value": "1042", "noted_at": "2026-01-02T10:00:00Z"}
    assert code(carla.post(url, {**good, "value": "1234567"})) == "reading_invalid"
    assert code(carla.post(url, {**good, "value": "12a"})) == "reading_invalid"
    assert code(carla.post(url, {**good, "noted_at": "2099-01-01T00:00:00Z"})) == "invalid"
    assert code(carla.post(url, {**good, "position": 2})) == "not_found"
    assert code(office.as_("dana").post(url, good)) == "forbidden"
    assert len(carla.get(url).json["items"]) == 1
