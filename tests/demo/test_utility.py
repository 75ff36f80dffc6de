"""The made-up utility is whole, walkable, and the same from the same seed."""

import pytest
from sqlalchemy import func, select

from curbstop.commands import secrets
from curbstop.demo.people import PEOPLE
from curbstop.demo.town import Town
from curbstop.demo.utility import generate, route_sizes
from curbstop.models import AuditEntry, Customer, Meter, Reading, ServiceOrder, ServicePoint, Staff, Stop
from curbstop.models.engine import Sessions
from curbstop.settings import Settings

POINTS = 210


@pytest.mark.parametrize("points", [1, 199, 200, 401, 450, 5_000, 100_000])
def test_routes_have_two_to_four_hundred_stops_where_that_can_be(points: int) -> None:
    sizes = route_sizes(points)
    assert sum(sizes) == points
    assert max(sizes) <= 400
    assert min(sizes) >= min(200, points)


def test_no_two_places_of_a_town_have_one_address_or_one_spot() -> None:
    places = list(Town(5_000).places())
    assert len(places) == 5_000
    assert len({place.address for place in places}) == 5_000
    assert len({(place.longitude, place.latitude) for place in places}) == 5_000


def test_a_larger_town_has_names_for_all_its_streets() -> None:
    assert len({place.address for place in Town(40_000).places()}) == 40_000


def test_the_utility_is_whole(sessions: Sessions, settings: Settings) -> None:
    told: list[tuple[str, int, int]] = []
    made = generate(sessions, settings, POINTS, progress=lambda *how: told.append(how))
    assert ("service points", POINTS, POINTS) in told
    with sessions.read() as session:
        counted = {
            model: session.scalar(select(func.count()).select_from(model))
            for model in (ServicePoint, Customer, Meter, Stop, Staff, ServiceOrder, Reading)
        }
        assert {model.__tablename__: many for model, many in counted.items()}.items() <= made.items()
        assert counted[Staff] == len(PEOPLE)
        audited = select(func.count()).select_from(AuditEntry).where(AuditEntry.entity_type == "service_point")
        assert (session.scalar(audited) or 0) >= POINTS
        sealed = session.scalars(select(ServicePoint).where(ServicePoint.gate_code_sealed.is_not(None))).all()
        assert sealed
        for point in sealed:
            assert point.gate_code_sealed is not None
            assert secrets.unseal(settings, point.id, point.gate_code_sealed).endswith("#")


def test_the_same_seed_makes_the_same_people_live_at_the_same_places(sessions: Sessions, settings: Settings) -> None:
    generate(sessions, settings, 30, seed=7)
    with sessions.read() as session:
        names = session.scalars(select(Customer.name).order_by(Customer.number)).all()
        addresses = session.scalars(select(ServicePoint.address).order_by(ServicePoint.number)).all()
    assert addresses[:2] == ["101 Alder St", "103 Alder St"]
    assert len(names) == 30
    assert (names[0], names[-1]) == ("Alma Engel", "Uma Vogel")
