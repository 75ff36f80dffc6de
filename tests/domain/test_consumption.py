"""Consumption: any number of exchanges, registers and estimates add up, and the parts of a period to the whole."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.consumption import GALLONS, Mark, Stretch, period, periods, rounded, stretch
from curbstop.domain.readings import ReadingKind, RegisterFacts

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return T0 + timedelta(days=number)


def line(
    *points: tuple[int, int], dials: int = 6, m: Decimal = Decimal(1), unit: str = "GAL", position: int = 1
) -> Stretch:
    marks = [Mark(day(at), Decimal(value)) for at, value in points]
    return stretch(RegisterFacts(dials, 0, m), unit, marks, position=position)


def test_an_exchange_adds_the_old_meter_up_to_its_removal_and_the_new_one_since() -> None:
    """(out - before) * m * k of the old, and (now - in) * m * k of the new."""
    old = line((0, 100), (10, 110), unit="CCF")
    new = line((10, 0), (30, 5), m=Decimal(10))
    used = period([old, new], day(0), day(30))
    assert used.used == 10 * GALLONS["CCF"] + 5 * 10
    assert rounded(used.used) == Decimal("7530.519")
    assert [(int(leg.first.value), int(leg.last.value)) for leg in used.legs] == [(100, 110), (0, 5)]


def test_a_register_that_went_past_its_end_used_what_is_left_and_what_came_after() -> None:
    """Must-pass 4: 99,998 to 00,012 on five dials are 14 units; 50,000 to 00,012 are a misread."""
    rolled = period([line((0, 99_998), (30, 12), dials=5)], day(0), day(30))
    assert (rolled.used, rolled.legs[0].rolled_over) == (Fraction(14), True)
    misread = period([line((0, 50_000), (30, 12), dials=5)], day(0), day(30))
    assert (misread.used, misread.legs[0].used) == (None, None)


def test_an_estimate_counts_and_says_so() -> None:
    marks = [Mark(day(0), Decimal(0)), Mark(day(10), Decimal(7), ReadingKind.ESTIMATED)]
    used = period([stretch(RegisterFacts(6), "GAL", marks)], day(0), day(10))
    assert (used.used, used.legs[0].estimated) == (Fraction(7), True)


def test_a_cubic_meter_is_as_many_gallons_as_it_holds() -> None:
    assert rounded(GALLONS["M3"], 9) == Decimal("264.172052358")


@st.composite
def stretches(draw: st.DrawFn) -> list[Stretch]:
    """One or two registers, and on each a chain of meters, exchanged one after the other, some readings guessed."""
    made = []
    for position in range(1, draw(st.integers(1, 2)) + 1):
        at = 0
        for _ in range(draw(st.integers(1, 4))):
            unit = draw(st.sampled_from(sorted(GALLONS)))
            multiplier = draw(st.sampled_from([Decimal("0.1"), Decimal(1), Decimal(10)]))
            value, marks = draw(st.integers(0, 1000)), []
            for _ in range(draw(st.integers(2, 4))):
                kind = draw(st.sampled_from([ReadingKind.REGULAR, ReadingKind.ESTIMATED]))
                marks.append(Mark(day(at), Decimal(value), kind))
                at += draw(st.integers(1, 40))
                value += draw(st.integers(0, 500))
            at = int((marks[-1].at - T0).days)
            made.append(stretch(RegisterFacts(7, 0, multiplier), unit, marks, position=position))
    return made


@given(lines=stretches(), cuts=st.lists(st.integers(0, 400), max_size=6), hours=st.integers(0, 23))
def test_any_split_of_a_period_adds_up_to_the_whole(lines: list[Stretch], cuts: list[int], hours: int) -> None:
    bounds = [day(0), *(day(cut) + timedelta(hours=hours) for cut in cuts), day(500)]
    whole = period(lines, bounds[0], max(bounds))
    parts = periods(lines, bounds)
    assert whole.used == sum((part.used for part in parts if part.used is not None), Fraction(0))


@given(lines=stretches())
def test_a_whole_chain_uses_what_each_of_its_registers_counted(lines: list[Stretch]) -> None:
    whole = period(lines, day(-1), day(1000))
    counted = [(one.marks[-1].value - one.marks[0].value, one.gallons) for one in lines]
    assert whole.used == sum((Fraction(units) * gallons for units, gallons in counted), Fraction(0))
