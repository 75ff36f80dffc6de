"""A service point whole, by whoever asks, and in the same number of statements whatever is there."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from curbstop.commands import access_issues
from curbstop.domain.problems import Problem
from curbstop.models.ids import new_id
from curbstop.queries import meters, service_points
from curbstop.queries.page import PageRequest
from curbstop.queries.spatial import Bounds
from tests.town import Place, Town

PAGE = PageRequest()


def busy(town: Town) -> Place:
    """A place with an open order and an access issue."""
    place = town.place(access_notes="Behind the hedge", gate_code_sealed=b"sealed")
    town.order("GEN", place, to="tom")
    with town.work("tom") as work:
        access_issues.report(work, place.id, category="FOLIAGE", note="hedge")
    return place


def look(town: Town, name: str, place: Place) -> dict[str, Any]:
    with town.sessions.read() as session:
        return service_points.get(session, town.actor(name), place.id)


def test_the_office_sees_the_place_with_everything_that_is_there(town: Town) -> None:
    place = busy(town)
    found = look(town, "carla", place)
    assert (found["number"], found["has_gate_code"]) == ("SP-000001", True)
    assert "gate_code_sealed" not in found
    assert (found["longitude"], found["latitude"]) == pytest.approx((-78.999, 35.0))
    assert (found["account"]["customer_name"], found["account"]["phone"]) == ("Pat Customer 1", "555-0100")
    (meter,) = found["meters"]
    assert (meter["serial"], meter["radio_id"]) == (place.serial, "R0000001")
    assert [(r["dials"], r["last_value"], r["last_kind"]) for r in meter["registers"]] == [(6, 1000, "regular")]
    assert [(o.type_code, o.technician_name) for o in found["open_orders"]] == [("GEN", "Tom")]
    assert [issue.category for issue in found["open_access_issues"]] == ["FOLIAGE"]


def test_others_see_less_of_it(town: Town) -> None:
    place = busy(town)
    assert look(town, "tom", place)["account"] is None
    assert len(look(town, "tom", place)["open_orders"]) == 1
    assert look(town, "tess", place)["open_orders"] == []
    for name in ("gus", "ada"):
        found = look(town, name, place)
        assert (found["account"], found["open_access_issues"]) == (None, [])
        assert len(found["meters"]) == 1


def test_a_closed_account_is_not_the_place_s_account(town: Town) -> None:
    assert look(town, "carla", town.place(status="finaled"))["account"] is None


def test_an_unknown_place_is_not_found(town: Town) -> None:
    with town.sessions.read() as session, pytest.raises(Problem, match="not_found"):
        service_points.get(session, town.actor("carla"), new_id())


def test_a_full_place_costs_no_more_statements_than_an_empty_one(town: Town) -> None:
    full, empty = busy(town), town.place()
    for _ in range(3):
        town.order("READ_RE", town.place())
    assert statements(town, lambda: look(town, "carla", full)) == statements(town, lambda: look(town, "carla", empty))


def statements(town: Town, ask: Callable[[], Any]) -> int:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            seen.append(statement)

    event.listen(town.sessions.engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(town.sessions.engine, "before_cursor_execute", note)
    return len(seen)


def test_the_list_is_narrowed_by_box_number_address_city_and_state(town: Town) -> None:
    town.place(), town.place(city="Elmton", physical_state="off"), town.place()
    with town.sessions.read() as session:
        gus = town.actor("gus")

        def numbers(**filters: Any) -> list[str]:
            return [row["number"] for row in service_points.find(session, gus, PAGE, **filters).items]

        assert numbers(bounds=Bounds(-78.9985, 34.9, -78.9965, 35.1)) == ["SP-000002", "SP-000003"]
        assert numbers(number="sp-000003") == ["SP-000003"]
        assert numbers(address="2 main") == ["SP-000002"]
        assert numbers(city="Elmton") == ["SP-000002"]
        assert numbers(physical_state="off") == ["SP-000002"]


def test_pages_of_a_box_hold_every_place_once(town: Town) -> None:
    for _ in range(5):
        town.place()
    box = Bounds(-80, 34, -78, 36)
    with town.sessions.read() as session:
        seen, after = [], None
        while True:
            page = service_points.find(
                session, town.actor("dana"), PageRequest(limit=2, sort="-number", after=after), bounds=box
            )
            seen += [row["number"] for row in page.items]
            after = page.after
            if after is None:
                break
    assert seen == [f"SP-{n:06d}" for n in (5, 4, 3, 2, 1)]


def test_near_places_come_with_their_distance(town: Town) -> None:
    town.place(), town.place()
    with town.sessions.read() as session:
        found = service_points.near(
            session, town.actor("tom"), longitude=-78.999, latitude=35.0, radius_m=200, limit=10
        )
    assert [(row["number"], row["distance_m"]) for row in found] == [("SP-000001", 0.0), ("SP-000002", 91.3)]


def test_a_meter_says_where_it_is_and_was(town: Town) -> None:
    place = town.place()
    with town.sessions.read() as session:
        found = meters.get(session, town.actor("gus"), place.meter_id)
        assert (found["address"], found["status"]) == ("1 Main St", "installed")
        assert [row.service_point_number for row in found["installations"]] == ["SP-000001"]
        assert [m.serial for m in meters.find(session, town.actor("tom"), PAGE, serial="MTR").items] == [place.serial]
        assert meters.find(session, town.actor("tom"), PAGE, status=["stock"]).items == []
