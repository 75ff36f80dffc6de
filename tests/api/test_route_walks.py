"""A shorter walk through a route's stops, drafted by whoever drafts routes; with streets and without."""

import math
from uuid import UUID

import pytest
from geoalchemy2 import WKBElement
from sqlalchemy import update

from curbstop.commands.import_rows import line_element
from curbstop.models import ServicePoint, Street
from curbstop.models.ids import new_id
from curbstop.models.sqlite_geometry import point_ewkb
from tests.api.office import Office
from tests.api.test_routes import Desk, code
from tests.town import Town

# A street that runs east, and one that leaves it to the north in the middle.
STREETS = {"Main St": [(-79.0, 35.0), (-78.99, 35.0)], "Elm St": [(-78.99, 35.0), (-78.99, 35.01)],
           "Mill Rd": [(-78.99, 35.0), (-78.98, 35.0)]}  # fmt: skip


class Walks(Desk):
    """Eight places along the streets, read in an order that goes to and fro."""

    def __init__(self, office: Office, town: Town) -> None:
        super().__init__(office, town)
        spots = [(-79.0 + 0.002 * n, 35.0001) for n in range(5)] + [(-78.9899, 35.0 + 0.003 * n) for n in (1, 2, 3)]
        self.in_order = [str(town.place(location=_point(*spot)).id) for spot in spots]
        self.stops = self.in_order[::2] + self.in_order[1::2]
        version = self.draft(self.stops).json["id"]
        assert self.publish(version).status_code == 200
        self.version = str(version)

    def streets(self) -> None:
        for name, line in STREETS.items():
            self.town.add(Street(id=new_id(), name=name, line=line_element(line), version=1))

    def walk(self, **how: object) -> dict[str, object]:
        made = self.gus.post(f"/route-versions/{self.version}/walk", {"seconds": 0.1, **how})
        assert made.status_code == 201, made.json
        return dict(made.json)

    def order(self, version_id: object) -> list[str]:
        items = self.gus.get(f"/route-versions/{version_id}/stops?sort=sequence").json["items"]
        return [one["service_point_id"] for one in items]


def _point(longitude: float, latitude: float) -> WKBElement:
    return WKBElement(point_ewkb(longitude, latitude), srid=4326, extended=True)


@pytest.fixture
def walks(office: Office, town: Town) -> Walks:
    return Walks(office, town)


def test_the_walk_along_the_streets_is_drafted_and_what_is_walked_stays(walks: Walks) -> None:
    walks.streets()
    found = walks.walk(start_service_point_id=walks.in_order[0])
    assert walks.order(found["id"]) == walks.in_order
    assert (found["by_streets"], found["guessed"], found["unplaced"], found["number"]) == (True, 0, 0, 2)
    # To the end of Main St, and up Elm St: 912 m, 998 m, and a corner.
    assert 1_900 < float(str(found["length_after_m"])) < 1_940
    assert float(str(found["length_before_m"])) > 1.5 * float(str(found["length_after_m"]))
    assert walks.gus.get(f"/route-versions/{found['id']}").json["state"] == "draft"
    assert walks.gus.get(f"/route-versions/{walks.version}").json["state"] == "published"
    back = walks.walk(start_service_point_id=walks.in_order[-1], end_service_point_id=walks.in_order[0])
    assert walks.order(back["id"]) == walks.in_order[::-1]


def test_without_streets_it_goes_as_the_crow_flies_and_says_so(walks: Walks) -> None:
    with walks.town.sessions.write() as session:
        lost = UUID(walks.in_order[3])
        session.execute(update(ServicePoint).where(ServicePoint.id == lost).values(location=None))
    found = walks.walk(start_service_point_id=walks.in_order[0])
    assert (found["by_streets"], found["unplaced"]) == (False, 1)
    # Who has no position comes last; nobody is left out.
    assert walks.order(found["id"]) == [*walks.in_order[:3], *walks.in_order[4:], walks.in_order[3]]
    assert math.isclose(float(str(found["length_after_m"])), 1_742, rel_tol=0.02)


def test_who_may_not_draft_and_what_is_no_stop(walks: Walks) -> None:
    url = f"/route-versions/{walks.version}/walk"
    assert code(walks.office.as_("tom").post(url, {})) == "forbidden"
    other = str(walks.town.place().id)
    wrong = walks.gus.post(url, {"start_service_point_id": other})
    assert (code(wrong), wrong.json["field"]) == ("invalid", "start_service_point_id")
    assert code(walks.gus.post(f"/route-versions/{other}/walk", {})) == "not_found"
    assert code(walks.gus.post(url, {"seconds": 3600})) == "invalid"
