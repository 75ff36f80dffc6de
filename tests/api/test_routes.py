"""Cycles, routes and route sessions through HTTP: drafted, published, walked and closed."""

from typing import Any

import pytest

from tests.api.office import Office
from tests.town import Town


def code(response: Any) -> str:
    assert response.mimetype == "application/problem+json", response.data
    return str(response.json["code"])


class Desk:
    """The GIS editor's desk, with a cycle, a route and some places."""

    def __init__(self, office: Office, town: Town) -> None:
        self.office, self.town, self.gus = office, town, office.as_("gus")
        self.places = [str(town.place().id) for _ in range(3)]
        self.cycle = self.gus.post("/cycles", {"code": "C1", "name": "First week"}).json
        self.route = self.make_route("C101")

    def make_route(self, code: str) -> dict[str, Any]:
        made: dict[str, Any] = self.gus.post("/routes", {"code": code, "name": code, "cycle_id": self.cycle["id"]}).json
        return made

    def draft(self, places: list[str], route: dict[str, Any] | None = None) -> Any:
        return self.gus.post(f"/routes/{(route or self.route)['id']}/versions", {"service_point_ids": places})

    def publish(self, version_id: str, **how: Any) -> Any:
        return self.gus.send("POST", f"/route-versions/{version_id}/publish", json=how)

    def published(self) -> str:
        version = self.draft(self.places).json["id"]
        assert self.publish(version).status_code == 200
        return str(version)

    def start(self, version_id: str, technician: str = "tess", by: str = "dana") -> Any:
        body = {
            "route_version_id": version_id,
            "technician_id": str(self.office.ids[technician]),
            "on_date": self.town.today.isoformat(),
        }
        return self.office.as_(by).post("/route-sessions", body)


@pytest.fixture
def desk(office: Office, town: Town) -> Desk:
    return Desk(office, town)


def test_cycles_and_routes_are_entered_once_and_renamed(desk: Desk) -> None:
    gus = desk.gus
    assert code(gus.post("/cycles", {"code": "C1", "name": "Again"})) == "conflict"
    assert code(gus.post("/routes", {"code": "C101", "name": "x", "cycle_id": desk.cycle["id"]})) == "conflict"
    renamed = gus.patch(f"/cycles/{desk.cycle['id']}", {"name": "Week one"}, version=1).json
    assert (renamed["name"], renamed["routes"], renamed["version"]) == ("Week one", 1, 2)
    url = f"/routes/{desk.route['id']}"
    assert gus.get(url).headers["ETag"] == '"v1"'
    assert gus.patch(url, {"name": "Around the mill"}, version=1).json["name"] == "Around the mill"
    assert code(gus.patch(url, {"name": "x"}, version=1)) == "version_mismatch"
    assert [item["code"] for item in gus.get("/cycles").json["items"]] == ["C1"]
    for name in ("tom", "carla", "ada"):
        assert code(desk.office.as_(name).post("/cycles", {"code": "C9", "name": "x"})) == "forbidden"


def test_a_draft_keeps_the_order_of_its_stops(desk: Desk) -> None:
    backward = desk.places[::-1]
    made = desk.draft(backward)
    assert (made.status_code, made.json["state"], made.json["number"]) == (201, "draft", 1)
    assert made.json["length_m"] == pytest.approx(182.5, abs=0.5)
    url = made.headers["Location"]
    first = desk.gus.get(f"{url}/stops?limit=2").json
    rest = desk.gus.get(f"{url}/stops?limit=2&cursor={first['next_cursor']}").json
    stops = [*first["items"], *rest["items"]]
    assert [(stop["service_point_id"], stop["sequence"]) for stop in stops] == list(
        zip(backward, (10, 20, 30), strict=True)
    )
    assert code(desk.draft([desk.places[0]] * 2)) == "invalid"
    assert code(desk.draft(["01890a5d-ac96-774b-bcce-b302099a8057"])) == "invalid"


def test_publishing_retires_the_version_before_and_a_place_is_on_one_route(desk: Desk) -> None:
    first, second = desk.published(), desk.draft(desk.places[:2]).json["id"]
    assert code(desk.office.as_("dana").send("POST", f"/route-versions/{second}/publish", json={})) == "forbidden"
    assert desk.publish(second).json["state"] == "published"
    assert code(desk.publish(second)) == "conflict"
    versions = desk.gus.get(f"/routes/{desk.route['id']}/versions").json["items"]
    assert [(v["id"], v["state"]) for v in versions] == [(first, "retired"), (second, "published")]
    (route,) = desk.gus.get("/routes?code=C1").json["items"]
    assert (route["published_version"]["id"], route["published_version"]["stop_count"]) == (second, 2)
    other = desk.make_route("C102")
    assert other["published_version"] is None
    assert code(desk.publish(desk.draft(desk.places[:1], other).json["id"])) == "conflict"
    assert desk.publish(desk.draft(desk.places[2:], other).json["id"]).status_code == 200


def test_a_session_is_walked_once_and_closed_on_what_was_seen(desk: Desk) -> None:
    version = desk.published()
    session = desk.start(version)
    assert (session.status_code, session.json["technician_name"]) == (201, "Tess")
    assert (session.json["stop_count"], session.json["visited"]) == (3, 0)
    assert code(desk.start(version)) == "conflict"
    assert code(desk.start(version, technician="carla")) == "assigned_technician_invalid"
    assert code(desk.start(desk.draft(desk.places).json["id"])) == "conflict"
    dana, url = desk.office.as_("dana"), f"/route-sessions/{session.json['id']}"
    newer = desk.draft(desk.places[:2]).json["id"]
    assert code(desk.publish(newer)) == "conflict"
    assert desk.publish(newer, force=True).status_code == 200
    assert dana.get(url).json["route_version_id"] == version
    assert code(dana.send("POST", f"{url}/close")) == "precondition_required"
    assert dana.send("POST", f"{url}/close", version=1).json["state"] == "closed"
    assert code(dana.send("POST", f"{url}/close", version=2)) == "conflict"


def test_sessions_are_seen_and_started_by_whom_they_concern(desk: Desk) -> None:
    version = desk.published()
    assert code(desk.start(version, by="carla")) == "forbidden"
    assert code(desk.start(version, technician="tom", by="lee")) == "forbidden"
    mine = desk.start(version, by="lee").json["id"]
    other = desk.start(version, technician="tom").json["id"]

    def seen(name: str, query: str = "") -> list[str]:
        return [item["id"] for item in desk.office.as_(name).get(f"/route-sessions?{query}").json["items"]]

    today = desk.town.today.isoformat()
    assert seen("dana", f"on_date={today}&state=open") == [mine, other]
    assert (seen("tess"), seen("tom"), seen("lee")) == ([mine], [other], [mine])
    assert seen("sue", f"technician_id={desk.office.ids['tom']}") == [other]
    assert seen("dana", "state=closed") == []
    assert code(desk.office.as_("tom").get(f"/route-sessions/{mine}")) == "not_found"
