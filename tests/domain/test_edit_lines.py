"""What is out of the ordinary about a line of the edit list, and what may never be billed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.consumption import Mark, period, stretch
from curbstop.domain.edit_lines import LineSeen, LineVerdict, RegisterSeen, examine, periods_of_zero
from curbstop.domain.policy import edited, profile
from curbstop.domain.problems import Problem
from curbstop.domain.reading_exceptions import TREATMENTS, ExceptionCode, Weight
from curbstop.domain.readings import ReadingKind, RegisterFacts

POLICY = profile("generic").readings
THEN = datetime(2026, 9, 1, 12, tzinfo=UTC)
TIERS = ["LOWEST", "LOWER", "LOW", "", "HIGH", "HIGHER", "HIGHEST"]


def register(before: int | str, now: int | str | None, **fields: Any) -> RegisterSeen:
    """A register of six dials that counts tens of gallons, thirty days apart."""
    later = None if now is None else Mark(THEN + timedelta(days=30), Decimal(now))
    said = {"face": RegisterFacts(6, multiplier=Decimal(10)), "unit": "GAL", "position": 1, **fields}
    return RegisterSeen(before=Mark(THEN, Decimal(before)), now=later, **said)


def line(*registers: RegisterSeen, **fields: Any) -> LineSeen:
    """A place that usually uses 6,000 gallons in thirty days."""
    return LineSeen(registers=registers, **{"days": 30, "usual_daily": Fraction(200), **fields})


def codes(verdict: LineVerdict) -> list[str]:
    return [one.code.value for one in verdict.exceptions]


@pytest.mark.parametrize(
    ("seen", "expected", "used"),
    [
        (line(register(1000, 1600)), [], 6000),
        (line(register(1000, 2081)), ["HIGH"], 10_810),
        (line(register(1000, 2801)), ["HIGHER"], 18_010),
        (line(register(1000, 4001)), ["HIGHEST"], 30_010),
        (line(register(1000, 1009)), ["LOWEST"], 90),
        (line(register(1000, 1000)), ["ZERO"], 0),
        (line(register(1000, 1000), active=False), ["ZERO_VACANT"], 0),
        (line(register(1000, 1000), occupied=False), ["ZERO_VACANT"], 0),
        (line(register(1000, 900)), ["NEGATIVE"], None),
        (line(register(999_900, 500)), ["ROLLOVER"], 6000),
        (line(register(999_900, 5000)), ["NEGATIVE"], None),
        (line(register(999_900, 500), reverse_flow=True), ["NEGATIVE_REVERSE"], None),
        (line(register(1000, None)), ["MISSING"], None),
        (line(register(1000, None, unreadable="12x4")), ["DIGITS"], None),
        (line(register(1000, 1_000_000)), ["DIGITS"], None),
        (line(), ["MISSING"], None),
        (line(register(1000, 1600), uses_before=(Fraction(6000),)), ["SAME_USE"], 6000),
        (line(register(1000, 1600), usual_daily=None), ["NEW_NO_HIST"], 6000),
        (line(register(1000, 2400), usual_daily=None, class_daily=Fraction(150)), ["NEW_NO_HIST", "HIGH"], 14_000),
        (line(register(1000, 1600), active=False), ["INACTIVE_USE"], 6000),
        (line(register(1000, 1001), active=False), ["LOWEST"], 10),
        (line(register(1000, 1600), locked_off=True), ["OFF_USE"], 6000),
        (line(register(1000, 1600), days=20, usual_daily=Fraction(300)), ["TOO_SOON"], 6000),
        (line(register(1000, 1600), days=40, usual_daily=Fraction(150)), ["TOO_LATE"], 6000),
        (line(register(1000, 1600, others=(Decimal(1650),))), ["DUP_READ"], 6000),
        (line(register(1000, 1600, others=(Decimal(1600),))), [], 6000),
        (line(register(1000, 1600, multiplier_said=Decimal(100))), ["MULT_MISMATCH"], 6000),
        (line(register(1000, 1600, multiplier_said=Decimal("10.0"))), [], 6000),
        (line(register(1000, 1600, radio=Decimal(1602))), ["AMI_FIELD_DIFF"], 6000),
        (line(register(1000, 1600, radio=Decimal(1601))), [], 6000),
        (line(register(1000, 1600), serial="A1", serial_said="A2"), ["SERIAL_MISMATCH"], 6000),
        (line(register(1000, 1600), skip_code="DOG"), ["SKIP"], 6000),
        (line(register(1000, 1600), alarms=("Continuous Flow",)), ["ALARM"], 6000),
        (line(register(0, 100), exchanged=True, used=Fraction(6000)), ["CHANGED"], 6000),
        (line(register(0, 100), exchanged=True), ["CHANGED"], None),
    ],
)  # fmt: skip
def test_every_line_gets_its_exceptions(seen: LineSeen, expected: list[str], used: int | None) -> None:
    verdict = examine(seen, POLICY)
    assert codes(verdict) == expected
    assert verdict.used == used
    weights = {TREATMENTS[ExceptionCode(code)].weight for code in expected}
    assert verdict.blocks == (used is None or Weight.BLOCKS in weights)


def test_an_estimate_and_a_wrong_date_are_told() -> None:
    guessed = register(1000, 1600)
    assert guessed.now is not None
    verdict = examine(line(replace(guessed, now=replace(guessed.now, kind=ReadingKind.ESTIMATED))), POLICY)
    assert codes(verdict) == ["ESTIMATED"]
    turned = examine(line(replace(guessed, now=Mark(THEN, Decimal(1600)))), POLICY)
    assert (codes(turned), turned.used) == (["DATE_ORDER"], None)


def test_a_place_of_two_registers_uses_their_sum_and_needs_both_readings() -> None:
    low = register(0, 100, position=2, face=RegisterFacts(5), unit="CF")
    assert examine(line(register(1000, 1500), low), POLICY).used == 5000 + 100 * Fraction(1728, 231)
    verdict = examine(line(register(1000, 1500), replace(low, now=None)), POLICY)
    assert (codes(verdict), verdict.used) == (["MISSING"], None)


def test_zeros_are_counted_in_a_row() -> None:
    nothing, some = Fraction(0), Fraction(5)
    assert [periods_of_zero(nothing, before) for before in [(), (some, nothing), (nothing, nothing, some)]] == [1, 1, 3]
    assert (periods_of_zero(some, (nothing,)), periods_of_zero(None, (nothing,))) == (0, 0)


faces = st.builds(
    RegisterFacts,
    dials=st.integers(4, 9),
    decimals=st.integers(0, 3),
    multiplier=st.sampled_from([Decimal("0.1"), Decimal(1), Decimal(10), Decimal(100), Decimal("7.48")]),
)
units = st.sampled_from(["GAL", "KGAL", "CF", "CCF", "M3"])


@st.composite
def lines(draw: st.DrawFn) -> LineSeen:
    face = draw(faces)
    most = int(face.capacity) - 1
    values = [Decimal(draw(st.integers(0, most))) for _ in range(2)]
    seen = register(0, 0, face=face, unit=draw(units))
    assert seen.before is not None
    assert seen.now is not None
    pair = replace(seen, before=replace(seen.before, value=values[0]), now=replace(seen.now, value=values[1]))
    usual = draw(st.none() | st.fractions(0, 100_000, max_denominator=100))
    return line(pair, usual_daily=usual, reverse_flow=draw(st.booleans()), active=draw(st.booleans()))


@given(lines())
def test_no_negative_use_is_ever_billed(seen: LineSeen) -> None:
    verdict = examine(seen, POLICY)
    assert verdict.used is None or verdict.used >= 0
    [only] = seen.registers
    assert only.before is not None
    assert only.now is not None
    if only.now.value < only.before.value:
        # Either the register went past its end, from near it, and somebody looks at that; or nobody bills it.
        rolled = "ROLLOVER" in codes(verdict)
        assert rolled != verdict.blocks or "INACTIVE_USE" in codes(verdict) or "HIGHEST" in codes(verdict)
        assert not verdict.is_plain
        if rolled:
            assert only.before.value >= Decimal("0.8") * only.face.capacity
            assert not seen.reverse_flow


@given(st.integers(0, 50_000), st.integers(0, 50_000), st.integers(1, 2000))
def test_more_use_is_never_a_lower_tier(one: int, more: int, usual: int) -> None:
    def tier(use: int) -> int:
        seen = line(register(0, use), usual_daily=Fraction(usual))
        [*found] = [code for code in codes(examine(seen, POLICY)) if code in TIERS]
        return TIERS.index(found[0]) if found else 0 if use == 0 else 3

    low, high = sorted((one, more))
    assert tier(low) <= tier(high)


@given(faces, units, st.lists(st.integers(0, 900), min_size=1, max_size=6), st.lists(st.integers(1, 200), max_size=4))
def test_the_parts_of_a_split_period_sum_to_the_whole(
    face: RegisterFacts, unit: str, uses: list[int], cuts: list[int]
) -> None:
    """Whatever readings lie between and wherever the period is cut, also past the end of the register."""
    total, marks = int(face.capacity) - 300, []
    for day, use in enumerate([0, *uses]):
        total += use if use <= int(face.capacity) // 20 else 0
        marks.append(Mark(THEN + timedelta(days=30 * day), Decimal(total % int(face.capacity))))
    one = stretch(face, unit, marks)
    end = marks[-1].at
    whole = period([one], THEN, end)
    bounds = sorted({THEN, end, *(THEN + timedelta(days=cut) for cut in cuts if THEN + timedelta(days=cut) < end)})
    parts = [period([one], start, until).used for start, until in pairwise(bounds)]
    if whole.used is None:
        assert None in parts
    else:
        assert sum(part for part in parts if part is not None) == whole.used


def test_a_policy_with_its_tiers_in_disorder_is_refused_by_name() -> None:
    with pytest.raises(Problem, match=r"readings\.higher_percent must be more than readings\.high_percent"):
        edited(profile("nc"), {"readings": {"high_percent": 300}})
