"""Tap requests through HTTP, as a CSR on the telephone uses them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from curbstop.models import TapRequest
from tests import tap_requests as build
from tests.api.office import Office
from tests.town import Town


def _taken(office: Office, town: Town, number: int = 1) -> dict[str, Any]:
    place, customer = build.untapped(town, number)
    body = {"customer_id": str(customer), "service_point_id": str(place), "meter_size": "5/8"}
    made = office.as_("carla").post("/tap-requests", body)
    assert made.status_code == 201, made.json
    taken: dict[str, Any] = made.json
    return taken


def test_a_csr_takes_a_request_and_says_what_comes_next(office: Office, town: Town) -> None:
    tap = _taken(office, town)
    assert (tap["stage"], tap["next_stage"], tap["customer_name"]) == ("requested", "site_survey", "Nell New 1")
    assert tap["missing"] == [
        {"code": "survey", "says": "The site survey (TAP_SITE) has to be done and posted."}
    ]  # fmt: skip
    found = office.as_("dana").get("/tap-requests?name=nell&open=true").json["items"]
    assert [one["number"] for one in found] == [tap["number"]]
    assert office.as_("carla").get(f"/tap-requests?number={tap['number'].lower()}").json["items"] == found


def test_the_telephone_hears_each_stage_with_its_next_thing(office: Office, town: Town) -> None:
    tap_id = build.surveyed(town)
    carla, url = office.as_("carla"), f"/tap-requests/{tap_id}"

    def tell(path: str, body: Any = None) -> dict[str, Any]:
        now = carla.get(url).json["version"]
        answer = carla.post(f"{url}/{path}", body, version=now)
        assert answer.status_code == 200, answer.json
        told: dict[str, Any] = answer.json
        return told

    assert tell("quote", {})["missing"][0]["code"] == "payment"
    paid = tell("payment", {"cents": 180_000, "reference": "R-1"})
    assert (paid["stage"], len(paid["missing"]), paid["late"]) == ("paid", 4, [])
    for kind in build.PERMITS:
        permitted = tell("permits", {"kind": kind, "reference": "P-1"})
    assert (permitted["stage"], permitted["missing"][0]["code"]) == ("permits_ok", "install_order")
    assert [one["kind"] for one in permitted["permits"]] == sorted(build.PERMITS)
    lines = carla.get(f"{url}/history").json["items"]
    assert {"request", "reach", "quote", "pay", "permit"} == {line["event"] for line in lines} - {"site_survey"}
    assert next(line for line in lines if line["event"] == "pay")["staff_name"] == "Carla"
    stale = carla.post(f"{url}/cancel", {"reason": "x"}, version=1)
    assert stale.status_code == 412


def test_the_board_counts_each_stage_and_who_is_late(office: Office, town: Town) -> None:
    build.requested(town, 1)
    paid = build.permitted(town, 2)
    with town.work() as work:
        tap = work.session.get_one(TapRequest, paid)
        tap.install_due_on, tap.stage_at = town.today - timedelta(days=1), work.at - timedelta(days=12)
    stages = {line["stage"]: line for line in office.as_("sue").get("/tap-requests/board").json["stages"]}
    assert (stages["requested"]["count"], stages["requested"]["late"]) == (1, 0)
    assert stages["permits_ok"] == {"stage": "permits_ok", "count": 1, "late": 1, "oldest_days": 12}
    [late] = office.as_("otto").get("/tap-requests?late=true").json["items"]
    assert (late["id"], "was to be installed by" in late["late"][0]) == (str(paid), True)
    assert [one["number"][-1] for one in office.as_("otto").get("/tap-requests?late=false").json["items"]] == ["1"]


def test_a_ticket_is_recorded_with_its_order_and_shown_with_the_request(office: Office, town: Town) -> None:
    tap_id, order_id = build.with_order(town)
    dana = office.as_("dana")
    version = dana.get(f"/service-orders/{order_id}").json["version"]
    with town.work() as work:
        called = (work.at - timedelta(days=8)).isoformat()
    body = {"number": "A26", "called_at": called}
    made = dana.post(f"/service-orders/{order_id}/locate-ticket", body, version=version)
    assert (made.status_code, made.json["version"]) == (200, version + 1), made.json
    tap = dana.get(f"/tap-requests/{tap_id}").json
    assert (tap["stage"], tap["locate_ticket"]["number"]) == ("locate_ticket_ok", "A26")
    assert tap["missing"][0]["says"] == "Dispatch has to give the installation to a crew."
    early = dana.post(
        f"/service-orders/{order_id}/locate-ticket", {**body, "legal_start_at": called}, version=version + 1
    )
    assert (early.status_code, early.json["code"], early.json["field"]) == (
        422, "locate_ticket_invalid", "legal_start_at",
    )  # fmt: skip


def test_an_installation_that_comes_too_early_says_what_is_missing(office: Office, town: Town) -> None:
    place = build.read(town, build.surveyed(town)).service_point_id
    refused = office.as_("sue").post("/service-orders", {"type_code": "TAP_INST", "service_point_id": str(place)})
    assert (refused.status_code, refused.json["code"]) == (409, "tap_gate_closed")
    assert "The quoted fee has to be paid in full." in refused.json["detail"]


def test_a_gis_editor_draws_what_was_built(office: Office, town: Town) -> None:
    build.installed(town)
    gus = office.as_("gus")
    [wanted] = gus.get("/feature-requests?state=open").json["items"]
    assert wanted["facts"]["depth"] == 36
    done = gus.post(f"/feature-requests/{wanted['id']}/finish", {}, version=wanted["version"])
    assert (done.status_code, done.json["state"]) == (200, "done")
    assert gus.get("/feature-requests?state=open").json["items"] == []


def test_who_sees_no_customers_sees_no_requests(office: Office, town: Town) -> None:
    tap_id: UUID = build.requested(town)
    for name in ("tom", "gus", "ada"):
        assert office.as_(name).get("/tap-requests").status_code == 403
        assert office.as_(name).get(f"/tap-requests/{tap_id}").status_code == 403
        assert office.as_(name).get("/tap-requests/board").status_code == 403
