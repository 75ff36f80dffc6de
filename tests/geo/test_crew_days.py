"""A plan of the day gives nobody what they cannot do, when they cannot do it, or more than they may have."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.crew_days import Crew, Job, Seconds, WhyLeft, plan_days, why_left

HOUR = 3600
SKILLS = ["valves", "meters", "radios"]


def travel(places: int, seed: int) -> Seconds:
    spots = np.random.default_rng(seed).random((places, 2)) * 1800
    way: Seconds = np.rint(np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))).astype(np.int64)
    return way


@st.composite
def days(draw: st.DrawFn) -> tuple[Seconds, list[Crew], list[Job]]:
    places = draw(st.integers(1, 6))
    some = st.frozensets(st.sampled_from(SKILLS), max_size=2)
    crews = draw(
        st.lists(
            st.builds(
                Crew, starts_at=st.integers(0, places - 1), ends_at=st.none() | st.integers(0, places - 1),
                begins_s=st.just(8 * HOUR), ends_s=st.sampled_from([10 * HOUR, 16 * HOUR]), skills=some,
                room=st.integers(0, 4),
            ), max_size=3,
        )
    )  # fmt: skip
    jobs = draw(
        st.lists(
            st.builds(
                Job, place=st.integers(0, places - 1), takes_s=st.sampled_from([600, HOUR]),
                earliest_s=st.sampled_from([0, 9 * HOUR]), latest_s=st.sampled_from([10 * HOUR, 17 * HOUR]),
                skills=st.frozensets(st.sampled_from(SKILLS), max_size=1), weight=st.integers(1, 5),
                pinned=st.none() | st.integers(0, len(crews) - 1) if crews else st.none(),
            ), max_size=7,
        )
    )  # fmt: skip
    return travel(places, draw(st.integers(0, 9))), crews, jobs


@settings(max_examples=25)
@given(days())
def test_every_job_is_done_once_at_most_by_who_can_when_they_can(
    given_: tuple[Seconds, list[Crew], list[Job]],
) -> None:
    way, crews, jobs = given_
    found = plan_days(way, crews, jobs, seconds=0.2)
    done = [visit.job for visits in found.visits for visit in visits]
    assert sorted([*done, *found.left]) == list(range(len(jobs)))
    assert len(found.visits) == len(crews)
    for number, (crew, visits) in enumerate(zip(crews, found.visits, strict=True)):
        assert sum(jobs[visit.job].takes_room for visit in visits) <= crew.room
        here, now = crew.starts_at, crew.begins_s
        for visit in visits:
            job = jobs[visit.job]
            assert job.skills <= crew.skills
            assert job.pinned in (None, number)
            assert visit.begins_s >= now + way[here, job.place]
            assert job.earliest_s <= visit.begins_s <= job.latest_s
            here, now = job.place, visit.begins_s + job.takes_s
        home = 0 if crew.ends_at is None or not visits else way[here, crew.ends_at]
        assert now + home <= crew.ends_s
    assert set(why_left(way, crews, jobs, found)) == set(found.left)


ONE = Crew(starts_at=0, begins_s=8 * HOUR, ends_s=12 * HOUR, skills=frozenset({"valves"}), room=2)
WAY = np.array([[0, 600], [600, 0]])


@pytest.mark.parametrize(
    ("jobs", "reasons"),
    [
        ([Job(place=1, skills=frozenset({"radios"}))], [WhyLeft.NO_SKILL]),
        ([Job(place=1, skills=frozenset({"radios"}), pinned=0)], [WhyLeft.PINNED_WITHOUT_SKILL]),
        ([Job(place=1, earliest_s=13 * HOUR)], [WhyLeft.OUT_OF_HOURS]),
        ([Job(place=1, latest_s=8 * HOUR)], [WhyLeft.OUT_OF_HOURS]),
        ([Job(place=1, takes_s=600) for _ in range(3)], [WhyLeft.NO_ROOM]),
        ([Job(place=1, takes_s=150 * 60) for _ in range(2)], [WhyLeft.NO_TIME]),
    ],
)
def test_what_nobody_does_has_its_reason(jobs: list[Job], reasons: list[WhyLeft]) -> None:
    found = plan_days(WAY, [ONE], jobs, seconds=0.2)
    assert list(why_left(WAY, [ONE], jobs, found).values()) == reasons


def test_the_light_gives_way_to_the_heavy() -> None:
    jobs = [Job(place=1, takes_s=150 * 60, weight=weight) for weight in (1, 5, 2)]
    assert plan_days(WAY, [ONE], jobs, seconds=0.3).left == (0, 2)


def test_heavy_work_does_not_push_out_what_is_pinned() -> None:
    jobs = [Job(place=1, takes_s=150 * 60, pinned=0), *(Job(place=1, takes_s=70 * 60, weight=5) for _ in range(4))]
    assert 0 not in plan_days(WAY, [replace(ONE, room=9)], jobs, seconds=0.3).left


def test_nothing_to_do_and_nobody_to_do_it() -> None:
    assert plan_days(WAY, [], [Job(place=1)]).left == (0,)
    assert plan_days(WAY, [ONE], []).visits == ((),)


def test_it_ends_when_nobody_wants_it_any_more() -> None:
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 5

    far = replace(ONE, room=100, ends_s=20 * HOUR)
    plan_days(travel(30, 1), [far], [Job(place=n, takes_s=60) for n in range(30)], seconds=60, cancelled=cancelled)
    assert len(asked) < 20
