"""A cut-off run through HTTP: billing's list, another person's approval, and what a CSR reads out to the caller."""

from datetime import timedelta
from typing import Any

import pytest

from curbstop.models.base import utc_now
from tests.api.office import Office
from tests.cut_offs import any_day, owes
from tests.town import Place, Town


@pytest.fixture
def places(town: Town) -> list[Place]:
    any_day(town)
    places = [town.place() for _ in range(3)]
    for place, cents in zip(places, (8_420, 9_000, 10_000), strict=True):
        owes(town, place, cents)
    return places


class Run:
    """A run in the hands of the office; each step carries the version that the step before answered."""

    def __init__(self, office: Office, town: Town) -> None:
        self.office, self.town = office, town
        made = office.as_("bill").post("/cutoffs", {"cut_on": town.today.isoformat()})
        assert made.status_code == 201, made.json
        self.now: dict[str, Any] = made.json

    @property
    def url(self) -> str:
        return f"/cutoffs/{self.now['id']}"

    def does(self, who: str, step: str, said: dict[str, Any] | None = None, *, expect: int = 200) -> Any:
        answer = self.office.as_(who).post(f"{self.url}/{step}", said, version=self.now["version"])
        assert answer.status_code == expect, answer.json
        if expect == 200:
            self.now = answer.json
        return answer.json

    def lines(self, **filters: Any) -> list[dict[str, Any]]:
        found = self.office.as_("carla").get(f"{self.url}/lines", query_string=filters).json["items"]
        assert isinstance(found, list)
        return found

    def line(self, place: Place) -> dict[str, Any]:
        return next(line for line in self.lines() if line["account_id"] == str(place.account_id))

    def explain(self, place: Place) -> dict[str, Any]:
        found = self.office.as_("carla").get(f"{self.url}/lines/{self.line(place)['id']}/explain")
        assert found.status_code == 200, found.json
        assert isinstance(found.json, dict)
        return found.json


def approved(office: Office, town: Town) -> Run:
    run = Run(office, town)
    run.does("bill", "proof")
    mailed = (town.today - timedelta(days=20)).isoformat()
    run.does("bill", "notices", {"mailed_on": mailed, "method": "first_class", "proof": "Print job 17"})
    run.does("bill", "finalise", {"payments_as_of": utc_now().isoformat()})
    run.does("bill", "approve", {}, expect=403)
    run.does("sue", "approve", {})
    return run


def test_a_run_goes_through_the_office_to_its_orders(office: Office, town: Town, places: list[Place]) -> None:
    run = approved(office, town)
    released = run.does("bill", "release")
    assert (released["stage"], released["sums"]["ordered"]) == ("released", {"lines": 3, "cents": 27_420})
    [first, *_] = run.lines(state="ordered", sort="-due_cents")
    assert (first["due_cents"], first["order_state"]) == (10_000, "ready")
    given = office.as_("dana").post(
        f"/service-orders/{first['order_id']}/assign",
        {"technician_id": str(town.staff["tom"]), "scheduled_on": town.today.isoformat()},
        version=1,
    )
    assert given.status_code == 200, given.json
    assert run.does("bill", "close")["sums"]["recalled"] == {"lines": 3, "cents": 27_420}
    assert run.now["stage"] == "closed"
    assert places


def test_a_csr_reads_out_why_somebody_was_not_cut_off(office: Office, town: Town, places: list[Place]) -> None:
    run = approved(office, town)
    paid = {"account_id": str(places[0].account_id), "source_key": "P-1", "cents": 8_420,
            "received_at": utc_now().isoformat()}  # fmt: skip
    assert office.as_("ivy").put("/payments", {"payments": [paid]}).status_code == 200
    run.does("bill", "release")
    told = run.explain(places[0])
    assert told["answer"] == f"{told['account_number']} was not cut off: everything past due is paid."
    story = [one["says"] for one in told["story"]]
    assert story[0].endswith("with $84.20 past due.")
    assert any(says.startswith("The final notice was mailed on") and "Print job 17" in says for says in story)
    assert "$84.20 was paid." in story
    assert {one["gate"] for one in told["gates"]} >= {"notice", "dispute", "medical", "weekday"}
    assert all(one["at"] for one in told["story"])


