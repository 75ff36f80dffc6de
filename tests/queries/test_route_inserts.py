"""Where a new service fits: between the two stops where it adds the least way."""

import pytest

from curbstop.domain.problems import Problem
from curbstop.models import ServicePoint
from curbstop.queries import route_inserts
from tests import tap_requests as build
from tests.commands.test_routes import a_route, published
from tests.town import Place, Town


def test_the_least_added_way_wins_and_the_other_routes_follow(town: Town) -> None:
    # Places stand along a line, 91 m apart, from -78.999 on.
    places = [town.place() for _ in range(6)]
    near, far = a_route(town, "0101"), a_route(town, "0102")
    published(town, near, [places[0], places[1], places[3]])
    published(town, far, [places[4], places[5]])
    point, _ = build.untapped(town, at=(-78.9971, 35.0001))
    with town.sessions.read() as session:
        found = route_inserts.propose(session, town.actor("gus"), point)
    assert [one.route_code for one in found] == ["0101", "0102"]
    best = found[0]
    assert (best.after_address, best.before_address, best.sequence, best.renumbered) == (
        "2 Main St",
        "4 Main St",
        25,
        0,
    )
    assert best.added_m < 5
    assert (found[1].after_stop_id, found[1].before_address) == (None, "5 Main St")


def test_far_from_every_route_nothing_is_proposed(town: Town) -> None:
    published(town, a_route(town), [town.place()])
    point, _ = build.untapped(town, at=(-70.0, 35.0))
    with town.sessions.read() as session:
        assert route_inserts.propose(session, town.actor("carla"), point) == []


def _nowhere(town: Town) -> Place:
    place = town.place()
    with town.work() as work:
        work.session.get_one(ServicePoint, place.id).location = None
    return place


def test_a_place_that_is_on_a_route_or_nowhere_is_refused(town: Town) -> None:
    place, lost = town.place(), _nowhere(town)
    published(town, a_route(town), [place])
    with town.sessions.read() as session:
        with pytest.raises(Problem, match="is on route 0101 already"):
            route_inserts.propose(session, town.actor("gus"), place.id)
        with pytest.raises(Problem, match="Nobody has said where"):
            route_inserts.propose(session, town.actor("gus"), lost.id)


def test_a_stop_that_nobody_placed_has_no_new_neighbor(town: Town) -> None:
    published(town, a_route(town), [town.place(), _nowhere(town), town.place(), town.place()])
    point, _ = build.untapped(town, at=(-78.9965, 35.0))
    with town.sessions.read() as session:
        [best] = route_inserts.propose(session, town.actor("gus"), point)
    assert (best.after_address, best.before_address) == ("3 Main St", "4 Main St")
