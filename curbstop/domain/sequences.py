"""Sequence numbers of a route's stops: where a new one fits, and how few others make room for it."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from curbstop.domain.problems import Problem

# Below this no further stop fits between two.
LEAST_GAP = 2


@dataclass(frozen=True, slots=True)
class RoutePolicy:
    gap: int  # between stops that are numbered anew
    sequence_digits: int  # what a handheld's file has room for


@dataclass(frozen=True, slots=True)
class Inserted:
    """The numbers of all stops with the new ones from `index` on; `moved` of the others have another number now."""

    sequences: tuple[int, ...]
    index: int
    moved: int

    @property
    def sequence(self) -> int:
        return self.sequences[self.index]


def insert(sequences: Sequence[int], index: int, policy: RoutePolicy, *, count: int = 1) -> Inserted:
    """Puts `count` stops at `index` (0 is the beginning) among rising numbers.

    In the middle of their neighbors where there is room; else the smallest window of stops around them is numbered
    anew, so that each has a gap of two or more. No number is wider than the policy's digits: Problem(`sequence_full`).
    """
    highest = 10**policy.sequence_digits - 1
    before, after = _bounds(sequences, index, index, highest)
    if index == len(sequences) and before + policy.gap * count <= highest:
        appended = [before + policy.gap * step for step in range(1, count + 1)]
        return _with(sequences, index, index, appended, (index, count))
    if after - before > count:
        return _with(sequences, index, index, _spread(before, after, count), (index, count))
    for size in range(1, len(sequences) + 1):
        for first in range(max(0, index - size), min(index, len(sequences) - size) + 1):
            low, high = _bounds(sequences, first, first + size, highest)
            if high - low >= LEAST_GAP * (size + count + 1):
                spread = _spread(low, high, size + count)
                return _with(sequences, first, first + size, spread, (index, count))
    raise Problem("sequence_full", f"No stop fits in: numbers have {policy.sequence_digits} digits.")


def place_at(sequences: Sequence[int], wanted: int, policy: RoutePolicy) -> Inserted:
    """Gives a stop the number that somebody wants for it; where it is taken, the place before whoever has it."""
    index = bisect_left(sequences, wanted)
    if wanted in sequences[index : index + 1]:
        return insert(sequences, index, policy)
    if not 0 < wanted < 10**policy.sequence_digits:
        raise Problem("sequence_full", f"{wanted} is no number of at most {policy.sequence_digits} digits.")
    return _with(sequences, index, index, [wanted], (index, 1))


def renumbered(count: int, policy: RoutePolicy) -> list[int]:
    """Numbers for a whole route, with the policy's gap, or with what the digits leave room for."""
    highest = 10**policy.sequence_digits - 1
    gap = min(policy.gap, highest // count) if count else policy.gap
    if gap < 1:
        raise Problem("sequence_full", f"{count} stops have no room in {policy.sequence_digits} digits.")
    return [gap * place for place in range(1, count + 1)]


def _spread(low: int, high: int, count: int) -> list[int]:
    """So many numbers between two, evenly."""
    return [low + (high - low) * step // (count + 1) for step in range(1, count + 1)]


def _bounds(sequences: Sequence[int], first: int, last: int, highest: int) -> tuple[int, int]:
    """The numbers that lie around the stops [first, last)."""
    low = sequences[first - 1] if first else 0
    return low, sequences[last] if last < len(sequences) else highest + 1


def _with(sequences: Sequence[int], first: int, last: int, window: Sequence[int], new: tuple[int, int]) -> Inserted:
    index, count = new
    numbered = (*sequences[:first], *window, *sequences[last:])
    others = numbered[:index] + numbered[index + count :]
    moved = sum(was != now for was, now in zip(sequences, others, strict=True))
    return Inserted(numbered, index, moved)
