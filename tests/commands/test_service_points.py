"""Service points: entering, correcting, moving, and telling the tablets that hold them."""

from typing import Any

import pytest
from sqlalchemy import event, select

from curbstop.commands import service_points
from curbstop.domain.problems import Problem
from curbstop.models import ChangeLog, ServicePoint
from curbstop.models.sqlite_geometry import point_of
from tests.town import Town

NEW: dict[str, Any] = {
    "house_number": "12", "street_name": "Elm", "street_type": "St", "unit": "Apt 3", "city": "Millbrook",
    "longitude": -79.1234567, "latitude": 35.7654321,
}  # fmt: skip


def create(town: Town, name: str = "carla", **fields: Any) -> ServicePoint:
    with town.work(name) as work:
        return service_points.create(work, {**NEW, **fields})


def test_a_service_point_gets_a_number_an_address_line_and_its_exact_place(town: Town) -> None:
    point = create(town)
    assert (point.number, point.address, point.physical_state) == ("SP-000101", "12 Elm St Apt 3", "tapped")
    (stored,) = town.all(select(ServicePoint))
    assert point_of(bytes(stored.location.data)) == (-79.1234567, 35.7654321)


@pytest.mark.parametrize(
    "wrong",
    [
        {"longitude": 181},
        {"latitude": None},
        {"latitude": float("nan")},
        {"hazards": ["dragon"]},
        {"house_number": None, "street_name": None, "street_type": None},
        {"street_name": "x" * 150},
    ],
)
def test_a_service_point_that_cannot_be_is_refused(town: Town, wrong: dict[str, Any]) -> None:
    with pytest.raises(Problem, match="invalid"):
        create(town, **wrong)


def test_the_gis_editor_enters_places_and_leaves_the_notes_to_the_office(town: Town) -> None:
    assert create(town, "gus").version == 1
    with pytest.raises(Problem, match="forbidden"):
        create(town, "gus", access_notes="Behind the shed")
    with pytest.raises(Problem, match="forbidden"):
        create(town, "tom")


def test_the_office_edits_notes_and_only_gis_moves_a_place(town: Town) -> None:
    place = town.place()
    with town.work("carla") as work:
        edited = service_points.edit(work, place.id, {"house_number": "9", "street_name": "Oak"}, if_version=1)
        assert (edited.address, edited.version, edited.field_versions["street_name"]) == ("9 Oak", 2, 2)
    moved = {"longitude": -79.5, "latitude": 35.5}
    with pytest.raises(Problem, match="forbidden"), town.work("carla") as work:
        service_points.edit(work, place.id, moved, if_version=2)
    with town.work("gus") as work:
        assert service_points.edit(work, place.id, moved, if_version=2).location_source == "surveyed"
    with pytest.raises(Problem, match="forbidden"), town.work("gus") as work:
        service_points.edit(work, place.id, {"access_notes": "x"}, if_version=None)


@pytest.mark.parametrize("name", ["tom", "gus", "dana", "ada"])
def test_an_edit_of_nothing_is_still_for_those_who_may_edit(town: Town, name: str) -> None:
    place = town.place()
    with pytest.raises(Problem, match="forbidden"), town.work(name) as work:
        service_points.edit(work, place.id, {}, if_version=None)


def test_the_physical_state_is_not_edited(town: Town) -> None:
    place = town.place()
    with pytest.raises(Problem, match="invalid"), town.work("carla") as work:
        service_points.edit(work, place.id, {"physical_state": "off"}, if_version=None)


def test_touching_many_places_tells_their_tablets_in_a_fixed_number_of_statements(town: Town) -> None:
    places = [town.place() for _ in range(12)]
    town.route(places, to="tom")
    few, many = touched(town, [p.id for p in places[:2]]), touched(town, [p.id for p in places])
    assert few == many
    versions = town.all(select(ServicePoint.version).order_by(ServicePoint.number))
    assert versions == [3, 3, *[2] * 10]
    told = town.all(select(ChangeLog.row_version).where(ChangeLog.entity_type == "service_point"))
    assert sorted(told)[-14:] == [*[2] * 12, 3, 3]


def touched(town: Town, ids: list[Any]) -> int:
    """How many statements it took."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    with town.work() as work:
        event.listen(town.sessions.engine, "before_cursor_execute", note)
        try:
            service_points.touch(work, ids)
        finally:
            event.remove(town.sessions.engine, "before_cursor_execute", note)
    return len(seen)


def test_a_touched_place_in_memory_has_its_new_version(town: Town) -> None:
    place = town.place()
    with town.work() as work:
        point = work.session.get_one(ServicePoint, place.id)
        service_points.touch(work, [place.id])
        assert point.version == 2
