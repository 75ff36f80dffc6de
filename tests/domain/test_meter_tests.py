"""Accuracy tests: computed from volumes, limits inclusive, weights that count."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.meter_tests import FLOWS, Limits, Run, judge

LIMITS = {
    "low": Limits(Decimal(95), Decimal(101), 15),
    "mid": Limits(Decimal("98.5"), Decimal("101.5"), 70),
    "high": Limits(Decimal("98.5"), Decimal("101.5"), 15),
}


def runs(low: str, mid: str, high: str) -> list[Run]:
    return [
        Run(flow, Decimal(100), Decimal(registered)) for flow, registered in zip(FLOWS, (low, mid, high), strict=True)
    ]


@pytest.mark.parametrize(
    ("volumes", "passed", "over"),
    [
        (("95", "98.5", "101.5"), True, False),
        (("94.99", "100", "100"), False, False),
        (("100", "101.51", "100"), False, True),
        (("0", "0", "0"), False, False),
    ],
)
def test_the_limits_pass_and_what_lies_beyond_them_fails(
    volumes: tuple[str, str, str], passed: bool, over: bool
) -> None:
    verdict = judge(runs(*volumes), LIMITS)
    assert (verdict.passed, verdict.over_registers) == (passed, over)


def test_the_average_is_weighed_by_the_flow() -> None:
    assert judge(runs("90", "100", "110"), LIMITS).average == Decimal("100.00")
    assert judge(runs("80", "100", "100"), LIMITS).average == Decimal("97.00")


@given(
    reference=st.decimals(Decimal("0.1"), Decimal(1000), places=2),
    registered=st.decimals(Decimal(0), Decimal(1000), places=2),
)
def test_a_verdict_agrees_with_its_own_accuracies(reference: Decimal, registered: Decimal) -> None:
    verdict = judge([Run(flow, reference, registered) for flow in FLOWS], LIMITS)
    inside = {flow: LIMITS[flow].least <= verdict.accuracies[flow] <= LIMITS[flow].most for flow in FLOWS}
    assert verdict.passed == all(inside.values())
    assert set(verdict.failed_flows) == {flow for flow, good in inside.items() if not good}
    assert min(verdict.accuracies.values()) <= verdict.average <= max(verdict.accuracies.values())
