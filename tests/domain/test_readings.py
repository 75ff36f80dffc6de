"""Readings: rollover or misread, usage, limits, digits, and sums over registers."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.problems import Problem
from curbstop.domain.readings import (
    RegisterFacts,
    average_daily,
    expected_usage,
    judge,
    parse_reading,
    total_usage,
)

FIVE = RegisterFacts(dials=5)
units = st.integers(0, 99_999).map(Decimal)
multipliers = st.decimals(Decimal("0.0001"), Decimal(1000), places=4)


def codes(previous: int, current: int, expected: int | None = None, *, reverse: bool = False) -> list[str]:
    wanted = None if expected is None else Decimal(expected)
    verdict = judge(FIVE, Decimal(previous), Decimal(current), expected=wanted, reverse_flow=reverse)
    return [finding.code for finding in verdict.findings]


@pytest.mark.parametrize("expected", [None, Decimal(12)])
def test_a_register_near_its_end_rolls_over(expected: Decimal | None) -> None:
    verdict = judge(FIVE, Decimal(99_998), Decimal(12), expected=expected)
    assert (verdict.usage, verdict.rolled_over) == (Decimal(14), True)


@pytest.mark.parametrize("expected", [None, Decimal(12), Decimal(60_000)])
def test_a_register_in_the_middle_does_not_roll_over(expected: Decimal | None) -> None:
    verdict = judge(FIVE, Decimal(50_000), Decimal(12), expected=expected)
    assert verdict.usage is None
    assert [finding.code for finding in verdict.findings] == ["NEGATIVE"]


def test_a_rollover_with_impossible_usage_is_a_misread() -> None:
    assert codes(85_000, 20_000, expected=12) == ["NEGATIVE"]


def test_water_that_ran_backward_is_never_a_rollover() -> None:
    assert codes(99_998, 12, expected=12, reverse=True) == ["NEGATIVE_REVERSE"]


@pytest.mark.parametrize(
    ("current", "expected_codes"),
    [(100, ["ZERO"]), (109, ["LOW"]), (110, []), (190, []), (191, ["HIGH"])],
)
def test_usage_outside_the_limits_is_flagged_and_kept(current: int, expected_codes: list[str]) -> None:
    verdict = judge(FIVE, Decimal(100), Decimal(current), expected=Decimal(50))
    assert verdict.usage == current - 100
    assert [finding.code for finding in verdict.findings] == expected_codes


def test_the_limits_have_a_floor_and_a_ceiling() -> None:
    small = judge(FIVE, Decimal(0), Decimal(5), expected=Decimal(1))
    large = judge(FIVE, Decimal(0), Decimal(1000), expected=Decimal(1000))
    assert (small.high_limit, small.low_limit) == (Decimal(10), Decimal("0.4"))
    assert (large.high_limit, large.low_limit) == (Decimal(1800), Decimal(10))


@pytest.mark.parametrize("value", ["100000", "12a", "", ".", "-5", "1.5", "1e3", "\u0663", "\uff11", 3.0])
def test_what_the_register_cannot_show_is_no_reading(value: str) -> None:
    with pytest.raises(Problem) as caught:
        parse_reading(value, FIVE)
    assert caught.value.code == "reading_invalid"


def test_leading_zeros_and_decimals_are_read_as_the_dials_show_them() -> None:
    assert parse_reading("00012", FIVE) == 12
    assert parse_reading("00012.50", RegisterFacts(5, decimals=1)) == Decimal("12.5")
    assert parse_reading(12, FIVE) == 12


@given(previous=units, current=units, expected=st.none() | units)
def test_no_negative_usage_is_ever_billed(previous: Decimal, current: Decimal, expected: Decimal | None) -> None:
    verdict = judge(FIVE, previous, current, expected=expected)
    assert verdict.usage is None or 0 <= verdict.usage < FIVE.capacity
    assert verdict.usage is not None or any(finding.severity == "reject" for finding in verdict.findings)


@given(readings=st.lists(units, min_size=2, max_size=8))
def test_the_sum_over_any_split_equals_the_whole(readings: list[Decimal]) -> None:
    ordered = sorted(readings)
    parts = [judge(FIVE, a, b).usage for a, b in pairwise(ordered)]
    assert total_usage([(part, Decimal(1)) for part in parts]) == judge(FIVE, ordered[0], ordered[-1]).usage


@given(start=st.integers(90_000, 99_999), used=st.integers(1, 10_000))
def test_a_rollover_counts_the_same_as_a_longer_register(start: int, used: int) -> None:
    rolled = judge(FIVE, Decimal(start), Decimal((start + used) % 100_000), expected=Decimal(used))
    longer = judge(RegisterFacts(dials=6), Decimal(start), Decimal(start + used), expected=Decimal(used))
    assert rolled.usage == longer.usage == used


@given(parts=st.lists(st.tuples(units, multipliers), min_size=1, max_size=4))
def test_registers_add_up_exactly(parts: list[tuple[Decimal, Decimal]]) -> None:
    total = total_usage(list(parts))
    assert total is not None
    scaled = sum(int(usage) * int(multiplier * 10_000) for usage, multiplier in parts)
    assert total * 10_000 == scaled


def test_one_register_that_may_not_be_billed_holds_the_sum_back() -> None:
    assert total_usage([(Decimal(5), Decimal(1)), (None, Decimal(10))]) is None


def test_the_daily_average_leaves_estimates_out() -> None:
    periods = [(Decimal(60), 30, True), (Decimal(900), 30, False), (Decimal(30), 15, True)]
    assert average_daily(periods) == 2
    assert average_daily([(Decimal(900), 30, False)]) is None


def test_two_readings_on_one_day_count_as_a_day() -> None:
    assert expected_usage(Decimal(2), date(2026, 5, 1), date(2026, 5, 1)) == 2
    assert expected_usage(None, date(2026, 5, 1), date(2026, 5, 31)) is None