def test_a_hold_of_a_medical_kind_says_no_more_than_to_call(office: Office, town: Town, places: list[Place]) -> None:
    said = {"account_id": str(places[1].account_id), "kind": "medical", "reason": "Dialysis at home."}
    assert office.as_("carla").post("/holds", said).status_code == 201
    run = Run(office, town)
    told = office.as_("dana").get(f"{run.url}/lines/{run.line(places[1])['id']}/explain")
    assert "Do not cut off, call the office".lower() in told.json["answer"].lower()
    assert b"Dialysis" not in told.data


def test_an_override_is_somebodys_and_lets_the_line_stay(office: Office, town: Town, places: list[Place]) -> None:
    said = {"account_id": str(places[2].account_id), "kind": "critical", "category": "school", "reason": "A school."}
    office.as_("carla").post("/holds", said)
    run = Run(office, town)
    [waiting] = run.lines(awaits="true")
    assert waiting["awaits"] == ["critical"]
    body = {"gate": "critical", "reason": "Closed for the summer."}
    url = f"{run.url}/lines/{waiting['id']}/overrides"
    assert office.as_("bill").post(url, body).status_code == 403
    assert office.as_("sue").post(url, body).json["awaits"] == []
    assert "Sue (SUP) let it go ahead" in " ".join(one["says"] for one in run.explain(places[2])["story"])


def test_every_rule_is_told_to_whoever_has_the_customer_on_the_telephone(
    office: Office, town: Town, places: list[Place]
) -> None:
    asked = office.as_("carla").post(
        f"/accounts/{places[0].account_id}/gate-checks", {"cut_on": town.today.isoformat()}
    )
    assert asked.status_code == 200, asked.json
    blocked = {one["code"] for one in asked.json["gates"] if one["ruling"] == "block"}
    assert blocked == {"no_notice"}
    assert office.as_("tom").post(f"/accounts/{places[0].account_id}/gate-checks", {}).status_code in (403, 422)


@pytest.mark.parametrize(
    "said",
    [
        {"cut_on": "2020-01-01"},
        {},
        {"cut_on": "2199-01-01", "cause": "violation"},
        {"cut_on": "2199-01-01", "account_ids": ["no"]},
    ],
)
def test_a_list_that_cannot_be_is_refused_and_nothing_is_built(
    office: Office, places: list[Place], said: dict[str, Any]
) -> None:
    answer = office.as_("bill").post("/cutoffs", said)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")
    assert office.as_("bill").get("/cutoffs").json["items"] == []
    assert places


def test_a_moratorium_and_the_weather_are_told_and_listed(office: Office) -> None:
    area = {"type": "Polygon", "coordinates": [[[-79, 35], [-78, 35], [-78, 36], [-79, 36], [-79, 35]]]}
    said = {"name": "Hurricane Ida", "reason": "Executive order.", "starts_on": "2026-09-01", "area": area}
    made = office.as_("sue").post("/moratoria", said)
    assert made.status_code == 201, made.json
    assert office.as_("dana").post("/moratoria", said).status_code == 403
    for wrong in ({"type": "Point", "coordinates": [0, 0]}, {"type": "Polygon"}, {"coordinates": "x"}):
        answer = office.as_("sue").post("/moratoria", {**said, "area": wrong})
        assert (answer.status_code, answer.json["field"]) == (422, "area")
    url = f"/moratoria/{made.json['id']}"
    ended = office.as_("sue").post(f"{url}/end", {"through": "2026-09-09"}, version=1)
    assert (ended.status_code, ended.json["through"]) == (200, "2026-09-09")
    listed = office.as_("carla").get("/moratoria?on=2026-09-05").json["items"]
    assert [one["area"] for one in listed] == [area]
    assert office.as_("carla").get("/moratoria?on=2026-09-10").json["items"] == []
    weather = {"day": "2026-09-02", "alert": "Heat Advisory", "low_f": 78, "high_f": 101}
    assert office.as_("ivy").put("/weather", weather).status_code == 200
    assert office.as_("dana").get("/weather").json["items"][0]["alert"] == "Heat Advisory"
    assert office.as_("ivy").put("/weather", {**weather, "low_f": 110}).status_code == 422


def test_billing_says_up_to_when_payments_are_in(office: Office) -> None:
    now = utc_now()
    told = office.as_("ivy").put("/payments/as-of", {"payments_as_of": now.isoformat()})
    assert told.status_code == 200
    before = (now - timedelta(hours=3)).isoformat()
    assert office.as_("ivy").put("/payments/as-of", {"payments_as_of": before}).json == told.json
    assert office.as_("carla").put("/payments/as-of", {"payments_as_of": before}).status_code == 403
