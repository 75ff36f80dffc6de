"""Edits of a walk lose no stop and add none, keep who a stop is, and number rising within the digits."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain import walks
from curbstop.domain.problems import Problem
from curbstop.domain.sequences import RoutePolicy
from curbstop.domain.walks import Stand

POLICY = RoutePolicy(gap=10, sequence_digits=6)


def walk(count: int, policy: RoutePolicy = POLICY) -> list[Stand]:
    stands = [Stand(UUID(int=n + 1), UUID(int=1000 + n), UUID(int=n + 1), 0) for n in range(count)]
    return walks.renumbered(stands, policy)


def ids(found: list[Stand]) -> list[int]:
    return [stand.id.int if stand.id else 0 for stand in found]


@given(st.data(), st.integers(1, 40))
def test_a_moved_selection_is_walked_as_named_and_the_others_as_before(data: st.DataObject, count: int) -> None:
    before = walk(count)
    order = data.draw(st.permutations(before))
    going = order[: data.draw(st.integers(1, count))]
    rest = [stand for stand in before if stand not in going]
    after = data.draw(st.sampled_from([None, *(stand.id for stand in rest)]))
    moved = walks.move(before, [stand.id for stand in going if stand.id], after, POLICY)
    at = 0 if after is None else [stand.id for stand in rest].index(after) + 1
    assert [s.id for s in moved] == [s.id for s in (*rest[:at], *going, *rest[at:])]
    numbers = [stand.sequence for stand in moved]
    assert numbers == sorted(set(numbers))
    assert numbers[0] > 0
    assert numbers[-1] < 10**POLICY.sequence_digits
    assert {stand.origin_id for stand in moved} == {stand.origin_id for stand in before}


def test_the_smallest_window_is_numbered_anew() -> None:
    tight = [Stand(UUID(int=n), UUID(int=100 + n), None, number) for n, number in enumerate((10, 11, 30, 40), 1)]
    new = [Stand(None, UUID(int=500), None, 0)]
    found = walks.put(tight, new, UUID(int=1), POLICY)
    assert ids(found) == [1, 0, 2, 3, 4]
    assert [stand.sequence for stand in found if stand.id in (UUID(int=3), UUID(int=4))] == [30, 40]


def test_turning_keeps_the_numbers_and_renumbering_the_order() -> None:
    before = walk(5)
    turned = walks.turned(before)
    assert ids(turned) == [5, 4, 3, 2, 1]
    assert [stand.sequence for stand in turned] == [stand.sequence for stand in before]
    assert walks.turned(turned) == before
    assert walks.last(turned) == UUID(int=1)


def test_numbers_are_no_wider_than_a_handheld_has_room_for() -> None:
    narrow = RoutePolicy(gap=10, sequence_digits=2)
    assert [stand.sequence for stand in walk(50, narrow)][-1] == 50
    with pytest.raises(Problem, match="sequence_full"):
        walk(100, narrow)
    full = walk(99, narrow)
    with pytest.raises(Problem, match="sequence_full"):
        walks.put(full, [Stand(None, uuid4(), None, 0)], None, narrow)


@pytest.mark.parametrize(
    ("named", "after", "words"),
    [([99], None, "Not stops"), ([1, 1], None, "twice"), ([], None, "at least one"), ([1], 1, "behind one"),
     ([1], 77, "not on this version")],
)  # fmt: skip
def test_what_cannot_be_moved_is_said(named: list[int], after: int | None, words: str) -> None:
    with pytest.raises(Problem, match=words):
        walks.move(walk(3), [UUID(int=n) for n in named], UUID(int=after) if after else None, POLICY)


def test_a_place_stands_on_a_walk_once() -> None:
    with pytest.raises(Problem, match="on this version already"):
        walks.put(walk(3), [Stand(None, UUID(int=1001), None, 0)], None, POLICY)
