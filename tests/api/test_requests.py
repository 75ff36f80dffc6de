"""What every operation shares: problems, versions, idempotency, pages, and what a body may hold."""

import gzip
import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from curbstop.models.request import IdempotencyKey
from curbstop.models.staff import Staff
from tests.api.office import Office
from tests.town import Town

NEW = {"login": "nora", "name": "Nora", "roles": ["CSR"]}


def code(response: Any) -> str:
    assert response.mimetype == "application/problem+json", response.data
    return str(response.json["code"])


def test_nobody_gets_in_without_a_token(office: Office) -> None:
    response = office.anyone().get("/staff")
    assert (response.status_code, code(response)) == (401, "not_signed_in")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    for token in ("x", "Basic x", "Bearer ", "Bearer a.b.c"):
        assert code(office.anyone().get("/staff", headers={"Authorization": token})) == "not_signed_in"


def test_roles_are_read_anew_with_every_request(office: Office) -> None:
    gus = office.as_("gus")
    assert code(gus.get("/staff")) == "forbidden"
    office.as_("ada").patch(f"/staff/{office.ids['gus']}", {"roles": ["GIS", "DSP"]}, version=1)
    assert gus.get("/staff").status_code == 200
    office.as_("ada").patch(f"/staff/{office.ids['gus']}", {"active": False}, version=2)
    assert code(gus.get("/staff")) == "session_ended"


def test_an_edit_needs_the_version_that_it_edits(office: Office) -> None:
    ada, url = office.as_("ada"), f"/staff/{office.ids['tom']}"
    first = ada.get(url)
    assert first.headers["ETag"] == '"v1"'
    assert code(ada.patch(url, {"name": "Thomas"})) == "precondition_required"
    assert ada.patch(url, {"name": "Thomas"}, version=1).headers["ETag"] == '"v2"'
    late = ada.patch(url, {"name": "Tommy"}, version=1)
    assert (late.status_code, code(late), late.json["current_version"]) == (412, "version_mismatch", 2)
    assert late.headers["ETag"] == '"v2"'
    for tag in ('W/"v2"', '"v2", "v3"', '"2"'):
        assert ada.patch(url, {"name": "Tommy"}, headers={"If-Match": tag}).status_code == 412
    for tag in ("2", "v2", '"v2'):
        unreadable = ada.patch(url, {"name": "Tommy"}, headers={"If-Match": tag})
        assert (unreadable.status_code, code(unreadable)) == (400, "bad_request"), tag
        assert '"v1"' in unreadable.json["detail"]
    assert ada.patch(url, {"name": "Tommy"}, headers={"If-Match": "*"}).status_code == 200


def test_a_creating_post_sent_again_gets_the_same_answer(office: Office) -> None:
    ada = office.as_("ada")
    first, again = ada.post("/staff", NEW, key="one"), ada.post("/staff", NEW, key="one")
    assert first.status_code == again.status_code == 201
    assert first.data == again.data
    for header in ("ETag", "Location", "Content-Type"):
        assert first.headers[header] == again.headers[header]
    assert ada.get(first.headers["Location"]).json == first.json


def test_an_idempotency_key_stands_for_one_request(office: Office) -> None:
    ada = office.as_("ada")
    assert code(ada.send("POST", "/staff", json=NEW)) == "idempotency_key_required"
    ada.post("/staff", NEW, key="one")
    assert code(ada.post("/staff", {**NEW, "name": "Another"}, key="one")) == "idempotency_key_reused"
    assert code(ada.post("/staff", NEW, key="a b")) == "bad_request"
    assert code(office.as_("sue").post("/staff", NEW, key="one")) == "forbidden"


def test_a_refused_request_keeps_no_key(office: Office) -> None:
    ada = office.as_("ada")
    assert code(ada.post("/staff", {**NEW, "login": "tom"}, key="one")) == "login_taken"
    assert ada.post("/staff", NEW, key="one").status_code == 201


