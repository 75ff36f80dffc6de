"""Service orders through HTTP: making, finding, editing, and the office's own events."""

from typing import Any

import pytest
from sqlalchemy import select

from curbstop.models import Customer, OrderTypeRow
from tests.api.office import Office
from tests.town import Town


def code(response: Any) -> str:
    assert response.mimetype == "application/problem+json", response.data
    return str(response.json["code"])


def new_gen(town: Town, **more: Any) -> dict[str, Any]:
    return {"type_code": "GEN", "service_point_id": str(town.place().id), **more}


def numbers(response: Any) -> list[str]:
    assert response.status_code == 200, response.data
    return [item["number"] for item in response.json["items"]]


def test_an_order_that_was_made_can_be_read_whole(office: Office, town: Town) -> None:
    carla = office.as_("carla")
    made = carla.post("/service-orders", new_gen(town, instructions="Ring twice.", priority=2))
    assert made.status_code == 201, made.data
    assert (made.json["state"], made.json["priority"], made.headers["ETag"]) == ("ready", 2, '"v1"')
    whole = carla.get(made.headers["Location"])
    assert whole.headers["ETag"] == '"v1"'
    found = whole.json
    assert {name: found[name] for name in made.json} == made.json
    assert found["type_name"] == "General field service"
    assert found["created_by_name"] == "Carla"
    assert found["service_point"]["address"] == "1 Main St"
    assert found["service_point"]["longitude"] == pytest.approx(-78.999)
    assert found["customer"]["name"] == "Pat Customer 1"
    assert found["customer"]["phone"] == "555-0100"
    assert [event["event"] for event in found["history"]] == ["create"]
    assert found["photos"] == {"declared": 0, "stored": 0, "waiting": [], "items": []}
    assert {"assign", "hold", "cancel"} <= set(found["possible"])


def test_a_retry_of_the_same_order_makes_no_second_one(office: Office, town: Town) -> None:
    body = new_gen(town)
    first = office.as_("carla").post("/service-orders", body, key="a")
    again = office.as_("carla").post("/service-orders", body, key="a")
    assert (first.status_code, first.json, first.headers["Location"]) == (201, again.json, again.headers["Location"])
    assert len(numbers(office.as_("carla").get("/service-orders"))) == 1


def test_the_same_order_open_at_the_place_is_named_unless_overridden(office: Office, town: Town) -> None:
    carla, body = office.as_("carla"), new_gen(town)
    first = carla.post("/service-orders", body).json
    twin = carla.post("/service-orders", body)
    assert (twin.status_code, code(twin)) == (409, "duplicate_open_order")
    assert (twin.json["order_id"], twin.json["number"]) == (first["id"], first["number"])
    unsaid = carla.post("/service-orders", {**body, "override_duplicate": True})
    assert (code(unsaid), unsaid.json["missing"]) == ("argument_required", ["reason"])
    second = carla.post("/service-orders", {**body, "override_duplicate": True, "reason": "Two meters."})
    assert (second.status_code, second.json["flags"]) == (201, ["duplicate_overridden"])


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"type_code": "NONE"}, "order_type_unknown"),
        ({"type_code": "WQ_CHK"}, "order_type_inactive"),
        ({"type_code": "MTR_XCHG"}, "order_type_not_yours"),
        ({"service_point_id": "01890a5d-ac96-774b-bcce-b302099a8057"}, "not_found"),
        ({"window_start": "2030-01-01T10:00:00Z"}, "invalid"),
        ({"priority": 6}, "invalid"),
        ({"color": "red"}, "invalid"),
    ],
)
def test_an_order_that_cannot_be_made_says_why(office: Office, town: Town, change: dict[str, Any], wanted: str) -> None:
    with town.sessions.write() as session:
        row = session.scalars(select(OrderTypeRow).where(OrderTypeRow.code == "WQ_CHK")).one()
        row.definition = {**row.definition, "built": False}
    assert code(office.as_("carla").post("/service-orders", {**new_gen(town), **change})) == wanted


def test_everybody_sees_what_the_matrix_lets_them_see(office: Office, town: Town) -> None:
    toms, tess = town.order("GEN", town.place(), to="tom"), town.order("GEN", town.place(), to="tess")
    town.order("GEN", town.place())
    sees = {name: len(numbers(office.as_(name).get("/service-orders"))) for name in ("carla", "otto", "gus", "sue")}
    assert sees == {"carla": 3, "otto": 3, "gus": 3, "sue": 3}
    assert len(numbers(office.as_("tom").get("/service-orders"))) == 1
    assert len(numbers(office.as_("lee").get("/service-orders"))) == 1
    assert numbers(office.as_("ivy").get("/service-orders")) == []
    assert code(office.as_("ada").get("/service-orders")) == "forbidden"
    assert office.as_("lee").get(f"/service-orders/{tess}").status_code == 200
    for url in (f"/service-orders/{toms}", f"/service-orders/{toms}/history"):
        assert code(office.as_("tess").get(url)) == "not_found"


def test_who_maps_sees_places_and_no_customers(office: Office, town: Town) -> None:
    order_id = town.order("GEN", town.place(), instructions="Ask for Pat.")
    gus = office.as_("gus")
    [line] = gus.get("/service-orders").json["items"]
    assert (line["address"], line["customer_name"], line["account_number"]) == ("1 Main St", None, None)
    whole = gus.get(f"/service-orders/{order_id}").json
    assert whole["service_point"]["address"] == "1 Main St"
    for name in ("customer", "account_id", "instructions", "captures", "notes"):
        assert whole[name] is None, name
    assert whole["history"][0]["facts"] is None
    assert "Pat" not in str(whole)


