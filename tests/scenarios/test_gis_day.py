"""A GIS editor's day: stops change routes, a route is divided, turned and put back, while Tom walks the old one."""

from typing import Any

from sqlalchemy import select

from curbstop.models import Reading, Route
from curbstop.tablet import outbox, view
from tests.scenarios.conftest import Desk
from tests.tablet.conftest import NewTablet
from tests.town import Town


class Map:
    """What Gus does about routes, by their codes and the places' numbers."""

    def __init__(self, town: Town, desk: Desk) -> None:
        self.town, self.gus = town, desk("gus")

    def now(self, code: str) -> str:
        """What is walked of the route."""
        [found] = self.gus.get(f"/routes?code={code}").json["items"]
        return str(found["published_version"]["id"])

    def stops(self, version_id: str) -> list[dict[str, Any]]:
        return list(self.gus.get(f"/route-versions/{version_id}/stops?sort=sequence").json["items"])

    def walk(self, version_id: str) -> list[int]:
        """The places in their order, by the number in their address."""
        return [int(stop["address"].split()[0]) for stop in self.stops(version_id)]

    def ids(self, version_id: str, *places: int) -> list[str]:
        by_place = {int(stop["address"].split()[0]): stop["id"] for stop in self.stops(version_id)}
        return [by_place[place] for place in places]

    def edits(self, version_id: str, what: str, **said: Any) -> dict[str, Any]:
        answer = self.gus.post(f"/route-versions/{version_id}/{what}", said)
        assert answer.status_code == 201, answer.json
        return dict(answer.json)

    def publish(self, version_id: str, **how: Any) -> Any:
        return self.gus.send("POST", f"/route-versions/{version_id}/publish", json=how)

    def published(self, version_id: str, **how: Any) -> None:
        answer = self.publish(version_id, **how)
        assert answer.status_code == 200, answer.json

    def effects(self, version_id: str) -> dict[str, Any]:
        return dict(self.gus.get(f"/route-versions/{version_id}/effects").json)


def test_a_gis_editors_day(town: Town, desk: Desk, new_tablet: NewTablet) -> None:
    places = [town.place() for _ in range(6)]
    mine = town.route(places, to="tom")
    first = town.all(select(Route.code))[0]
    town.route([town.place(), town.place()], to="tess")
    [second] = [code for code in town.all(select(Route.code)) if code != first]
    tom = new_tablet("tom")
    tom.client.sync()
    held = view.stops(tom.store)
    here = Map(town, desk)

    # 5 and 6 belong to the other route, between 7 and 8.
    one, other = here.now(first), here.now(second)
    [behind] = here.ids(other, 7)
    drafts = here.edits(one, "transfers", stop_ids=here.ids(one, 5, 6), to_version_id=other, after_stop_id=behind)[
        "drafts"
    ]
    assert [here.walk(draft["id"]) for draft in drafts] == [[1, 2, 3, 4], [7, 5, 6, 8]]
    assert here.walk(here.now(first)) == [1, 2, 3, 4, 5, 6]
    # Before he publishes he sees who is out there; without force nothing happens to either route.
    told = here.effects(drafts[0]["id"])
    assert {(one["technician_name"], one["route_code"]) for one in told["sessions"]} == {
        ("Tom", first),
        ("Tess", second),
    }
    assert (told["joining"], told["leaving"], told["on_other_routes"]) == ([], [], [])
    refused = here.publish(drafts[0]["id"])
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")
    assert "walks" in refused.json["detail"]
    here.published(drafts[0]["id"], force=True)
    assert (here.walk(here.now(first)), here.walk(here.now(second))) == ([1, 2, 3, 4], [7, 5, 6, 8])
    # Tom's tablet has what he began with, and reads all six.
    tom.client.sync()
    assert view.stops(tom.store) == held
    for stop, place in zip(mine, places, strict=True):
        tom.work.read(str(stop), {str(place.register_id): "001010"})
    tom.client.sync()
    assert {row.service_point_id for row in town.all(select(Reading).where(Reading.source == "route"))} >= {
        place.id for place in places
    }
    assert outbox.unanswered(tom.store) == 0

    # The end of the second becomes a route of its own; the first is turned around.
    now = here.now(second)
    split = here.edits(now, "splits", stop_ids=here.ids(now, 8, 6), code="NEW1", name="Behind the mill")["drafts"]
    here.published(split[1]["id"], force=True)
    assert (here.walk(here.now(second)), here.walk(here.now("NEW1"))) == ([7, 5], [8, 6])
    turned = here.edits(here.now(first), "reverse")
    here.published(turned["id"], force=True)
    assert here.walk(here.now(first)) == [4, 3, 2, 1]

    # Somebody else published meanwhile: a draft that was begun before takes nothing back without a word.
    stale = here.edits(here.now(first), "removals", stop_ids=here.ids(here.now(first), 2))
    moved = here.edits(here.now(first), "moves", stop_ids=here.ids(here.now(first), 1), after_stop_id=None)
    here.published(moved["id"], force=True)
    late = here.publish(stale["id"], force=True)
    assert (late.status_code, late.json["route_version_id"]) == (409, here.now(first))
    assert [one["number"] for one in here.effects(stale["id"])["leaving"]] == ["SP-000002"]

    # What was wrong is undone by the version that was right; and the new route goes back where it came from.
    here.published(here.edits(turned["id"], "copy")["id"], force=True)
    assert here.walk(here.now(first)) == [4, 3, 2, 1]
    back = here.edits(here.now(second), "merges", other_version_id=here.now("NEW1"))["drafts"]
    here.published(back[0]["id"], force=True, renumber=True)
    assert here.walk(here.now(second)) == [7, 5, 8, 6]
    assert [stop["sequence"] for stop in here.stops(here.now(second))] == [10, 20, 30, 40]
    [gone] = here.gus.get("/routes?code=NEW1").json["items"]
    assert gone["published_version"] is None