def test_two_threads_with_one_key_create_one_row(office: Office) -> None:
    answers: list[Any] = []
    together = threading.Barrier(4)

    def ask() -> None:
        ada = office.as_("ada")
        together.wait()
        answers.append(ada.post("/staff", NEW, key="together"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    with office.sessions.read() as session:
        assert session.scalar(select(func.count()).where(Staff.login == "nora")) == 1
        assert session.scalar(select(func.count()).select_from(IdempotencyKey)) == 1


@pytest.mark.parametrize("sort", ["name", "-name", "login", "-login"])
def test_pages_hold_everything_once_in_order(office: Office, sort: str) -> None:
    ada, url, seen = office.as_("ada"), f"/staff?limit=3&sort={sort}", []
    while url:
        response = ada.get(url)
        seen += [row[sort.removeprefix("-")] for row in response.json["items"]]
        link = response.headers.get("Link", "")
        assert bool(link) == (response.json["next_cursor"] is not None)
        url = link.partition(">")[0].removeprefix("<")
    assert seen == sorted(seen, reverse=sort.startswith("-"))
    assert len(seen) == len(office.ids)


def test_a_cursor_is_good_for_its_own_list_only(office: Office) -> None:
    ada = office.as_("ada")
    cursor = ada.get("/staff?limit=1").json["next_cursor"]
    assert code(ada.get(f"/tablets?cursor={cursor}")) == "invalid_cursor"
    assert code(ada.get(f"/staff?sort=-name&cursor={cursor}")) == "invalid_cursor"
    assert code(ada.get(f"/staff?cursor={cursor[:-2]}")) == "invalid_cursor"


@pytest.mark.parametrize(
    ("query", "name"),
    [("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("sort=password_hash", "sort"),
     ("nope=1", "nope"), ("name=%00", "name"), ("limit=1&limit=2", "limit"), ("active=1.5", "active")],
)  # fmt: skip
def test_only_documented_parameters_are_read(office: Office, query: str, name: str) -> None:
    response = office.as_("ada").get(f"/staff?{query}")
    assert (response.status_code, code(response)) == (422, "invalid")
    assert [(error["where"], error["name"]) for error in response.json["errors"]] == [("query", name)]


@pytest.mark.parametrize(
    ("change", "name"),
    [({"name": "a\0b"}, "name"), ({"name": "\ud800"}, "name"), ({"name": 5}, "name"), ({"extra": 1}, "extra"),
     ({"roles": ["BOSS"]}, "roles.0"), ({"daily_capacity": 2**31}, "daily_capacity"), ({"name": "x" * 121}, "name"),
     ({"daily_capacity": 1.5}, "daily_capacity"), ({"crew_lead_id": "{x}"}, "crew_lead_id"), ({"a\0": 1}, "")],
)  # fmt: skip
def test_a_wrong_value_is_named(office: Office, change: dict[str, Any], name: str) -> None:
    response = office.as_("ada").post("/staff", {**NEW, **change})
    assert (response.status_code, code(response)) == (422, "invalid")
    assert response.json["errors"][0]["name"] == name


@pytest.mark.parametrize("body", [b"", b"{", b"[1", b'{"a": NaN}', b"\xff", b"[" * 100_000, b'{"a":' + b"9" * 5000])
def test_a_body_that_is_no_json_is_a_bad_request(office: Office, body: bytes) -> None:
    ada = office.as_("ada")
    response = ada.post("/staff", data=body, content_type="application/json")
    assert (response.status_code, code(response)) == (400, "bad_request")


def test_who_has_nothing_to_say_may_leave_the_body_out(office: Office) -> None:
    sue, run = office.as_("sue"), f"/cutoffs/{office.ids['sue']}"
    for headers in ({}, {"Content-Type": "application/json"}):
        assert code(sue.send("POST", f"{run}/approve", version=1, headers=headers)) == "not_found"
    # Where something has to be said it is asked for.
    assert code(sue.send("POST", f"{run}/abandon", version=1)) == "unsupported_media_type"


def test_a_reason_of_blanks_is_none(office: Office) -> None:
    run = f"/cutoffs/{office.ids['sue']}"
    said = office.as_("bill").send("POST", f"{run}/abandon", version=1, json={"reason": " \t "})
    assert (code(said), said.json["errors"][0]["name"]) == ("invalid", "reason")
    assert code(office.as_("bill").send("POST", f"{run}/abandon", version=1, json={"reason": "\nx"})) == "not_found"


def test_a_body_of_another_media_type_is_not_read(office: Office) -> None:
    ada = office.as_("ada")
    assert code(ada.post("/staff", data="a=1", content_type="text/plain")) == "unsupported_media_type"
    zipped = {"Content-Encoding": "br"}
    assert code(ada.post("/staff", data=b"x", content_type="application/json", headers=zipped)) == (
        "unsupported_media_type"
    )


def test_a_zipped_body_is_read_within_bounds(office: Office) -> None:
    """Clause 1.4."""
    ada, zipped = office.as_("ada"), {"Content-Encoding": "gzip"}
    good = gzip.compress(b'{"login": "nora", "name": "Nora", "roles": ["CSR"]}')

    def send(data: bytes) -> Any:
        return ada.post("/staff", data=data, content_type="application/json", headers=zipped)

    assert send(good).status_code == 201
    assert code(send(good[:-9])) == "bad_request"
    assert code(send(b"not gzip")) == "bad_request"
    assert code(send(gzip.compress(b" " * 100_000_000, 9))) == "too_large"


def test_a_body_beyond_the_limit_is_too_large(office: Office) -> None:
    response = office.as_("ada").post("/staff", data=b" " * 3_000_000, content_type="application/json")
    assert (response.status_code, code(response)) == (413, "too_large")


def test_a_path_that_leads_nowhere_is_not_found(office: Office) -> None:
    ada = office.as_("ada")
    for url in ("/staff/5", "/nowhere", "/staff/", "/staff/01890a5d-ac96-774b-bcce-b302099a8057", "//staff"):
        assert (url, code(ada.get(url))) == (url, "not_found")


def test_a_wrong_method_says_which_are_right(office: Office) -> None:
    response = office.as_("ada").send("DELETE", "/staff")
    assert (response.status_code, code(response)) == (405, "method_not_allowed")
    assert "POST" in response.headers["Allow"]


def test_every_answer_carries_the_security_headers_and_a_request_id(office: Office) -> None:
    response = office.as_("ada").get("/staff", headers={"X-Request-Id": "from-the-proxy-1"})
    assert response.headers["X-Request-Id"] == "from-the-proxy-1"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert len(office.anyone().get("/x", headers={"X-Request-Id": "bad id\t"}).headers["X-Request-Id"]) == 32


@pytest.mark.parametrize("day", ["0001-01-01", "1699-12-31", "2201-01-01", "9999-12-31"])
def test_a_day_or_a_moment_of_another_age_is_refused_before_anything_reckons_with_it(
    office: Office, town: Town, day: str
) -> None:
    """The first and the last moment that there are fall out of the calendar in another zone."""
    carla, place = office.as_("carla"), town.place()
    order = {"type_code": "GEN", "service_point_id": str(place.id)}
    call = {"account_id": str(place.account_id), "channel": "phone", "reason": "delinquent"}
    answers = [
        carla.post("/service-orders", {**order, "requested_on": day}),
        carla.post("/contact-attempts", {**call, "at": f"{day}T00:00:00Z"}),
        carla.get(f"/contact-attempts?since={day}T23:59:59Z"),
        carla.get(f"/appointment-windows?first={day}"),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json["code"]) == (422, "invalid")
        assert "The year is from 1700 to 2200" in answer.json["errors"][0]["message"]
