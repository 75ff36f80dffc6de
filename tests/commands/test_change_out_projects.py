"""Planned change-outs: chosen, approved by another, made in slices, followed by route and week, paused and closed."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, select, update

from curbstop.commands import change_out_projects as projects
from curbstop.commands import field_work, leases, review
from curbstop.commands.change_out_projects import Choice
from curbstop.commands.field_work import Visit
from curbstop.domain.change_out_projects import STEPS, ProjectEvent, ProjectState, step
from curbstop.domain.problems import Problem
from curbstop.models import Installation, Meter, ProjectPlace, ServiceOrder
from curbstop.queries import change_out_projects as queries
from tests.commands.test_change_outs import _photograph, captured
from tests.town import Place, Town


def proposed(town: Town, choice: Choice, *, by: str = "bill", name: str = "North side") -> Any:
    with town.work(by) as work:
        return projects.create(work, name, choice, instructions="Take the new radio.").id


def opened(town: Town, choice: Choice) -> Any:
    project = proposed(town, choice)
    with town.work("sue") as work:
        projects.approve(work, project)
    return project


def tick(town: Town) -> int:
    with town.work() as work:
        return projects.go_on(work)


def told(town: Town, project: Any) -> dict[str, Any]:
    with town.sessions.read() as session:
        return queries.get(session, town.actor("dana"), project)


def progress(town: Town, project: Any) -> tuple[int, int, int]:
    found = told(town, project)
    return found["done"], found["left"], found["blocked"]


@pytest.mark.parametrize("state", ProjectState)
@pytest.mark.parametrize("what", ProjectEvent)
def test_a_step_is_in_the_table_or_refused(state: ProjectState, what: ProjectEvent) -> None:
    if (state, what) in STEPS:
        assert step(state, what) is STEPS[state, what]
    else:
        with pytest.raises(Problem, match="impossible_transition"):
            step(state, what)


@pytest.mark.parametrize(
    ("choose", "count"),
    [
        (lambda _: Choice(sizes=["5/8"]), 3),
        (lambda _: Choice(sizes=["2"]), 1),
        (lambda _: Choice(models=["OLD"], sizes=["5/8"]), 1),
        (lambda _: Choice(installed_before=date(2099, 1, 1)), 4),
        (lambda _: Choice(numbers=["SP-000001", "SP-000004"]), 2),
        (lambda _: Choice(routes=["R4"]), 2),
    ],
)
def test_meters_are_chosen_by_route_size_age_model_or_list(
    town: Town, choose: Callable[[Town], Choice], count: int
) -> None:
    places = [town.place() for _ in range(4)]
    town.route(places[:2], to="tom")
    with town.sessions.write() as session:
        session.execute(update(Meter).where(Meter.id == places[0].meter_id).values(model="OLD"))
        session.execute(update(Meter).where(Meter.id == places[3].meter_id).values(size="2"))
    project = proposed(town, choose(town))
    assert len(town.all(select(ProjectPlace).where(ProjectPlace.project_id == project))) == count


def test_nothing_chosen_nothing_fitting_and_unknown_places_are_said(town: Town) -> None:
    town.place()
    for choice, code in (
        (Choice(), "invalid"), (Choice(sizes=["12"]), "invalid"), (Choice(numbers=["SP-99"]), "not_found"),
    ):  # fmt: skip
        with pytest.raises(Problem, match=code):
            proposed(town, choice)
    with pytest.raises(Problem, match="forbidden"):
        proposed(town, Choice(sizes=["5/8"]), by="carla")


def test_no_order_is_made_before_a_supervisor_approved_who_did_not_propose_it(town: Town) -> None:
    town.place()
    project = proposed(town, Choice(sizes=["5/8"]), by="sue")
    assert tick(town) == 0
    with pytest.raises(Problem, match="four_eyes"), town.work("sue") as work:
        projects.approve(work, project)
    with pytest.raises(Problem, match="forbidden"), town.work("bill") as work:
        projects.approve(work, project)


def test_orders_are_made_in_slices_and_an_open_one_is_taken_as_it_is(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projects, "STEP", 2)
    places = [town.place() for _ in range(3)]
    there = town.order("MTR_XCHG", places[0])
    project = opened(town, Choice(sizes=["5/8"]))
    assert [tick(town), tick(town), tick(town)] == [2, 1, 0]
    orders = town.all(select(ServiceOrder).where(ServiceOrder.source == "project"))
    assert [(order.state, order.instructions) for order in orders] == [("ready", "Take the new radio.")] * 2
    assert {order.account_id for order in orders} == {places[1].account_id, places[2].account_id}
    assert there in town.all(select(ProjectPlace.order_id))
    assert progress(town, project) == (0, 3, 0)


def test_a_slice_costs_the_same_whatever_its_size(town: Town) -> None:
    def statements(count: int, name: str) -> int:
        for _ in range(count):
            town.place()
        project = proposed(town, Choice(sizes=["5/8"]), name=name)
        with town.work("sue") as work:
            projects.approve(work, project)
        seen = 0

        def note(*_: Any) -> None:
            nonlocal seen
            seen += 1

        event.listen(town.sessions.engine, "before_cursor_execute", note)
        try:
            assert tick(town) == count
        finally:
            event.remove(town.sessions.engine, "before_cursor_execute", note)
        return seen

    assert statements(40, "Many") <= statements(2, "Few") + 8


def test_a_meter_that_is_changed_is_done_and_a_returned_order_is_blocked(town: Town) -> None:
    places = [town.place() for _ in range(3)]
    town.route(places[:2], to="tess")
    project = opened(town, Choice(sizes=["5/8"]))
    tick(town)
    _change(town, places[0])
    with town.sessions.write() as session:
        session.execute(
            update(ServiceOrder).where(ServiceOrder.service_point_id == places[1].id).values(state="returned")
        )
    assert progress(town, project) == (1, 1, 1)
    found = told(town, project)
    assert [(route["route_code"], route["done"], route["left"], route["blocked"]) for route in found["by_route"]] in (
        [(None, 0, 1, 0), ("R3", 1, 0, 1)],
        [("R3", 1, 0, 1), (None, 0, 1, 0)],
    )
    assert [week["done"] for week in found["by_week"]] == [1]


def _change(town: Town, place: Place) -> None:
    [order] = town.all(select(ServiceOrder.id).where(ServiceOrder.service_point_id == place.id))
    town.assign(order, "tom")
    with town.work("tom") as work:
        leases.mark_pulled(work)
    with town.work("tom") as work:
        _photograph(work, order)
        field_work.complete(work, order, Visit(outcome="DONE", captures=captured(place)))
    with town.work("bill") as work:
        review.post(work, order)


def test_the_map_s_layer_has_places_and_no_customer(town: Town) -> None:
    town.place()
    project = opened(town, Choice(sizes=["5/8"]))
    with town.sessions.read() as session:
        layer = queries.layer(session, town.actor("gus"), project)
    [feature] = layer["features"]
    assert feature["geometry"]["coordinates"] == pytest.approx([-78.999, 35.0])
    assert feature["properties"] == {"progress": "left", "route": None}


def test_a_paused_project_makes_none_and_a_closed_one_takes_back_what_waits(town: Town) -> None:
    places = [town.place() for _ in range(3)]
    project = opened(town, Choice(sizes=["5/8"]))
    with town.work("bill") as work:
        projects.pause(work, project, reason="No meters in stock")
    assert tick(town) == 0
    with town.work("bill") as work:
        projects.resume(work, project)
    assert tick(town) == 3
    with town.work("sue") as work:
        projects.close(work, project, reason="Next year")
    assert tick(town) == 3
    assert tick(town) == 0
    assert set(town.all(select(ServiceOrder.state))) == {"cancelled"}
    # Its places are free for another one.
    assert proposed(town, Choice(numbers=["SP-000001"]), name="Again")
    assert len(places) == len(town.all(select(Installation.id).where(Installation.removed_at.is_(None))))
