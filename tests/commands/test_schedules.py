"""The clock makes a schedule's orders: each period once, whatever was interrupted, missed or still open."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from curbstop.commands import dispatch, policies, schedules, staff
from curbstop.commands.work import system_work
from curbstop.domain.problems import Problem
from curbstop.domain.schedules import Rule, Unit
from curbstop.models import Schedule, ScheduleRun, ServiceOrder
from curbstop.models.base import utc_now
from curbstop.models.ids import new_id
from curbstop.models.temp_service import TempService
from tests.town import Town

MONDAY = date.today() + timedelta(days=70 - date.today().weekday())  # noqa: DTZ011 - some Monday far enough ahead
LOCKED: dict[str, Any] = {"physical_states": ["off_locked"]}


@pytest.fixture(autouse=True)
def _no_public_holidays(town: Town) -> None:
    with town.work("ada") as work:
        policies.edit(work, {"calendar": {"country": ""}}, reason="All Mondays are alike.")


class CrashError(Exception):
    """The machine goes down in the middle of a step."""


def crash(town: Town, day: date) -> None:
    with town.sessions.write() as session:
        at = datetime.combine(day, time(9), town.settings.zone)
        assert schedules.make_due(replace(system_work(session, town.settings), at=at)) == 2
        raise CrashError


def tick(town: Town, day: date, *, hour: int = 9) -> int:
    """The clock comes by on that day."""
    with town.sessions.write() as session:
        at = datetime.combine(day, time(hour), town.settings.zone)
        return schedules.make_due(replace(system_work(session, town.settings), at=at))


def plan(
    town: Town, *, by: str = "sue", places: dict[str, Any] = LOCKED, every: int = 1, unit: Unit = Unit.WEEK
) -> Any:
    with town.work(by) as work:
        rule = Rule(every, unit, MONDAY)
        return schedules.create(work, name="Checks", type_code="GEN", rule=rule, places=places, instructions="Look.").id


def orders(town: Town) -> list[ServiceOrder]:
    return town.all(select(ServiceOrder).order_by(ServiceOrder.number))


def end(town: Town) -> None:
    with town.work("dana") as work:
        for order in orders(town):
            if order.state == "ready":
                dispatch.recall(work, order.id, reason="Off.")


def test_orders_are_made_on_their_day_at_the_places_that_are_meant(town: Town) -> None:
    meant = [town.place(physical_state="off_locked") for _ in range(2)]
    town.place()
    plan(town)
    assert tick(town, MONDAY - timedelta(days=1)) == 0
    assert tick(town, MONDAY) == 2
    made = orders(town)
    assert {order.service_point_id for order in made} == {place.id for place in meant}
    assert {(order.state, order.source, order.instructions) for order in made} == {("ready", "schedule", "Look.")}
    assert {order.account_id for order in made} == {place.account_id for place in meant}
    assert all(order.due_at is not None for order in made)


def test_the_clock_may_come_as_often_as_it_likes(town: Town) -> None:
    town.place(physical_state="off_locked")
    plan(town)
    assert [tick(town, MONDAY) for _ in range(3)] == [1, 0, 0]
    [run] = town.all(select(ScheduleRun))
    assert (run.due_on, run.made, run.in_the_way) == (MONDAY, 1, 0)
    assert run.finished_at is not None


def test_no_order_is_made_where_the_last_one_is_still_open(town: Town) -> None:
    for _ in range(2):
        town.place(physical_state="off_locked")
    plan(town)
    assert tick(town, MONDAY) == 2
    with town.work("dana") as work:
        dispatch.recall(work, orders(town)[0].id, reason="Off.")
    assert tick(town, MONDAY + timedelta(days=7)) == 1
    last = town.all(select(ScheduleRun).order_by(ScheduleRun.due_on))[-1]
    assert (last.made, last.in_the_way) == (1, 1)


def test_weeks_that_nobody_was_there_for_are_made_up_for_without_doubles(town: Town) -> None:
    town.place(physical_state="off_locked")
    plan(town)
    late = MONDAY + timedelta(days=23)
    assert [tick(town, late) for _ in range(6)] == [1, 0, 0, 0, 0, 0]
    runs = town.all(select(ScheduleRun).order_by(ScheduleRun.due_on))
    assert [(run.due_on - MONDAY).days for run in runs] == [0, 7, 14, 21]
    assert [(run.made, run.in_the_way) for run in runs] == [(1, 0), (0, 1), (0, 1), (0, 1)]
    [row] = town.all(select(Schedule))
    assert row.next_on == MONDAY + timedelta(days=28)


def test_a_period_that_was_broken_off_goes_on_where_it_was(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step is a transaction of its own: what a crash undoes is made again, and nothing else is."""
    monkeypatch.setattr(schedules, "STEP", 2)
    for _ in range(5):
        town.place(physical_state="off_locked")
    plan(town)
    assert tick(town, MONDAY) == 2

    with pytest.raises(CrashError):
        crash(town, MONDAY)
    assert len(orders(town)) == 2
    assert [tick(town, MONDAY) for _ in range(3)] == [2, 1, 0]
    assert len({order.service_point_id for order in orders(town)}) == len(orders(town)) == 5
    [run] = town.all(select(ScheduleRun))
    assert run.made == 5


