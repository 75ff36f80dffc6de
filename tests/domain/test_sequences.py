"""A new stop among a route's numbers: in the middle where there is room, and as few moved as can be where not."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.problems import Problem
from curbstop.domain.sequences import RoutePolicy, insert

POLICY = RoutePolicy(gap=10, sequence_digits=6)


def test_a_stop_goes_into_the_middle_of_its_gap() -> None:
    placed = insert([10, 20, 30], 1, POLICY)
    assert (placed.sequences, placed.sequence, placed.moved) == ((10, 15, 20, 30), 15, 0)


def test_between_10_and_11_the_smallest_window_is_numbered_anew() -> None:
    """Must-pass 6."""
    placed = insert([10, 11, 20, 30], 1, POLICY)
    assert (placed.sequences, placed.moved) == ((3, 7, 11, 20, 30), 1)
    crowded = insert([1, 2, 3, 4, 5, 30, 40], 3, POLICY)
    assert crowded.sequences[0:2] == (1, 2)
    assert crowded.sequences[-2:] == (30, 40)


def test_an_appended_stop_leaves_the_usual_gap_and_a_first_one_stands_before() -> None:
    assert insert([10, 20], 2, POLICY).sequences == (10, 20, 30)
    assert insert([10, 20], 0, POLICY).sequences == (5, 10, 20)
    assert insert([], 0, POLICY).sequences == (10,)


def test_no_number_is_wider_than_a_handheld_file() -> None:
    narrow = RoutePolicy(gap=10, sequence_digits=2)
    at_the_end = insert([50, 99], 2, narrow)
    assert (at_the_end.sequences[0], max(at_the_end.sequences) <= 99, at_the_end.moved) == (50, True, 1)
    with pytest.raises(Problem, match="sequence_full"):
        insert(list(range(1, 100)), 40, narrow)


@given(st.sets(st.integers(1, 400), max_size=60), st.data())
def test_numbers_rise_nobody_is_lost_and_only_neighbors_move(numbers: set[int], data: st.DataObject) -> None:
    before, policy = sorted(numbers), RoutePolicy(gap=10, sequence_digits=3)
    index = data.draw(st.integers(0, len(before)))
    placed = insert(before, index, policy)
    assert len(placed.sequences) == len(before) + 1
    assert list(placed.sequences) == sorted(set(placed.sequences))
    assert placed.sequences[0] >= 1
    assert placed.sequences[-1] <= 999
    others = [n for place, n in enumerate(placed.sequences) if place != index]
    changed = [place for place, (was, now) in enumerate(zip(before, others, strict=True)) if was != now]
    if changed:
        # One window around the new stop, and within it each has room on both sides.
        assert changed[0] <= index <= changed[-1] + 1
        window = placed.sequences[changed[0] : changed[-1] + 2]
        assert all(after - one >= 2 for one, after in pairwise(window))
    else:
        assert placed.moved == 0
