"""Billing's side through HTTP: what is owed and paid, holds, and the cut-offs that they take back."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from curbstop.models import Customer
from tests.api.office import Office
from tests.cut_offs import any_day, notified
from tests.town import Place, Town


@pytest.fixture
def place(office: Office, town: Town) -> Place:
    any_day(town)
    place = town.place()
    told = office.as_("ivy").put("/standings", {"standings": [_standing(place)]})
    assert (told.status_code, told.json) == (200, {"kept": 1, "recalled": []})
    notified(town, place)
    return place


def _standing(place: Place, **other: Any) -> dict[str, Any]:
    return {
        "account_id": str(place.account_id), "past_due_cents": 8_420, "periods_past_due": 2,
        "delinquent_since": "2026-04-01", "as_of": "2026-05-04T11:00:00Z", **other,
    }  # fmt: skip


def _payment(place: Place, cents: int, key: str = "P-1") -> dict[str, Any]:
    at = "2026-05-04T14:02:00Z"
    return {"account_id": str(place.account_id), "source_key": key, "cents": cents, "received_at": at}


def test_a_csr_sees_what_is_owed_and_paid(office: Office, place: Place) -> None:
    office.as_("ivy").put("/payments", {"payments": [_payment(place, 420)]})
    seen = office.as_("carla").get(f"/accounts/{place.account_id}/standing").json
    assert (seen["past_due_cents"], seen["paid_since_cents"], seen["owed_cents"]) == (8_420, 420, 8_000)
    [payment] = office.as_("carla").get(f"/accounts/{place.account_id}/payments").json["items"]
    assert (payment["source_key"], payment["cents"], payment["returned_on"]) == ("P-1", 420, None)


def test_a_payment_in_full_takes_the_cut_off_back(office: Office, town: Town, place: Place) -> None:
    order = town.order("CUT_OFF_NP", place, by="bill", to=None)
    taken = office.as_("ivy").put("/payments", {"payments": [_payment(place, 8_420)]})
    assert (taken.status_code, taken.json) == (200, {"new": 1, "recalled": [str(order)]})
    again = office.as_("ivy").put("/payments", {"payments": [_payment(place, 8_420)]})
    assert again.json == {"new": 0, "recalled": []}
    assert office.as_("carla").get(f"/service-orders/{order}").json["state"] == "cancelled"


def test_a_returned_payment_is_told_by_its_key(office: Office, place: Place) -> None:
    office.as_("ivy").put("/payments", {"payments": [_payment(place, 8_420)]})
    said = {"source_key": "P-1", "returned_on": "2026-05-08", "reason": "insufficient_funds"}
    back = office.as_("bill").put("/payments/returned", said)
    assert (back.status_code, back.json["return_reason"]) == (200, "insufficient_funds")
    assert office.as_("carla").get(f"/accounts/{place.account_id}/standing").json["owed_cents"] == 8_420


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"past_due_cents": -1}, "past_due_cents"),
        ({"past_due_cents": 84.2}, "past_due_cents"),
        ({"as_of": "2026-05-04T11:00:00"}, "as_of"),
        ({"balance": 5}, "balance"),
    ],
)
def test_a_wrong_standing_is_named_by_its_place_in_the_list(
    office: Office, place: Place, wrong: dict[str, Any], name: str
) -> None:
    refused = office.as_("ivy").put("/standings", {"standings": [_standing(place, **wrong)]})
    assert (refused.status_code, refused.json["errors"][0]["name"]) == (422, f"standings.0.{name}")


def test_only_the_office_sees_what_is_owed(office: Office, place: Place) -> None:
    for name in ("tom", "gus"):
        assert office.as_(name).get(f"/accounts/{place.account_id}/standing").status_code in (403, 404)
        assert office.as_(name).get("/holds").status_code == 403


def test_a_hold_is_placed_found_renewed_and_ended(office: Office, town: Town, place: Place) -> None:
    carla = office.as_("carla")
    start = town.today - timedelta(days=10)
    day = {number: (start + timedelta(days=number)).isoformat() for number in (0, 30, 31, 60)}
    said = {"account_id": str(place.account_id), "kind": "medical", "reason": "Certificate", "starts_on": day[0]}
    made = carla.post("/holds", said)
    assert (made.status_code, made.json["through"], made.json["placed_by_name"]) == (201, day[30], "Carla")
    url = made.headers["Location"]
    assert carla.get(url).json == made.json
    found = carla.get(f"/holds?account_id={place.account_id}&applies_on={day[30]}").json["items"]
    assert [one["id"] for one in found] == [made.json["id"]]
    assert carla.get(f"/holds?applies_on={day[31]}").json["items"] == []
    assert carla.send("POST", f"{url}/renew", version=1).json["through"] == day[60]
    refused = carla.send("POST", f"{url}/renew", version=2)
    assert (refused.status_code, refused.json["code"]) == (409, "hold_not_renewable")
    ended = carla.send("POST", f"{url}/end", json={"reason": "Moved away"}, version=2)
    assert (ended.json["end_reason"], ended.json["ended_by_name"]) == ("Moved away", "Carla")
    assert carla.get("/holds?ended=false").json["items"] == []


@pytest.mark.parametrize("name", ["dana", "otto", "ivy"])
def test_only_who_may_place_a_hold_learns_why_there_is_one(office: Office, town: Town, place: Place, name: str) -> None:
    with town.sessions.write() as session:
        session.execute(update(Customer).values(source_key="billing:1"))
    said = {"account_id": str(place.account_id), "kind": "medical", "reason": "Dialysis at home"}
    url = office.as_("carla").post("/holds", said).headers["Location"]
    office.as_("carla").send("POST", f"{url}/end", json={"reason": "She died"}, version=1)
    seen = office.as_(name).get(url)
    shown = {key: seen.json[key] for key in ("kind", "reason", "end_reason", "category", "renewals")}
    assert shown == {
        "kind": "do_not_cut", "reason": "Do not cut off, call the office.", "end_reason": None, "category": None,
        "renewals": 0,
    }  # fmt: skip
    [listed] = office.as_(name).get("/holds").json["items"]
    assert listed == seen.json
    assert office.as_(name).get("/holds?kind=medical").status_code == 403
    assert office.as_("sue").get(url).json["reason"] == "Dialysis at home"


def test_the_audit_trail_keeps_why_to_itself(office: Office, place: Place) -> None:
    said = {"account_id": str(place.account_id), "kind": "medical", "reason": "Dialysis at home"}
    url = office.as_("carla").post("/holds", said).headers["Location"]
    office.as_("carla").send("POST", f"{url}/end", json={"reason": "Dialysis is over"}, version=1)
    trail = office.as_("otto").get("/audit?entity_type=hold")
    assert len(trail.json["items"]) == 2
    assert "ialysis" not in trail.text
    assert "medical" not in trail.text


def test_a_promise_without_a_day_is_refused_in_words(office: Office, place: Place) -> None:
    said = {"account_id": str(place.account_id), "kind": "promise", "reason": "On Friday"}
    refused = office.as_("carla").post("/holds", said)
    assert (refused.status_code, refused.json["detail"]) == (422, "A promise names the day by which it will be paid.")
