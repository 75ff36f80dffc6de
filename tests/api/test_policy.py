"""The policy through HTTP: read by the office, edited by the administrator, in versions."""

from tests.api.office import Office


def test_the_administrator_starts_from_a_profile_and_edits_it(office: Office) -> None:
    ada = office.as_("ada")
    assert ada.get("/policy").json["version"] == 0
    started = ada.send("POST", "/policy/start", json={"profile": "nc", "reason": "North Carolina"}, version=0)
    assert (started.status_code, started.json["version"], started.json["profile"]) == (200, 1, "nc")
    change = {"changes": {"cut_off": {"delinquent_days": 15}}, "reason": "Ordinance 2026-14"}
    edited = ada.send("PATCH", "/policy", json=change, version=1)
    assert (edited.status_code, edited.headers["ETag"]) == (200, '"v2"')
    assert edited.json["content"]["cut_off"]["delinquent_days"] == 15
    assert edited.json["made_by_name"] == "Ada"
    stale = ada.send("PATCH", "/policy", json=change, version=1)
    assert (stale.status_code, stale.json["code"]) == (412, "version_mismatch")
    listed = office.as_("carla").get("/policy/versions").json["items"]
    assert [one["version"] for one in listed] == [1, 2]
    assert office.as_("carla").get("/policy/versions/1").json["content"]["cut_off"]["delinquent_days"] == 10
    assert office.as_("carla").get("/policy/versions/99999999999").status_code == 404


def test_a_wrong_setting_is_named_and_nothing_is_written(office: Office) -> None:
    wrong = {"changes": {"cut_off": {"opens": "half past eight"}}, "reason": "Ordinance 2026-14"}
    refused = office.as_("ada").send("PATCH", "/policy", json=wrong, version=0)
    assert (refused.status_code, refused.json["code"], refused.json["setting"]) == (
        422, "policy_invalid", "cut_off.opens",
    )  # fmt: skip
    assert office.as_("ada").get("/policy").json["version"] == 0


def test_a_technician_neither_edits_nor_closes(office: Office) -> None:
    change = {"changes": {}, "reason": "Mine"}
    assert office.as_("tom").send("PATCH", "/policy", json=change, version=0).json["code"] == "forbidden"
    assert office.as_("dana").post("/policy/closures", {"day": "2026-12-24", "name": "Eve"}).json["code"] == "forbidden"


def test_a_closure_is_added_listed_and_removed(office: Office) -> None:
    ada = office.as_("ada")
    made = ada.post("/policy/closures", {"day": "2026-12-24", "name": "Christmas Eve"})
    assert (made.status_code, made.json["day"]) == (201, "2026-12-24")
    again = ada.post("/policy/closures", {"day": "2026-12-24", "name": "Once more"})
    assert (again.status_code, again.json["code"]) == (409, "conflict")
    listed = office.as_("dana").get("/policy/closures?since=2026-12-01").json["items"]
    assert [one["name"] for one in listed] == ["Christmas Eve"]
    assert office.as_("dana").get("/policy/closures?since=2026-12-25").json["items"] == []
    gone = ada.send("DELETE", made.headers["Location"], version=1)
    assert gone.status_code == 204
    assert ada.get("/policy/closures").json["items"] == []
