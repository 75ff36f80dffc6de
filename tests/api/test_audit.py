"""The audit trail through HTTP."""

from typing import Any

from tests.api.office import Office
from tests.town import Town


def entries(response: Any) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.data
    found: list[dict[str, Any]] = response.json["items"]
    return found


def test_a_write_is_found_with_who_when_before_and_after(office: Office, town: Town) -> None:
    order_id = town.order("GEN", town.place(), by="carla")
    office.as_("dana").patch(f"/service-orders/{order_id}", {"priority": 1}, version=1)
    newest, oldest = entries(office.as_("otto").get(f"/audit?entity_type=service_order&entity_id={order_id}"))
    assert (newest["action"], newest["staff_name"], newest["tablet_id"]) == ("edit", "Dana", None)
    # By when it is to be done follows from the priority.
    assert set(newest["after"]) == set(newest["before"]) == {"priority", "due_at", "due_on"}
    assert (newest["before"]["priority"], newest["after"]["priority"]) == (4, 1)
    assert (oldest["action"], oldest["staff_name"], oldest["before"]) == ("create", "Carla", None)
    assert oldest["after"]["state"] == "ready"


def test_the_trail_is_narrowed_and_paged(office: Office, town: Town) -> None:
    order_id = town.order("GEN", town.place(), by="carla")
    office.as_("dana").patch(f"/service-orders/{order_id}", {"priority": 1}, version=1)
    sue = office.as_("sue")
    by_dana = entries(sue.get(f"/audit?staff_id={office.ids['dana']}"))
    assert [entry["action"] for entry in by_dana] == ["edit"]
    at = by_dana[0]["recorded_at"]
    assert [e["id"] for e in entries(sue.get("/audit", query_string={"action": "edit", "since": at}))] == [
        by_dana[0]["id"]
    ]
    assert entries(sue.get("/audit", query_string={"action": "edit", "until": at})) == []
    seen, url = [], "/audit?limit=7&sort=recorded_at"
    while True:
        page = sue.get(url).json
        seen += [entry["id"] for entry in page["items"]]
        if page["next_cursor"] is None:
            break
        url = f"/audit?limit=7&sort=recorded_at&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) > 7
    assert seen[-1] == entries(sue.get("/audit?limit=1"))[0]["id"]


def test_a_password_is_never_in_the_trail(office: Office, town: Town) -> None:
    office.give_password("tom")
    text = office.as_("ada").get("/audit?entity_type=staff&limit=200").text
    assert "argon2" not in text
    assert '"changed"' in text


def test_who_may_not_read_the_trail_does_not(office: Office) -> None:
    for name in ("tom", "dana", "carla", "bill", "gus", "ivy"):
        assert office.as_(name).get("/audit").json["code"] == "forbidden"
