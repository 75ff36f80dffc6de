"""Letters through HTTP: a CSR drafts, proofs and approves, the print vendor gets one PDF with its manifest."""

import csv
import io
from datetime import timedelta
from typing import Any

from redis import Redis

from tests.api.office import Office
from tests.cut_offs import any_day, owes
from tests.town import Place, Town
from workers.worker import drain

TAG = {"done": "Your water was cut off today.", "what_now": "Call us."}


def done(town: Town) -> None:
    """The workers do what waits."""
    with Redis.from_url(town.settings.redis_url) as connection:
        drain(town.sessions, town.settings, connection)


def drafted(office: Office, place: Place, **fields: Any) -> dict[str, Any]:
    said = {"kind": "door_tag", "service_point_id": str(place.id), "account_id": str(place.account_id), "words": TAG}
    made = office.as_("carla").post("/letters", {**said, **fields})
    assert made.status_code == 201, made.json
    assert isinstance(made.json, dict)
    return made.json


def test_a_letter_goes_from_a_draft_to_the_mail_and_its_reprint_is_the_same(office: Office, town: Town) -> None:
    letter = drafted(office, town.place())
    csr = office.as_("carla")
    proof = csr.get(f"/letters/{letter['id']}/proof")
    assert (proof.mimetype, proof.data[:5]) == ("application/pdf", b"%PDF-")
    assert csr.get(f"/letters/{letter['id']}/pdf").status_code == 404
    assert csr.post("/letters/approvals", {"letter_ids": [letter["id"]]}).json == {"letters": 1}
    done(town)
    first, again = (csr.get(f"/letters/{letter['id']}/pdf").data for _ in range(2))
    assert first == again
    mailed = {"letter_ids": [letter["id"]], "mailed_on": town.today.isoformat(), "method": "first_class"}
    assert csr.post("/letters/mailings", mailed).status_code == 200
    now = csr.get(f"/letters/{letter['id']}").json
    assert (now["state"], now["pages"], now["words"]) == ("mailed", 1, TAG)
    back = csr.post(
        f"/letters/{letter['id']}/returned", {"on": town.today.isoformat(), "reason": "Moved."}, version=now["version"]
    )
    assert back.json["state"] == "returned_undeliverable"


def test_a_batch_has_progress_one_pdf_and_a_manifest_that_runs_no_formula(office: Office, town: Town) -> None:
    places = [town.place(zip=f"2700{n}", address=f"=cmd({n}) Main St") for n in (3, 1, 2)]
    ids = [drafted(office, place)["id"] for place in places]
    csr = office.as_("carla")
    csr.post("/letters/approvals", {"letter_ids": ids})
    batch = csr.post("/letter-batches", {}).json
    assert (batch["state"], batch["letters"], batch["set_letters"]) == ("gathering", 3, 0)
    url = f"/letter-batches/{batch['id']}"
    assert "0 of 3" in csr.get(f"{url}/pdf").json["detail"]
    done(town)
    now = csr.get(url).json
    assert (now["state"], now["set_letters"], now["pages"]) == ("ready", 3, 3)
    assert csr.get(f"{url}/pdf").data.startswith(b"%PDF-")
    rows = list(csv.DictReader(io.StringIO(csr.get(f"{url}/manifest").data.decode("utf-8-sig"))))
    assert [row["zip"] for row in rows] == ["27001", "27002", "27003"]
    assert [row["first_page"] for row in rows] == ["1", "2", "3"]
    assert not any(cell.startswith("=") for row in rows for cell in row.values())
    assert csr.post("/letter-batches", {}).status_code == 409


