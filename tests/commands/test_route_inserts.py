"""A new service on a route: few others are renumbered, a running session keeps what it began with."""

import pytest
from sqlalchemy import select, update

from curbstop.commands import route_inserts, route_versions, taps
from curbstop.domain.problems import Problem
from curbstop.models import BucketRow, RouteVersion, ServicePoint, Stop
from curbstop.models.ids import new_id
from tests import tap_requests as build
from tests.commands.test_routes import a_route, published, walked
from tests.town import Town


def _numbers(town: Town, version_id: object) -> list[int]:
    return list(town.all(select(Stop.sequence).where(Stop.route_version_id == version_id).order_by(Stop.sequence)))


def test_between_10_and_11_few_stops_are_numbered_anew_and_the_width_is_kept(town: Town) -> None:
    """Must-pass 6."""
    places = [town.place() for _ in range(4)]
    route = a_route(town)
    version = published(town, route, places)
    stops = town.all(select(Stop).where(Stop.route_version_id == version.id).order_by(Stop.sequence))
    with town.work() as work:
        work.session.execute(update(Stop).where(Stop.id == stops[1].id).values(sequence=11))
    new = town.place()
    with town.work("gus") as work:
        after = route_inserts.insert_stop(work, route.id, new.id, after_stop_id=stops[0].id)
        assert (after.number, after.state, after.stop_count) == (version.number + 1, "published", 5)
    numbers = _numbers(town, after.id)
    assert numbers == [3, 7, 11, 30, 40]
    assert all(number <= 999_999 for number in numbers)
    walk = town.all(select(Stop.service_point_id).where(Stop.route_version_id == after.id).order_by(Stop.sequence))
    assert walk == [places[0].id, new.id, places[1].id, places[2].id, places[3].id]


def test_a_running_session_keeps_its_version(town: Town) -> None:
    route, places, new = a_route(town), [town.place(), town.place()], town.place()
    version = published(town, route, places)
    session = walked(town, version)
    with town.work("gus") as work, pytest.raises(Problem, match="Somebody walks"):
        route_inserts.insert_stop(work, route.id, new.id)
    with town.work("gus") as work:
        route_inserts.insert_stop(work, route.id, new.id, force=True)
    held = town.all(select(BucketRow.entity_id).where(BucketRow.bucket == f"route:{session.route_version_id}"))
    assert session.route_version_id == version.id
    assert new.id not in held
    assert _numbers(town, version.id) == [10, 20]


def test_what_does_not_fit_is_refused(town: Town) -> None:
    route, place = a_route(town), town.place()
    with town.work("gus") as work, pytest.raises(Problem, match="Nothing is published"):
        route_inserts.insert_stop(work, route.id, place.id)
    published(town, route, [place])
    other = town.place()
    with town.work("gus") as work:
        with pytest.raises(Problem, match="is on route"):
            route_inserts.insert_stop(work, route.id, place.id)
        with pytest.raises(Problem, match="look at the proposals again"):
            route_inserts.insert_stop(work, route.id, other.id, after_stop_id=new_id())
    second = a_route(town, "0102")
    published(town, second, [other])
    with town.work("gus") as work, pytest.raises(Problem, match="one route at a time"):
        route_inserts.insert_stop(work, second.id, place.id)
    for name in ("dana", "tom", "carla", "sue"):
        with town.work(name) as work, pytest.raises(Problem, match="forbidden"):
            route_inserts.insert_stop(work, route.id, other.id)


def test_a_tap_request_hears_that_its_place_is_on_a_route(town: Town) -> None:
    tap_id = build.meter_set(town)
    with town.work("carla") as work:
        taps.ask_inspection(work, tap_id)
        taps.inspect(work, tap_id, passed=True, reference="I-1")
        taps.set_up_account(work, tap_id, deposit_reference="D-1")
    route = a_route(town)
    published(town, route, [town.place()])
    with town.work("gus") as work:
        route_inserts.insert_stop(work, route.id, build.read(town, tap_id).service_point_id)
    assert build.read(town, tap_id).stage == "on_route"


def test_a_route_drafted_by_hand_counts_as_well(town: Town) -> None:
    tap_id = build.requested(town)
    route = a_route(town)
    point = build.read(town, tap_id).service_point_id
    with town.work("gus") as work:
        version = route_versions.draft(work, route.id, [point])
        assert work.session.get_one(ServicePoint, point) is not None
        route_versions.publish(work, version.id)
    tap = build.read(town, tap_id)
    assert (tap.on_route_at is not None, tap.stage) == (True, "requested")
    assert len(town.all(select(RouteVersion))) == 1
