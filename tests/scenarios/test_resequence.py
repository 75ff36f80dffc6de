"""Must-pass 9: a proposal about a walk alters no walk under way; GIS decides, and the next walk has it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from redis import Redis

from curbstop.tablet import outbox, view
from tests.api.office import Client
from tests.scenarios.conftest import Desk
from tests.tablet.conftest import NewTablet, Tablet
from tests.town import Place, Town
from workers.clock import SCHEDULE
from workers.worker import drain


class Story:
    """Tom walks route C101 past four houses; the GIS editor and the dispatcher are at their desks."""

    def __init__(self, town: Town, desk: Desk, new_tablet: NewTablet) -> None:
        self.town, self.gus, self.dana = town, desk("gus"), desk("dana")
        self.houses = [town.place() for _ in range(4)]
        cycle = made(self.gus.post("/cycles", {"code": "C1", "name": "First week"}))
        self.route = made(self.gus.post("/routes", {"code": "C101", "name": "Mill", "cycle_id": cycle["id"]}))
        self.version = self.draft(self.houses)
        assert self.publish(self.version).status_code == 200
        self.tom = new_tablet("tom")
        self.session = self.begin_walk(self.version)
        self.tom.client.sync()

    def draft(self, houses: list[Place]) -> dict[str, Any]:
        walk = {"service_point_ids": [str(house.id) for house in houses]}
        return made(self.gus.post(f"/routes/{self.route['id']}/versions", walk))

    def publish(self, version: dict[str, Any], **how: Any) -> Any:
        return self.gus.post(f"/route-versions/{version['id']}/publish", how)

    def begin_walk(self, version: dict[str, Any]) -> dict[str, Any]:
        who = {"technician_id": str(self.town.staff["tom"]), "on_date": self.town.today.isoformat()}
        return made(self.dana.post("/route-sessions", {"route_version_id": version["id"], **who}))

    def propose(self, house: Place, **better: Any) -> None:
        """Tom fills in a correction between two houses, where there is no network."""
        self.tom.network.online = False
        order_id = self.tom.work.create("RTE_FIX", str(house.id), instructions="The walk is wrong here.")
        self.tom.work.arrive(order_id)
        self.tom.work.complete(order_id, "DONE", {"notes": "Next to the second house.", **better})
        self.tom.network.online = True
        self.tom.client.sync()
        with Redis.from_url(self.town.settings.redis_url) as connection:
            drain(self.town.sessions, self.town.settings, connection)

    def open_proposal(self) -> dict[str, Any]:
        [proposal] = self.gus.get("/route-change-requests?state=open").json["items"]
        return dict(proposal)

    def decide(self, decision: str, reason: str) -> Any:
        proposal = self.open_proposal()
        url = f"/route-change-requests/{proposal['id']}/{decision}"
        return self.gus.post(url, {"reason": reason}, version=proposal["version"])

    def walk_of_tom(self) -> list[tuple[int, int]]:
        """(sequence, house) of the stops as his tablet has them."""
        self.tom.client.sync()
        number = {str(house.id): at for at, house in enumerate(self.houses, 1)}
        return [(stop["sequence"], number[stop["service_point_id"]]) for stop in view.stops(self.tom.store)]


@pytest.fixture
def story(town: Town, desk: Desk, new_tablet: NewTablet) -> Story:
    return Story(town, desk, new_tablet)


AS_IT_WAS = [(10, 1), (20, 2), (30, 3), (40, 4)]


def test_a_proposal_alters_no_walk_under_way_and_the_next_walk_has_it(story: Story) -> None:
    story.propose(story.houses[3], new_sequence="15")
    assert story.walk_of_tom() == AS_IT_WAS
    assert [told["says"] for told in view.proposals(story.tom.store)] == ["GIS is looking at it."]
    proposal = story.open_proposal()
    assert [proposal[name] for name in ("route_code", "sequence", "new_sequence", "proposed_by_name")] == [
        "C101", 40, 15, "Tom",
    ]  # fmt: skip

    # Not decided, it is not drafted. Accepted, it is still only what GIS thinks; published by force, it is still for
    # the next walk.
    early = story.gus.post(f"/route-change-requests/{proposal['id']}/draft", {})
    assert (early.status_code, early.json["code"]) == (409, "conflict")
    assert story.decide("accept", "Right, thank you.").status_code == 200
    assert story.walk_of_tom() == AS_IT_WAS
    better = made(story.gus.post(f"/route-change-requests/{proposal['id']}/draft", {}))
    assert (better["state"], better["note"]) == ("draft", "proposed by the field: 40 to 15")
    # On top of a draft that has it already nothing changes.
    better = made(story.gus.post(f"/route-change-requests/{proposal['id']}/draft", {"route_version_id": better["id"]}))
    refused = story.publish(better)
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")
    assert story.publish(better, force=True).status_code == 200
    assert story.walk_of_tom() == AS_IT_WAS
    pinned = story.dana.get(f"/route-sessions/{story.session['id']}").json
    assert (pinned["route_version_id"], pinned["state"]) == (story.version["id"], "open")

    # Tom reads on in the old order; nothing of it is refused.
    read_all(story.tom)
    assert story.walk_of_tom() == AS_IT_WAS
    assert {verdict["verdict"] for verdict in outbox.verdicts(story.tom.store)} == {"applied"}
    assert story.dana.get(f"/route-sessions/{story.session['id']}").json["visited"] == 4
    close(story.dana, story.session)
    assert story.walk_of_tom() == []

    story.begin_walk(better)
    assert story.walk_of_tom() == [(10, 1), (15, 4), (20, 2), (30, 3)]


def test_tom_reads_why_his_proposal_was_refused_for_a_week(story: Story) -> None:
    here = {"longitude": -78.999, "latitude": 35.0001, "accuracy_m": 3}
    story.propose(story.houses[0], new_sequence="45", gps=here)
    # Gus sees both positions side by side, whatever he decides.
    asked = story.open_proposal()
    assert [asked[name] for name in ("now_longitude", "now_latitude", "latitude", "moved_m")] == [
        -78.999, 35.0, 35.0001, 11.1,
    ]  # fmt: skip
    assert story.decide("refuse", "The dog is out there by then.").status_code == 200
    assert story.walk_of_tom() == AS_IT_WAS
    [told] = view.proposals(story.tom.store)
    assert (told["state"], told["sequence"], told["new_sequence"]) == ("refused", 10, 45)
    assert told["says"] == "GIS has refused it. The dog is out there by then."
    assert story.gus.post(f"/route-change-requests/{told['id']}/draft", {}).status_code == 409
    again = story.gus.post(f"/route-change-requests/{told['id']}/accept", {"reason": "After all."}, version=2)
    assert (again.status_code, again.json["code"]) == (409, "conflict")

    [entry] = [one for one in SCHEDULE if one.name == "forget_told_proposals"]
    with story.town.work() as work:
        assert entry.command(work) == 0
        assert entry.command(replace(work, at=work.at + timedelta(days=7, minutes=1))) == 1
    story.tom.client.sync()
    assert view.proposals(story.tom.store) == []


def made(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 201, answer.json
    return dict(answer.json)


def close(dana: Client, session: dict[str, Any]) -> None:
    version = dana.get(f"/route-sessions/{session['id']}").json["version"]
    assert dana.post(f"/route-sessions/{session['id']}/close", version=version).status_code == 200


def read_all(tablet: Tablet) -> None:
    for stop in view.stops(tablet.store):
        place = view.find(tablet.store, "service_point", stop["service_point_id"])
        assert place is not None
        [meter] = place["meters"]
        tablet.work.read(stop["id"], {meter["registers"][0]["register_id"]: "001010"})
    tablet.client.sync()
