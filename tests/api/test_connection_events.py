"""What billing fetches of connections, and the locks of a place, through HTTP."""

import pytest

from tests.api.office import Office
from tests.commands.test_cut_off_effects import cut, restored
from tests.cut_offs import any_day
from tests.town import Place, Town
from tests.visits import done, post


@pytest.fixture
def place(town: Town) -> Place:
    any_day(town)
    place = town.place()
    post(town, cut(town, place))
    return place


def test_billing_reads_on_from_what_it_has_seen_and_learns_no_name(office: Office, town: Town, place: Place) -> None:
    ivy = office.as_("ivy")
    [first] = ivy.get("/connection-events").json["items"]
    assert (first["status"], first["reason"], first["meter_serial"]) == (
        "DisconnectedNonPay", "NonPayment", place.serial,
    )  # fmt: skip
    assert not {"customer_name", "address", "phone"} & set(first)
    post(town, restored(town, place))
    [second] = ivy.get(f"/connection-events?since={first['sequence']}").json["items"]
    assert (second["status"], second["sequence"]) == ("Connected", first["sequence"] + 1)
    assert ivy.get(f"/connection-events?since={second['sequence']}").json["items"] == []


def test_only_billing_and_integrations_fetch_connection_events(office: Office, place: Place) -> None:
    assert office.as_("tom").get("/connection-events").status_code == 403


def test_a_place_shows_its_locks_and_the_office_ends_one(office: Office, town: Town, place: Place) -> None:
    [lock] = office.as_("carla").get(f"/service-points/{place.id}/locks").json["items"]
    assert (lock["number"], lock["seal_no"], lock["ended"]) == ("B-1042", "S77", None)
    refused = office.as_("carla").post(f"/locks/{lock['id']}/end", {"reason": "Gone."})
    assert refused.status_code == 403
    ended = office.as_("dana").post(f"/locks/{lock['id']}/end", {"reason": "Gone."})
    assert (ended.status_code, ended.json["ended"], ended.json["end_reason"]) == (200, "corrected", "Gone.")
    assert office.as_("dana").post(f"/locks/{lock['id']}/end", {"reason": "Gone."}).json["code"] == "conflict"
    assert office.as_("carla").get(f"/service-points/{lock['id']}/locks").status_code == 404


def test_a_customers_own_cut_off_is_told_as_inactive(office: Office, town: Town) -> None:
    any_day(town)
    place = town.place()
    order = done(town, "CUT_OFF_REQ", place, by="sue", read="001010", valve_state="off")
    post(town, order, by="sue")
    [event] = office.as_("ivy").get("/connection-events").json["items"]
    assert (event["status"], event["reason"]) == ("Disconnected", "ServiceInactive")
