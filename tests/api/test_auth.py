"""Signing in over HTTP: the session's shape, lost replies, wrong tries, and tablets."""

from typing import Any

import pytest

from api.app import connect
from tests.api.office import PASSWORD, Client, Office


@pytest.fixture
def door(office: Office) -> Client:
    office.give_password("tess")
    return office.anyone()


def enter(door: Client, **more: Any) -> Any:
    return door.post("/auth/sign-in", {"login": "tess", "password": PASSWORD, **more})


def test_a_session_opens_refreshes_and_ends(office: Office, door: Client) -> None:
    session = enter(door).json
    assert session["expires_in"] == 900
    assert session["staff"] == {"id": str(office.ids["tess"]), "login": "tess", "name": "Tess", "roles": ["TECH"]}
    following = door.post("/auth/refresh", {"refresh_token": session["refresh_token"]}).json
    me = Client(office.app, following["access_token"]).get("/me").json
    assert (me["login"], me["tablet_id"]) == ("tess", None)
    assert door.post("/auth/sign-out", {"refresh_token": following["refresh_token"]}).status_code == 204
    ended = door.post("/auth/refresh", {"refresh_token": following["refresh_token"]})
    assert (ended.status_code, ended.json["code"]) == (401, "session_ended")


def test_a_lost_refresh_reply_is_given_again(door: Client) -> None:
    first = enter(door).json["refresh_token"]
    lost, again = (door.post("/auth/refresh", {"refresh_token": first}).json["refresh_token"] for _ in range(2))
    assert lost == again
    assert door.post("/auth/refresh", {"refresh_token": again}).status_code == 200


def test_a_stolen_token_ends_the_session_for_good(door: Client) -> None:
    first = enter(door).json["refresh_token"]
    second = door.post("/auth/refresh", {"refresh_token": first}).json["refresh_token"]
    third = door.post("/auth/refresh", {"refresh_token": second}).json["refresh_token"]
    assert door.post("/auth/refresh", {"refresh_token": first}).json["code"] == "session_ended"
    assert door.post("/auth/refresh", {"refresh_token": third}).json["code"] == "session_ended"


def test_wrong_tries_run_out(office: Office, door: Client) -> None:
    for _ in range(office.settings.sign_in_tries):
        wrong = door.post("/auth/sign-in", {"login": "Tess ", "password": "guess"})
        assert (wrong.status_code, wrong.json["code"]) == (401, "wrong_credentials")
    stopped = enter(door)
    assert (stopped.status_code, stopped.json["code"]) == (429, "too_many_requests")
    assert 800 < int(stopped.headers["Retry-After"]) <= 901


def test_wrong_tries_are_counted_whichever_process_is_asked(office: Office, door: Client) -> None:
    for _ in range(office.settings.sign_in_tries):
        # Each time as a process that has just begun, with nothing in its memory.
        connect(office.app, office.settings, office.sessions.engine)
        assert door.post("/auth/sign-in", {"login": "tess", "password": "guess"}).status_code == 401
    assert enter(door).json["code"] == "too_many_requests"
    assert door.post("/auth/sign-in", {"login": "tom", "password": "guess"}).status_code == 401


def test_a_tablet_is_enrolled_and_signed_in_on(office: Office, door: Client) -> None:
    """Clauses 2.1, 2.2."""
    made = office.as_("sue").post("/tablets/enrolment-codes", {"tablet_name": "Truck 7"})
    body = {"code": made.json["code"], "install_id": "mine", "schema_version": 1}
    enrolled = door.post("/sync/v1/enrol", body)
    assert enrolled.status_code == 201
    assert door.post("/sync/v1/enrol", body).json == enrolled.json
    assert door.post("/sync/v1/enrol", {**body, "install_id": "other"}).json["code"] == "enrolment_code_invalid"
    tablet = {key: enrolled.json[key] for key in ("tablet_id", "tablet_key")}
    session = enter(door, **tablet).json
    client = Client(office.app, session["access_token"])
    assert client.get("/me").json["tablet_id"] == tablet["tablet_id"]
    listed = office.as_("dana").get(f"/tablets?staff_id={office.ids['tess']}").json["items"]
    assert [row["name"] for row in listed] == ["Truck 7"]

    assert enter(door, **{**tablet, "tablet_key": "guess"}).json["code"] == "wrong_credentials"
    version = office.as_("sue").get(f"/tablets/{tablet['tablet_id']}").json["version"]
    office.as_("sue").send("POST", f"/tablets/{tablet['tablet_id']}/revoke", version=version)
    assert client.get("/me").json["code"] == "tablet_revoked"
    assert enter(door, **tablet).json["code"] == "tablet_revoked"
    assert door.post("/auth/refresh", {"refresh_token": session["refresh_token"]}).status_code in {401, 403}


def test_somebody_changes_their_own_password(office: Office, door: Client) -> None:
    session = enter(door).json
    client = Client(office.app, session["access_token"])
    change = {"password": "guess", "new_password": "another good one"}
    assert client.put("/me/password", change).json["code"] == "wrong_credentials"
    assert client.put("/me/password", {**change, "password": PASSWORD}).status_code == 204
    assert enter(door).status_code == 401
    assert door.post("/auth/refresh", {"refresh_token": session["refresh_token"]}).json["code"] == "session_ended"
