"""A new service comes on a route through HTTP: proposed, and confirmed by a GIS editor."""

from sqlalchemy import select

from curbstop.models import Stop
from tests import tap_requests as build
from tests.api.office import Office
from tests.commands.test_routes import a_route, published
from tests.town import Town


def test_a_proposal_is_confirmed_as_it_stands(office: Office, town: Town) -> None:
    places = [town.place() for _ in range(3)]
    route = a_route(town)
    published(town, route, places)
    point, _ = build.untapped(town, at=(-78.9985, 35.0))
    [best] = office.as_("carla").get(f"/service-points/{point}/route-proposals").json["items"]
    assert (best["after_address"], best["sequence"], best["renumbered"]) == ("1 Main St", 15, 0)
    body = {"service_point_id": str(point), "after_stop_id": best["after_stop_id"]}
    assert office.as_("carla").post(f"/routes/{best['route_id']}/stops", body).status_code == 403
    made = office.as_("gus").post(f"/routes/{best['route_id']}/stops", body)
    assert (made.status_code, made.json["number"], made.json["state"], made.json["stop_count"]) == (
        201, 2, "published", 4,
    )  # fmt: skip
    assert town.all(select(Stop.sequence).where(Stop.service_point_id == point)) == [15]
    again = office.as_("gus").get(f"/service-points/{point}/route-proposals")
    assert (again.status_code, again.json["code"]) == (409, "conflict")
