"""Must-pass 6: a stop between 10 and 11 renumbers what is around it and nothing else, within a handheld's width.

A house is built between two stops that are numbered one after the other, as a file brought them. Gus puts it on the
route while Tess is walking: her walk stays as it is, and the next one has the new stop.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.models import RouteVersion, Stop
from curbstop.tablet import view
from tests import tap_requests as build
from tests.commands.test_routes import a_route, published, walked
from tests.scenarios.conftest import Desk
from tests.tablet.conftest import NewTablet
from tests.town import Town

# A sequence has six digits in the narrowest of the handhelds' files (Sensus K3).
HIGHEST = 999_999


def walk(town: Town) -> list[tuple[int, UUID]]:
    """What the next walk is: the published version's numbers and places."""
    version = select(RouteVersion.id).where(RouteVersion.state == "published")
    statement = select(Stop.sequence, Stop.service_point_id).where(Stop.route_version_id.in_(version))
    with town.sessions.read() as session:
        return [(row.sequence, row.service_point_id) for row in session.execute(statement.order_by(Stop.sequence))]


def shown(tess: Any) -> list[int]:
    """The numbers on the technician's screen."""
    return sorted(stop["sequence"] for stop in view.every(tess.store, "stop"))


def test_a_stop_between_10_and_11(town: Town, desk: Desk, new_tablet: NewTablet) -> None:
    places = [town.place() for _ in range(5)]
    route = a_route(town)
    version = published(town, route, places)
    with town.sessions.write() as session:
        stops = list(session.scalars(select(Stop).order_by(Stop.sequence)))
        for stop, number in zip(stops, [5, 10, 11, 30, HIGHEST], strict=True):
            stop.sequence = number
        behind = str(stops[1].id)
    walked(town, version, technician="tess")
    gus, tess = desk("gus"), new_tablet("tess")
    tess.client.sync()
    assert shown(tess) == [5, 10, 11, 30, HIGHEST]

    house, _ = build.untapped(town, at=(-78.9975, 35.0))
    [best] = gus.get(f"/service-points/{house}/route-proposals").json["items"]
    assert (best["after_stop_id"], best["renumbered"]) == (behind, 1)
    body = {"service_point_id": str(house), "after_stop_id": behind}
    refused = gus.post(f"/routes/{route.id}/stops", body)
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")
    made = gus.post(f"/routes/{route.id}/stops", {**body, "force": True})
    assert (made.status_code, made.json["number"]) == (201, 2), made.json

    # One of the two neighbors moved, by as little as makes room; no number is wider than a handheld's file.
    first, ten, eleven, thirty, last = (place.id for place in places)
    now = walk(town)
    assert [place for _, place in now] == [first, ten, house, eleven, thirty, last]
    kept = {place: number for number, place in now}
    moved = {number for number, place in zip([5, 10, 11, 30, HIGHEST], [first, ten, eleven, thirty, last], strict=True)
             if kept[place] != number}  # fmt: skip
    assert len(moved) == 1
    assert moved <= {10, 11}
    assert all(0 < number <= HIGHEST for number, _ in now)

    # Tess goes on with what she began; the next walk has the house.
    tess.client.sync()
    assert shown(tess) == [5, 10, 11, 30, HIGHEST]