def test_billing_edits_a_template_after_a_trial(office: Office) -> None:
    url = "/letter-templates/door_tag/es"
    shipped = office.as_("bill").get(url).json
    assert shipped["version"] == 0
    wrong = office.as_("bill").post(f"{url}/trial", {"source": '#read("/etc/passwd")'})
    assert (wrong.status_code, wrong.json["code"], wrong.json["line"]) == (422, "template_invalid", 1)
    source = shipped["source"].replace("#d.what_now", "*#d.what_now*")
    assert office.as_("bill").post(f"{url}/trial", {"source": source}).data.startswith(b"%PDF-")
    refused = office.as_("carla").put(url, {"source": source, "reason": "Bold."}, headers={"If-Match": '"v0"'})
    assert refused.status_code == 403
    edited = office.as_("bill").put(url, {"source": source, "reason": "Bold."}, headers={"If-Match": '"v0"'})
    assert (edited.status_code, edited.json["version"]) == (200, 1)
    assert office.as_("bill").get("/letter-templates/no/es").status_code == 404


def test_an_owner_is_told_and_written_to(office: Office, town: Town) -> None:
    place = town.place()
    owner = {"name": "Hill Rentals LLC", "address": "PO Box 12", "city": "Raleigh", "state": "NC", "zip": "27601"}
    url = f"/service-points/{place.id}/owner"
    assert office.as_("carla").get(url).status_code == 404
    assert office.as_("dana").put(url, owner).status_code == 403
    assert office.as_("carla").put(url, {**owner, "zip": "x"}).status_code == 422
    assert office.as_("carla").put(url, owner).json["name"] == "Hill Rentals LLC"
    assert drafted(office, place, recipient="owner", account_id=None)["given"]["name"] == "Hill Rentals LLC"


def test_a_runs_notices_are_letters_and_count_from_their_mailing(office: Office, town: Town) -> None:
    any_day(town)
    for cents in (8_420, 9_000):
        owes(town, town.place(), cents)
    later = town.today + timedelta(days=12)
    billing = office.as_("bill")
    run = billing.post("/cutoffs", {"cut_on": later.isoformat()}).json
    url = f"/cutoffs/{run['id']}"
    today = {"mailed_on": town.today.isoformat()}
    assert billing.post(f"{url}/letters", today, version=run["version"]).status_code == 409
    run = billing.post(f"{url}/proof", version=run["version"]).json
    late = {"mailed_on": (town.today + timedelta(days=5)).isoformat()}
    refused = billing.post(f"{url}/letters", late, version=run["version"])
    assert (refused.status_code, refused.json["field"]) == (422, "mailed_on")
    assert billing.post(f"{url}/letters", today, version=run["version"]).json == {"letters": 2}
    assert billing.post(f"{url}/letters", today, version=run["version"]).json == {"letters": 0}
    drafts = billing.get("/letters?kind=cut_off_notice").json["items"]
    assert sorted(letter["words"]["past_due"] for letter in drafts) == ["$84.20", "$90.00"]
    billing.post("/letters/approvals", {"letter_ids": [letter["id"] for letter in drafts]})
    batch = billing.post("/letter-batches", {"kind": "cut_off_notice"}).json
    done(town)
    ready = billing.get(f"/letter-batches/{batch['id']}").json
    mailed = billing.post(
        f"/letter-batches/{batch['id']}/mail", {**today, "method": "first_class"}, version=ready["version"]
    )
    assert mailed.json["state"] == "mailed"
    assert billing.get(url).json["stage"] == "notices_sent"
    [line, _] = billing.get(f"{url}/lines").json["items"]
    story = " ".join(one["says"] for one in billing.get(f"{url}/lines/{line['id']}/explain").json["story"])
    assert f"The final notice was mailed on {town.today} by first class (proof: LT-" in story
    theirs = billing.get(f"/letters?account_id={line['account_id']}").json["items"][0]
    back = {"on": town.today.isoformat(), "reason": "Moved."}
    billing.post(f"/letters/{theirs['id']}/returned", back, version=theirs["version"])
    asked = billing.post(f"/accounts/{line['account_id']}/gate-checks", {"cut_on": later.isoformat()}).json
    assert "notice_returned" in {one["code"] for one in asked["gates"]}
