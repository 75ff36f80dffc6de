"""An address goes to the right block, the right side and nowhere else."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, Point

from geo.addresses import parse
from geo.distance import LonLat, distance_m, shifted
from geo.geocode import INSET_M, OFFSET_M, AddressRange, NotPlaced, Placed, Reason, Segment, StreetIndex

ORIGIN: LonLat = (-79.4, 35.6)
A, B, C = ORIGIN, shifted(ORIGIN, 90, 200), shifted(ORIGIN, 90, 400)


def main_street() -> StreetIndex:
    """Two blocks going east: odd numbers on the left (north), even on the right."""
    return StreetIndex(
        [
            Segment.of("one", "Main St", [A, B], AddressRange(1, 99), AddressRange(2, 98)),
            Segment.of("two", "Main St", [B, C], AddressRange(101, 199), None),
        ]
    )


def place(index: StreetIndex, address: str, zip_code: str | None = None) -> Placed:
    outcome = index.place(parse(address), zip_code)
    assert isinstance(outcome, Placed), outcome
    return outcome


def reason(index: StreetIndex, address: str, zip_code: str | None = None) -> Reason:
    outcome = index.place(parse(address), zip_code)
    assert isinstance(outcome, NotPlaced), outcome
    return outcome.reason


def test_odd_numbers_go_to_their_side_and_even_ones_to_the_other() -> None:
    assert place(main_street(), "51 Main Street").point[1] > ORIGIN[1]
    assert place(main_street(), "50 Main Street").point[1] < ORIGIN[1]


def test_numbers_grow_along_the_line_and_stay_off_the_corner() -> None:
    first, middle, last = (place(main_street(), f"{number} Main St") for number in (1, 51, 99))
    assert first.point[0] < middle.point[0] < last.point[0]
    assert distance_m(A, first.point) >= INSET_M
    assert distance_m(B, last.point) >= INSET_M


def test_a_reversed_range_runs_against_the_line() -> None:
    index = StreetIndex([Segment.of("one", "Main St", [A, B], AddressRange(99, 1), AddressRange(98, 2))])
    assert place(index, "3 Main St").point[0] > place(index, "97 Main St").point[0]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("Main St", Reason.NO_NUMBER),
        ("5 Elm St", Reason.NO_SUCH_STREET),
        ("5 Main Ave", Reason.NO_SUCH_STREET),
        ("300 Main St", Reason.NUMBER_OUT_OF_RANGE),
        ("150 Main St", Reason.WRONG_PARITY),
    ],
)
def test_what_cannot_be_placed_says_why(address: str, why: Reason) -> None:
    assert reason(main_street(), address) is why


def test_zero_and_missing_ranges_are_no_ranges() -> None:
    assert AddressRange.of(0, 0) is None
    assert AddressRange.of(None, 10) is None
    assert AddressRange.of(-1, -1) is None
    index = StreetIndex([Segment.of("one", "Main St", [A, B])])
    assert reason(index, "5 Main St") is Reason.NUMBER_OUT_OF_RANGE


def test_a_range_with_ends_of_both_parities_holds_both() -> None:
    index = StreetIndex([Segment.of("one", "Main St", [A, B], AddressRange(1, 10))])
    assert place(index, "4 Main St").side == place(index, "5 Main St").side == "left"


def two_main_streets() -> StreetIndex:
    far = shifted(ORIGIN, 0, 5_000)
    return StreetIndex(
        [
            Segment.of("here", "Main St", [A, B], AddressRange(1, 99, "02138")),
            Segment.of("there", "Main St", [far, shifted(far, 90, 200)], AddressRange(1, 99, "02139")),
        ]
    )


def test_two_places_are_told_apart_by_zip() -> None:
    assert place(two_main_streets(), "5 Main St", "02139-1234").segment == "there"


def test_two_places_without_a_zip_are_ambiguous_and_not_guessed() -> None:
    assert reason(two_main_streets(), "5 Main St") is Reason.AMBIGUOUS
    assert reason(two_main_streets(), "5 Main St", "99999") is Reason.AMBIGUOUS


def test_a_number_at_the_corner_of_two_blocks_is_one_place() -> None:
    index = StreetIndex(
        [
            Segment.of("one", "Main St", [A, B], AddressRange(1, 99)),
            Segment.of("two", "Main St", [B, C], AddressRange(99, 199)),
        ]
    )
    assert place(index, "99 Main St").segment == "one"


def test_a_missing_type_is_overlooked_only_where_one_street_can_be_meant() -> None:
    index = StreetIndex([Segment.of("one", "Broadway", [A, B], AddressRange(1, 99))])
    assert place(index, "5 Broadway St").segment == "one"
    both = StreetIndex(
        [
            Segment.of("one", "Elm St", [A, B], AddressRange(1, 99)),
            Segment.of("two", "Elm Ave", [B, C], AddressRange(1, 99)),
        ]
    )
    assert reason(both, "5 Elm") is Reason.NO_SUCH_STREET


@st.composite
def blocks(draw: st.DrawFn) -> tuple[Segment, int]:
    """A straight block anywhere, with a range on each side, and a number of one of them."""
    start = (draw(st.floats(-120, -70)), draw(st.floats(25, 49)))
    end = shifted(start, draw(st.floats(0, 359)), draw(st.floats(60, 800)))
    first, houses = draw(st.integers(1, 5_000)), draw(st.integers(0, 200))
    odd, even = AddressRange(2 * first - 1, 2 * (first + houses) - 1), AddressRange(2 * first, 2 * (first + houses))
    if draw(st.booleans()):
        odd = AddressRange(odd.last, odd.first)
    left, right = (odd, even) if draw(st.booleans()) else (even, odd)
    return Segment.of("one", "Main St", [start, end], left, right), draw(
        st.integers(2 * first - 1, 2 * (first + houses))
    )


@given(blocks())
def test_a_house_stands_on_the_side_of_its_parity_beside_its_block(block: tuple[Segment, int]) -> None:
    segment, number = block
    spot = place(StreetIndex([segment]), f"{number} Main St")
    numbers = segment.left if spot.side == "left" else segment.right
    assert numbers is not None
    assert numbers.first % 2 == number % 2
    (ax, ay), (bx, by) = segment.line
    turn = (bx - ax) * (spot.point[1] - ay) - (by - ay) * (spot.point[0] - ax)
    assert (turn > 0) == (spot.side == "left")
    line = LineString(segment.line)
    nearest = line.interpolate(line.project(Point(spot.point)))
    assert distance_m((nearest.x, nearest.y), spot.point) == pytest.approx(OFFSET_M, rel=0.5)
    assert 0 < line.project(Point(spot.point), normalized=True) < 1


def test_fifty_thousand_addresses_are_placed_within_a_few_seconds() -> None:
    index = main_street()
    addresses = [parse(f"{number} Main St") for number in range(1, 100)]
    began = time.monotonic()
    for turn in range(50_000):
        index.place(addresses[turn % 99])
    assert time.monotonic() - began < 10
