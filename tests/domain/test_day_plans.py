"""A day as a plan: who is reached when, and which appointments can be kept."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.day_plans import Task, arrivals, fits
from curbstop.models.ids import new_id

EIGHT = datetime(2026, 11, 23, 8, tzinfo=UTC)


def at(hour: float) -> datetime:
    return EIGHT + timedelta(hours=hour - 8)


def task(minutes: int, start: float | None = None, end: float | None = None) -> Task:
    return Task(new_id(), minutes, at(start) if start is not None else None, at(end) if end is not None else None)


def test_each_is_reached_after_the_work_before_it_and_the_way() -> None:
    found = arrivals([task(20), task(30), task(10)], begins=EIGHT, travel_minutes=5)
    assert [(one.at - EIGHT).seconds // 60 for one in found] == [5, 30, 65]
    assert [one.kept for one in found] == [None, None, None]


def test_who_comes_early_waits_and_who_comes_late_broke_it() -> None:
    found = arrivals([task(20, 13, 17), task(30, 8, 12)], begins=EIGHT, travel_minutes=5)
    assert [(one.at, one.kept) for one in found] == [(at(13), True), (at(13) + timedelta(minutes=25), False)]


def test_a_morning_holds_only_so_many_appointments() -> None:
    hours = [task(60, 8, 12) for _ in range(4)]
    assert fits(hours, travel_minutes=0)
    assert fits([*hours, task(60, 8, 12)], travel_minutes=0)  # the fifth is reached at twelve
    assert not fits([task(60, 8, 12) for _ in range(6)], travel_minutes=0)
    assert fits([*hours, task(500)], travel_minutes=0)


@given(st.lists(st.tuples(st.integers(1, 300), st.sampled_from([(8, 12), (13, 17), (12, 17)])), max_size=5))
def test_what_fits_can_be_done_in_some_order_and_what_does_not_in_none(
    asked: list[tuple[int, tuple[int, int]]],
) -> None:
    tasks = [task(minutes, *window) for minutes, window in asked]
    begins = min((one.window_start for one in tasks if one.window_start is not None), default=EIGHT)
    possible = any(
        all(one.kept for one in arrivals(order, begins=begins, travel_minutes=0)) for order in permutations(tasks)
    )
    found = fits(tasks, travel_minutes=0)
    # Never promised in vain; and where windows do not overlap, never refused in vain.
    assert possible or not found
    assert found or not possible or {(12, 17), (13, 17)} <= {window for _, window in asked}
