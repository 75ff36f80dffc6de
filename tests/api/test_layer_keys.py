"""Keys for GIS tools: good for layers in somebody's name, for nothing else, and until they are ended."""

from base64 import b64encode

import pytest

from curbstop.commands import layer_keys, staff
from tests.api.office import Client, Office
from tests.town import Town


def _tool(office: Office, login: str, key: str) -> Client:
    tool = office.anyone()
    tool.headers = {"Authorization": "Basic " + b64encode(f"{login}:{key}".encode()).decode()}
    return tool


def test_a_tool_reads_layers_by_a_key_until_its_person_ends_it(office: Office, town: Town) -> None:
    town.place()
    gus, url = office.as_("gus"), "/ogc/collections/service_points/items"
    assert gus.get("/me/layer-key").status_code == 404
    made = gus.put("/me/layer-key").json
    said = gus.get("/me/layer-key").json
    assert said == {"made_at": made["made_at"], "ends_at": made["ends_at"]}
    tool = _tool(office, "Gus", made["key"])
    assert tool.get(url).json["numberReturned"] == 1
    assert tool.get("/ogc/collections").json["collections"] == gus.get("/ogc/collections").json["collections"]
    # For nothing else, and nobody else.
    assert [tool.get(path).status_code for path in ("/me", "/me/layer-key", "/tiles", "/service-points")] == [401] * 4
    for login, key in (("dana", made["key"]), ("gus", "wrong"), ("gus", ""), ("", made["key"]), ("gus\0", "é")):
        refused = _tool(office, login, key).get(url)
        assert (refused.status_code, refused.json["code"]) == (401, "not_signed_in"), (login, key)
        assert refused.headers["WWW-Authenticate"] == 'Basic realm="Curbstop layers", Bearer'
    assert office.anyone().get(url, headers={"Authorization": "Basic ***"}).status_code == 401
    assert office.anyone().get("/me").headers["WWW-Authenticate"] == "Bearer"
    # A new one takes the place of the old one; ending it twice is no news.
    newer = _tool(office, "gus", gus.put("/me/layer-key").json["key"])
    assert (tool.get(url).status_code, newer.get(url).status_code) == (401, 200)
    assert [gus.send("DELETE", "/me/layer-key").status_code for _ in range(2)] == [204, 204]
    assert newer.get(url).status_code == 401


def test_a_key_ends_with_its_year_and_when_its_person_is_signed_out_everywhere(
    office: Office, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "/ogc/collections/hydrants/items"
    tool = _tool(office, "gus", office.as_("gus").put("/me/layer-key").json["key"])
    assert tool.get(url).status_code == 200
    with town.work() as work:
        staff.reset_password(work, office.ids["gus"], "another one, long enough")
    assert tool.get(url).status_code == 401
    monkeypatch.setattr(layer_keys, "LIFE", -layer_keys.LIFE)
    old = _tool(office, "gus", office.as_("gus").put("/me/layer-key").json["key"])
    assert "has run out" in old.get(url).json["detail"]
