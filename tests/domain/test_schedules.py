"""On which days a schedule comes, and what it may be said to mean."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.closures import Closures
from curbstop.domain.problems import Problem
from curbstop.domain.schedules import Places, Rule, Unit

CLOSURES = Closures.of(["sat", "sun"], {date(2026, 11, 26), date(2026, 11, 27), date(2027, 1, 1)})


def days(every: int, unit: Unit, starts_on: date, business_day: int | None = None) -> list[str]:
    coming = Rule(every, unit, starts_on, business_day).coming(0, CLOSURES, 3)
    return [f"{day:%a %m-%d}" for day in coming]


def test_days_weeks_and_months_come_on_open_days() -> None:
    assert days(3, Unit.DAY, date(2026, 11, 23)) == ["Mon 11-23", "Mon 11-30", "Mon 11-30"]
    assert days(1, Unit.WEEK, date(2026, 11, 19)) == ["Thu 11-19", "Mon 11-30", "Thu 12-03"]
    assert days(1, Unit.MONTH, date(2026, 12, 31)) == ["Thu 12-31", "Mon 02-01", "Mon 03-01"]
    assert days(2, Unit.MONTH, date(2026, 11, 2)) == ["Mon 11-02", "Mon 01-04", "Tue 03-02"]


def test_a_month_can_come_on_its_first_or_last_open_day() -> None:
    assert days(1, Unit.MONTH, date(2026, 11, 2), 1) == ["Mon 11-02", "Tue 12-01", "Mon 01-04"]
    assert days(1, Unit.MONTH, date(2026, 11, 2), -1) == ["Mon 11-30", "Thu 12-31", "Fri 01-29"]
    assert days(1, Unit.MONTH, date(2026, 11, 2), 5) == ["Fri 11-06", "Mon 12-07", "Fri 01-08"]


@given(
    st.integers(1, 60), st.sampled_from(Unit), st.dates(date(2024, 1, 1), date(2028, 1, 1)), st.integers(0, 40),
    st.integers(-15, 15).filter(bool),
)  # fmt: skip
def test_periods_follow_one_another_and_are_open_days(
    every: int, unit: Unit, starts_on: date, number: int, business_day: int
) -> None:
    rule = Rule(every, unit, starts_on, business_day if unit is Unit.MONTH else None)
    first, second = rule.day(number, CLOSURES), rule.day(number + 1, CLOSURES)
    assert first <= second
    assert not CLOSURES.is_closed(first)


@pytest.mark.parametrize(
    ("every", "unit", "business_day"),
    [(0, Unit.DAY, None), (401, Unit.DAY, None), (1, Unit.WEEK, 1), (1, Unit.MONTH, 0), (1, Unit.MONTH, 16)],
)
def test_a_rule_that_means_nothing_is_refused(every: int, unit: Unit, business_day: int | None) -> None:
    with pytest.raises(Problem, match="invalid"):
        Rule(every, unit, date(2026, 11, 2), business_day)


@pytest.mark.parametrize(
    "said",
    [
        {}, {"town": "all"}, {"physical_states": ["wet"]}, {"physical_states": "off"}, {"route_id": "seven"},
        {"account_statuses": [3]}, {"service_point_ids": ["x"]}, {"physical_states": []},
        {"temp_service": "yes"}, {"temp_service": False},
    ],
)  # fmt: skip
def test_places_that_mean_nothing_or_everything_are_refused(said: dict[str, Any]) -> None:
    with pytest.raises(Problem) as refused:
        Places.of(said)
    assert refused.value.extra["field"] == "places"


def test_places_survive_being_stored() -> None:
    said = {"physical_states": ["off_locked"], "cycle_id": "01890a5d-ac96-774b-bcce-b302099a8057"}
    assert Places.of(Places.of(said).to_json()) == Places.of(said)
