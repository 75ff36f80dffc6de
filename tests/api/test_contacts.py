"""The contact log through HTTP, and as a spreadsheet that runs nothing."""

import csv
import io
from typing import Any

from tests.api.office import Office
from tests.town import Place, Town


def _said(place: Place, **other: Any) -> dict[str, Any]:
    return {
        "account_id": str(place.account_id), "at": "2026-05-04T14:02:00Z", "channel": "phone",
        "reason": "delinquent", "reached": "customer", **other,
    }  # fmt: skip


def test_a_csr_logs_a_call_and_finds_it_again(office: Office, town: Town) -> None:
    place = town.place()
    carla = office.as_("carla")
    made = carla.post("/contact-attempts", _said(place, result="refused", note="Will not pay."))
    assert (made.status_code, made.json["by_name"], made.json["customer_name"]) == (201, "Carla", "Pat Customer 1")
    assert carla.get(made.headers["Location"]).json == made.json
    found = carla.get(f"/contact-attempts?account_id={place.account_id}&result=refused").json["items"]
    assert [one["id"] for one in found] == [made.json["id"]]
    assert carla.get("/contact-attempts?result=promise").json["items"] == []


def test_a_promise_shows_its_hold(office: Office, town: Town) -> None:
    place = town.place()
    by = (town.today).isoformat()
    promised = _said(place, result="promise", promise_cents=8_420, promise_on=by)
    made = office.as_("bill").post("/contact-attempts", promised)
    assert (made.status_code, made.json["promise_state"]) == (201, "open")
    [hold] = office.as_("carla").get(f"/holds?account_id={place.account_id}").json["items"]
    assert (hold["id"], hold["kind"]) == (made.json["hold_id"], "promise")
    late = office.as_("carla").get(f"/contact-attempts?promise_state=open&promised_through={by}").json["items"]
    assert len(late) == 1


def test_an_attempt_without_a_day_for_its_promise_is_refused(office: Office, town: Town) -> None:
    refused = office.as_("carla").post("/contact-attempts", _said(town.place(), result="promise"))
    assert (refused.status_code, refused.json["detail"]) == (422, "A promise names its amount and its day.")


def test_the_spreadsheet_has_the_log_in_the_utilitys_time_and_runs_nothing(office: Office, town: Town) -> None:
    place = town.place()
    office.as_("carla").post("/contact-attempts", _said(place, note="=1+1", result="refused"))
    office.as_("carla").post("/contact-attempts", _said(place, at="2026-05-05T14:02:00Z", note="Zoë, é\nand more"))
    answer = office.as_("carla").get(f"/contact-attempts/spreadsheet?account_id={place.account_id}")
    assert answer.headers["Content-Type"].startswith("text/csv")
    text = answer.data.decode("utf-8-sig")
    first, second = csv.DictReader(io.StringIO(text))
    assert (first["at"], first["note"], first["result"]) == ("2026-05-04 10:02", "'=1+1", "refused")
    assert second["note"] == "Zoë, é\nand more"
    assert (
        office.as_("carla").get("/contact-attempts/spreadsheet?result=paid").data.decode("utf-8-sig").count("\n") == 1
    )


def test_who_sees_no_customers_sees_no_log(office: Office, town: Town) -> None:
    for name in ("tom", "gus"):
        assert office.as_(name).get("/contact-attempts").status_code == 403
        assert office.as_(name).get("/contact-attempts/spreadsheet").status_code == 403


def test_what_was_said_is_for_those_who_act_on_it(office: Office, town: Town) -> None:
    place = town.place()
    office.as_("carla").post("/contact-attempts", _said(place, result="dispute", note="Her husband is dying."))
    notes = {
        name: [one["note"] for one in office.as_(name).get("/contact-attempts").json["items"]]
        for name in ("bill", "sue", "dana", "otto")
    }
    assert notes == {
        "bill": ["Her husband is dying."],
        "sue": ["Her husband is dying."],
        "dana": [None],
        "otto": [None],
    }
    assert "dying" not in office.as_("otto").get("/contact-attempts/spreadsheet").text