def test_a_pause_makes_nothing_and_is_not_made_up_for(town: Town) -> None:
    town.place(physical_state="off_locked")
    schedule = plan(town)
    with town.work("sue") as work:
        schedules.pause(work, schedule)
    assert tick(town, MONDAY) == 0
    at = datetime.combine(MONDAY + timedelta(days=8), time(9), town.settings.zone)
    with town.work("sue") as work:
        row = schedules.resume(replace(work, at=at), schedule)
    assert row.next_on == MONDAY + timedelta(days=14)
    assert tick(town, MONDAY + timedelta(days=8)) == 0
    assert tick(town, MONDAY + timedelta(days=14)) == 1


def test_another_rule_counts_from_its_first_coming_day(town: Town) -> None:
    town.place(physical_state="off_locked")
    schedule = plan(town)
    tick(town, MONDAY)
    end(town)
    at = datetime.combine(MONDAY, time(12), town.settings.zone)
    with town.work("sue") as work:
        row = schedules.edit(replace(work, at=at), schedule, {"unit": "day", "every": 1})
    assert row.next_on == MONDAY + timedelta(days=1)
    assert tick(town, MONDAY, hour=13) == 0
    assert tick(town, MONDAY + timedelta(days=1)) == 1


def test_what_cannot_be_made_pauses_its_schedule_and_says_why(town: Town) -> None:
    town.place(physical_state="off_locked")
    plan(town, by="dana")
    with town.work() as work:
        staff.edit(work, town.staff["dana"], {"active": False})
    assert tick(town, MONDAY) == 0
    [row] = town.all(select(Schedule))
    assert row.paused_at is not None
    assert row.trouble is not None
    assert "is not here any more" in row.trouble


def test_nobody_plans_what_their_role_does_not_create_nor_any_cut_off(town: Town) -> None:
    with pytest.raises(Problem, match="forbidden"):
        plan(town, by="carla")
    rule = Rule(1, Unit.WEEK, MONDAY)
    with pytest.raises(Problem, match="order_type_not_yours"), town.work("dana") as work:
        schedules.create(work, name="Cut", type_code="CUT_OFF_NP", rule=rule, places=LOCKED)
    assert town.all(select(Schedule)) == []


def test_places_can_be_those_where_a_meter_is_lent(town: Town) -> None:
    """Meter reads at hydrants and building sites; a meter that is back is read no more."""
    lent, back, _ = (town.place() for _ in range(3))
    for place in (lent, back):
        order = town.order("GEN", place)
        town.add(
            TempService(
                id=new_id(), number=f"TS-{place.serial}", service_point_id=place.id, meter_id=place.meter_id,
                hydrant="H-1", backflow_device_no="B-1", deposit_ref="D-1", set_order_id=order, opened_at=utc_now(),
                in_read=Decimal(0), expires_at=utc_now(), renewals=0, version=1,
                closed_at=utc_now() if place is back else None,
            )
        )  # fmt: skip
    end(town)
    plan(town, places={"temp_service": True})
    assert tick(town, MONDAY) == 1
    assert orders(town)[-1].service_point_id == lent.id
