"""Until when a temporary service may stay out, and what it comes to."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.problems import Problem
from curbstop.domain.readings import RegisterFacts
from curbstop.domain.temp_services import TemporaryPolicy, bill, expiry, renewed

POLICY = TemporaryPolicy(longest_days=180, warn_days=14, renewal_days=90, most_renewals=2)
SET = datetime(2026, 5, 4, 14, tzinfo=UTC)
DAY = timedelta(days=1)


def test_it_stays_out_as_asked_but_never_longer_than_the_policy_lets_it() -> None:
    assert expiry(POLICY, SET, SET + 30 * DAY) == SET + 30 * DAY
    assert expiry(POLICY, SET, SET + 400 * DAY) == SET + 180 * DAY
    with pytest.raises(Problem, match="before it was set"):
        expiry(POLICY, SET, SET)


def test_a_renewal_counts_from_the_end_or_from_today_and_not_for_ever() -> None:
    assert renewed(POLICY, SET, 0, SET - 5 * DAY) == SET + 90 * DAY
    assert renewed(POLICY, SET, 1, SET + 5 * DAY) == SET + 95 * DAY
    with pytest.raises(Problem, match="not_renewable"):
        renewed(POLICY, SET, 2, SET)


HYDRANT = RegisterFacts(6, 0, Decimal(10))


def test_the_bill_is_the_difference_times_the_multiplier_in_gallons() -> None:
    cubic = bill(HYDRANT, "CF", (Decimal(100), Decimal(150)), SET, SET + 31 * DAY)
    assert (cubic.used, cubic.gallons, cubic.days) == (Decimal(500), Decimal("3740.3"), 31)


def test_a_rolled_register_counts_on_and_a_misread_is_not_billed() -> None:
    rolled = bill(HYDRANT, "GAL", (Decimal(999_990), Decimal(20)), SET, SET + DAY)
    assert rolled.used == 300
    misread = bill(HYDRANT, "GAL", (Decimal(500), Decimal(20)), SET, SET + DAY)
    assert (misread.used, misread.gallons) == (None, None)


@given(st.integers(0, 999_999), st.integers(0, 999_999))
def test_nothing_below_nought_is_ever_billed(first: int, last: int) -> None:
    found = bill(HYDRANT, "GAL", (Decimal(first), Decimal(last)), SET, SET)
    assert found.days == 1
    assert found.used is None or 0 <= found.used <= 10 * Decimal(10) ** 6