def test_a_withheld_name_stays_in_the_office(office: Office, town: Town) -> None:
    order_id = town.order("GEN", town.place(), to="tom")
    with town.sessions.write() as session:
        session.query(Customer).update({"name_withheld": True})
    for_carla, for_tom = (office.as_(name).get(f"/service-orders/{order_id}").json for name in ("carla", "tom"))
    assert for_carla["customer"]["name"] == "Pat Customer 1"
    assert (for_tom["customer"]["name"], for_tom["customer"]["name_withheld"]) == (None, True)
    assert (for_tom["customer"]["phone"], for_tom["customer"]["id"]) == (None, None)
    assert "Pat Customer" not in str(office.as_("tom").get("/service-orders").json)


def test_a_list_is_narrowed_by_its_filters(office: Office, town: Town) -> None:
    place = town.place()
    gen, toms = town.order("GEN", place), town.order("READ_RE", place, to="tom")
    other = town.order("GEN", town.place(), requested_on=town.today.replace(year=2020))
    number = {name: str(town.read_order(order).number) for name, order in
              {"gen": gen, "toms": toms, "other": other}.items()}  # fmt: skip

    def found(query: str) -> set[str]:
        return set(numbers(office.as_("dana").get(f"/service-orders?{query}")))

    assert found("state=assigned") == {number["toms"]}
    assert found("state=assigned&state=ready") == set(number.values())
    assert found("type_code=READ_RE") == {number["toms"]}
    assert found(f"technician_id={office.ids['tom']}") == {number["toms"]}
    assert found(f"scheduled_from={town.today}&scheduled_to={town.today}") == {number["toms"]}
    assert found("scheduled_from=2100-01-01") == set()
    assert found(f"service_point_id={place.id}") == {number["gen"], number["toms"]}
    assert found(f"account_id={place.account_id}") == {number["gen"], number["toms"]}
    assert found(f"number={number['gen'].lower()}") == {number["gen"]}
    assert found("number=%25") == set()
    assert found("late=true") == {number["other"]}
    assert found("open=false") == set()
    assert code(office.as_("dana").get("/service-orders?state=lost")) == "invalid"


@pytest.mark.parametrize("sort", ["number", "-number", "created_at", "-priority", "scheduled_on", "-scheduled_on"])
def test_pages_of_any_order_hold_every_order_once(office: Office, town: Town, sort: str) -> None:
    orders = [town.order("GEN", town.place(), to="tom" if n % 2 else None) for n in range(5)]
    dana, seen, cursor = office.as_("dana"), [], ""
    while True:
        page = dana.get(f"/service-orders?limit=2&sort={sort}{cursor}").json
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(seen) == sorted(str(order) for order in orders)


def test_an_edit_needs_the_version_and_leaves_the_rest(office: Office, town: Town) -> None:
    order_id = town.order("GEN", town.place(), instructions="Ring.")
    carla, url = office.as_("carla"), f"/service-orders/{order_id}"
    assert code(carla.patch(url, {"priority": 1})) == "precondition_required"
    edited = carla.patch(url, {"priority": 1}, version=1)
    assert (edited.json["priority"], edited.json["instructions"], edited.headers["ETag"]) == (1, "Ring.", '"v2"')
    late = carla.patch(url, {"priority": 5}, version=1)
    assert (late.status_code, code(late), late.json["current_version"]) == (412, "version_mismatch", 2)
    assert code(office.as_("tom").patch(url, {"priority": 5}, version=2)) == "forbidden"


def test_an_order_is_held_taken_up_and_cancelled(office: Office, town: Town) -> None:
    carla, url = office.as_("carla"), f"/service-orders/{town.order('GEN', town.place())}"
    past = carla.send("POST", f"{url}/hold", json={"until": "2020-01-01", "reason": "Away."}, version=1)
    assert code(past) == "invalid"
    held = carla.send("POST", f"{url}/hold", json={"until": "2099-01-01", "reason": "Away."}, version=1)
    assert (held.json["state"], held.json["held_until"], held.json["version"]) == ("held", "2099-01-01", 2)
    assert carla.send("POST", f"{url}/unhold", version=2).json["state"] == "ready"
    assert code(carla.send("POST", f"{url}/cancel", json={}, version=3)) == "invalid"
    gone = carla.send("POST", f"{url}/cancel", json={"reason": "Called off."}, version=3)
    assert (gone.json["state"], gone.json["reason"]) == ("cancelled", "Called off.")
    again = carla.send("POST", f"{url}/cancel", json={"reason": "Twice."}, version=4)
    assert (again.status_code, code(again)) == (409, "impossible_transition")
    page = carla.get(f"{url}/history?limit=3").json
    assert [event["event"] for event in page["items"]] == ["create", "hold", "unhold"]
    rest = carla.get(f"{url}/history?limit=3&cursor={page['next_cursor']}").json["items"]
    assert [(e["event"], e["reason"], e["staff_name"]) for e in rest] == [("cancel", "Called off.", "Carla")]


def test_a_draft_is_released(office: Office, town: Town) -> None:
    carla = office.as_("carla")
    draft = carla.post("/service-orders", new_gen(town, draft=True)).json
    assert draft["state"] == "draft"
    released = carla.send("POST", f"/service-orders/{draft['id']}/release", version=1)
    assert (released.status_code, released.json["state"]) == (200, "ready")


def test_an_order_that_is_not_there_is_not_found(office: Office, town: Town) -> None:
    missing = "/service-orders/01890a5d-ac96-774b-bcce-b302099a8057"
    for url in (missing, f"{missing}/history"):
        assert code(office.as_("carla").get(url)) == "not_found"
    assert code(office.as_("carla").send("POST", f"{missing}/unhold", version=1)) == "not_found"
