"""Customers and their accounts through HTTP: entered, corrected, opened and closed."""

from typing import Any

from tests.api.office import Office
from tests.town import Town


def code(response: Any) -> str:
    assert response.mimetype == "application/problem+json", response.data
    return str(response.json["code"])


def test_a_customer_is_entered_once_and_corrected_on_what_was_seen(office: Office) -> None:
    carla = office.as_("carla")
    made = carla.post("/customers", {"name": "  Ann   Lee ", "phone": "555-0100"}, key="one")
    assert (made.status_code, made.json["name"], made.json["number"][:3]) == (201, "Ann Lee", "CU-")
    assert carla.post("/customers", {"name": "  Ann   Lee ", "phone": "555-0100"}, key="one").json == made.json
    url = made.headers["Location"]
    assert carla.get(url).headers["ETag"] == '"v1"'
    edited = carla.patch(url, {"name": "Ann Lee-Cho"}, version=1)
    assert (edited.json["name"], edited.json["version"]) == ("Ann Lee-Cho", 2)
    assert code(carla.patch(url, {"phone": None}, version=1)) == "version_mismatch"
    assert code(carla.patch(url, {"phone": None})) == "precondition_required"


def test_customers_are_found_by_the_beginning_of_name_and_number(office: Office) -> None:
    carla = office.as_("carla")
    names = ["Ann Lee", "annabel Orr", "Bob Ray"]
    made = [carla.post("/customers", {"name": name}).json for name in names]

    def found(query: str) -> list[str]:
        return [item["name"] for item in carla.get(f"/customers?{query}").json["items"]]

    assert found("") == names
    assert found("name=ANN") == names[:2]
    assert found("sort=-name&limit=1&name=a") in (["annabel Orr"], ["Ann Lee"])
    assert found(f"number={made[2]['number'].lower()}") == ["Bob Ray"]


def test_customers_are_seen_by_the_office_only(office: Office, town: Town) -> None:
    account = town.place().account_id
    url = f"/accounts/{account}"
    customer = f"/customers/{office.as_('carla').get(url).json['customer_id']}"
    for name in ("tom", "lee", "gus", "ada"):
        for path in ("/customers", "/accounts", url, customer):
            assert code(office.as_(name).get(path)) == "forbidden", (name, path)
    assert office.as_("dana").get(customer).status_code == 200
    assert code(office.as_("dana").patch(customer, {"name": "X"}, version=1)) == "forbidden"
    # An integration sees what came from its own kind.
    assert code(office.as_("ivy").get(customer)) == "not_found"
    theirs = office.as_("ivy").post("/customers", {"name": "Imported", "source_key": "CIS:1"}).json
    assert [item["id"] for item in office.as_("ivy").get("/customers").json["items"]] == [theirs["id"]]


def test_a_place_has_one_open_account_at_a_time(office: Office, town: Town) -> None:
    carla, place = office.as_("carla"), town.place()
    customer = carla.post("/customers", {"name": "New Owner"}).json
    wanted = {"customer_id": customer["id"], "service_point_id": str(place.id)}
    assert code(carla.post("/accounts", wanted)) == "conflict"
    old = f"/accounts/{place.account_id}"
    closed = carla.send("POST", f"{old}/close", version=1)
    assert (closed.json["status"], closed.headers["ETag"]) == ("finaled", '"v2"')
    made = carla.post("/accounts", wanted)
    assert (made.status_code, made.json["status"], made.json["customer_name"]) == (201, "active", "New Owner")
    assert code(carla.patch(old, {"status": "active"}, version=2)) == "conflict"
    listed = carla.get(f"/accounts?service_point_id={place.id}&open=true").json["items"]
    assert [item["id"] for item in listed] == [made.json["id"]]
    both = carla.get(f"/accounts?service_point_id={place.id}&sort=-number").json["items"]
    assert {item["status"] for item in both} == {"active", "finaled"}


def test_an_account_is_edited_within_the_domains_words(office: Office, town: Town) -> None:
    carla, url = office.as_("carla"), f"/accounts/{town.place().account_id}"
    assert carla.patch(url, {"status": "delinquent"}, version=1).json["status"] == "delinquent"
    assert code(carla.patch(url, {"status": "finaled"}, version=2)) == "invalid"
    assert code(carla.patch(url, {"service_class": "castle"}, version=2)) == "invalid"
    assert code(carla.patch(url, {"service_class": "commercial"}, version=1)) == "version_mismatch"
    assert code(office.as_("dana").patch(url, {"status": "active"}, version=2)) == "forbidden"
