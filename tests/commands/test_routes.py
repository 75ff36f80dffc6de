"""Routes: drafts, publishing, sessions, and what the technician's tablet is given."""

from typing import Any

import pytest
from sqlalchemy import select

from curbstop.commands import route_versions, routes, scope
from curbstop.domain.problems import Problem
from curbstop.models import BucketRow, ChangeLog, Route, RouteVersion, Stop
from curbstop.models.ids import new_id
from tests.town import Place, Town


def a_route(town: Town, code: str = "0101") -> Route:
    with town.work("gus") as work:
        cycle = routes.create_cycle(work, code=f"C{code}", name="Cycle")
        return routes.create(work, code=code, name="Mill Hill", cycle_id=cycle.id)


def drafted(town: Town, route: Route, places: list[Place]) -> RouteVersion:
    with town.work("gus") as work:
        return route_versions.draft(work, route.id, [place.id for place in places])


def published(town: Town, route: Route, places: list[Place], **how: Any) -> RouteVersion:
    version = drafted(town, route, places)
    with town.work("gus") as work:
        return route_versions.publish(work, version.id, **how)


def walked(town: Town, version: RouteVersion, *, by: str = "dana", technician: str = "tom") -> Any:
    with town.work(by) as work:
        return routes.start_session(work, version.id, technician_id=town.staff[technician], on_date=town.today)


def test_a_draft_has_its_stops_in_order_with_room_between(town: Town) -> None:
    places = [town.place() for _ in range(3)]
    version = drafted(town, a_route(town), [places[2], places[0], places[1]])
    assert (version.number, version.state, version.stop_count) == (1, "draft", 3)
    assert version.length_m == pytest.approx(3 * 91.3, abs=0.5)
    stops = town.all(select(Stop).order_by(Stop.sequence))
    assert [(s.sequence, s.service_point_id) for s in stops] == [
        (10, places[2].id),
        (20, places[0].id),
        (30, places[1].id),
    ]


def test_a_draft_with_a_place_twice_or_unknown_is_refused(town: Town) -> None:
    route, place = a_route(town), town.place()
    for ids in ([place.id, place.id], [new_id()]):
        with pytest.raises(Problem, match="invalid"), town.work("gus") as work:
            route_versions.draft(work, route.id, ids)


def test_publishing_retires_the_version_before(town: Town) -> None:
    route, places = a_route(town), [town.place(), town.place()]
    published(town, route, places)
    published(town, route, places[:1])
    states = town.all(select(RouteVersion.state).order_by(RouteVersion.number))
    assert states == ["retired", "published"]


def test_of_two_first_drafts_the_second_takes_the_first_away_only_as_a_copy(town: Town) -> None:
    route = a_route(town)
    first, second = drafted(town, route, [town.place()]), drafted(town, route, [town.place()])
    with town.work("gus") as work:
        route_versions.publish(work, first.id)
    with pytest.raises(Problem, match="conflict"), town.work("gus") as work:
        route_versions.publish(work, second.id)
    with town.work("gus") as work:
        assert route_versions.publish(work, route_versions.copy(work, second.id).id).state == "published"


def test_only_a_gis_editor_publishes_and_only_a_draft_with_stops(town: Town) -> None:
    route, places = a_route(town), [town.place()]
    version = drafted(town, route, places)
    for name in ("dana", "sue", "tom"):
        with pytest.raises(Problem, match="forbidden"), town.work(name) as work:
            route_versions.publish(work, version.id)
    published(town, route, places)
    for wrong in (drafted(town, route, []), town.all(select(RouteVersion).where(RouteVersion.number == 2))[0]):
        with pytest.raises(Problem, match="conflict"), town.work("gus") as work:
            route_versions.publish(work, wrong.id)


def test_a_service_point_is_on_one_published_route(town: Town) -> None:
    place = town.place()
    published(town, a_route(town, "0101"), [place])
    with pytest.raises(Problem, match=r"SP-000001 \(on 0101\)"):
        published(town, a_route(town, "0102"), [place])


def test_a_route_that_is_walked_is_published_only_by_force(town: Town) -> None:
    route, places = a_route(town), [town.place()]
    session = walked(town, published(town, route, places))
    with pytest.raises(Problem, match="conflict"):
        published(town, route, places)
    newer = published(town, route, places, force=True)
    assert session.route_version_id != newer.id


def test_a_session_brings_the_route_to_the_tablet_and_closing_it_takes_it_away(town: Town) -> None:
    places = [town.place() for _ in range(3)]
    version = published(town, a_route(town), places)
    session = walked(town, version)
    bucket = scope.route_bucket(version.id)
    held = town.all(select(BucketRow.entity_type).where(BucketRow.bucket == bucket))
    assert sorted(held) == ["service_point"] * 3 + ["stop"] * 3
    with pytest.raises(Problem, match="conflict"):
        walked(town, version)
    second = walked(town, version, technician="tess")
    assert len(town.all(select(BucketRow.entity_id).where(BucketRow.bucket == bucket))) == 6
    for one in (session, second):
        with town.work("dana") as work:
            routes.close_session(work, one.id, if_version=1)
    assert town.all(select(BucketRow.entity_id).where(BucketRow.bucket == bucket)) == []
    kinds = town.all(select(ChangeLog.kind).where(ChangeLog.bucket == bucket).order_by(ChangeLog.id))
    assert kinds == ["P"] * 6 + ["X"] * 6


def test_a_crew_lead_sends_the_own_crew_only(town: Town) -> None:
    version = published(town, a_route(town), [town.place()])
    with pytest.raises(Problem, match="forbidden"):
        walked(town, version, by="lee", technician="tom")
    assert walked(town, version, by="lee", technician="lee").state == "open"


def test_only_a_technician_walks_a_published_version(town: Town) -> None:
    route, places = a_route(town), [town.place()]
    with pytest.raises(Problem, match="conflict"):
        walked(town, drafted(town, route, places))
    with pytest.raises(Problem, match="assigned_technician_invalid"):
        walked(town, published(town, route, places), technician="carla")


def test_a_code_is_given_once_and_names_change(town: Town) -> None:
    route = a_route(town)
    with pytest.raises(Problem, match="conflict"), town.work("gus") as work:
        routes.create(work, code="0101", name="Again", cycle_id=route.cycle_id)
    with town.work("dana") as work:
        assert routes.edit(work, route.id, name="Mill Valley", if_version=1).version == 2
        assert routes.edit_cycle(work, route.cycle_id, name="First week", if_version=1).name == "First week"
