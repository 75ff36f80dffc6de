"""The utility's calendar counts in business days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.closures import Closures

DAYS = st.dates(date(2020, 1, 1), date(2035, 1, 1))
THANKSGIVING = {date(2026, 11, 26), date(2026, 11, 27)}
CLOSURES = Closures.of(["sat", "sun"], THANKSGIVING)


def test_a_weekend_and_a_holiday_are_closed() -> None:
    assert [CLOSURES.is_closed(date(2026, 11, day)) for day in (25, 26, 27, 28, 29, 30)] == [
        False, True, True, True, True, False,
    ]  # fmt: skip


def test_business_days_leave_out_closed_ones() -> None:
    wednesday = date(2026, 11, 25)
    assert CLOSURES.add_business_days(wednesday, 1) == date(2026, 11, 30)
    assert CLOSURES.add_business_days(wednesday, 0) == wednesday
    assert CLOSURES.business_days_between(wednesday, date(2026, 12, 1)) == 2


@given(day=DAYS, count=st.integers(0, 40))
def test_adding_and_counting_are_each_others_inverse(day: date, count: int) -> None:
    later = CLOSURES.add_business_days(day, count)
    assert CLOSURES.business_days_between(day, later) == count
    assert count == 0 or not CLOSURES.is_closed(later)


@given(day=DAYS, span=st.integers(0, 60))
def test_no_more_business_days_than_days(day: date, span: int) -> None:
    assert 0 <= CLOSURES.business_days_between(day, day + timedelta(days=span)) <= span


def test_a_calendar_that_never_opens_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="closed for more than 60 days"):
        Closures(frozenset(range(7))).add_business_days(date(2026, 1, 1), 1)
