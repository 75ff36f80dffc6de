"""Sequence numbers of a route's stops: where a new one fits, and how few others make room for it."""

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
    """The numbers of all stops with the new one among them; `moved` of the others have another number now."""

    sequences: tuple[int, ...]
    index: int
    moved: int

    @property
    def sequence(self) -> int:
        return self.sequences[self.index]


def insert(sequences: Sequence[int], index: int, policy: RoutePolicy) -> Inserted:
    """Puts a stop at `index` (0 is the beginning) among rising numbers.

    In the middle of its neighbors where there is room; else the smallest window of stops around it is numbered anew, so
    that each has a gap of two or more. No number is wider than the policy's digits: Problem(`sequence_full`).
    """
    highest = 10**policy.sequence_digits - 1
    before, after = _bounds(sequences, index, index, highest)
    if index == len(sequences) and before + policy.gap <= highest:
        return _with(sequences, index, index, [before + policy.gap], index)
    if after - before >= LEAST_GAP:
        return _with(sequences, index, index, [before + (after - before) // 2], index)
    for size in range(1, len(sequences) + 1):
        for first in range(max(0, index - size), min(index, len(sequences) - size) + 1):
            low, high = _bounds(sequences, first, first + size, highest)
            parts = size + 2
            if high - low >= LEAST_GAP * parts:
                spread = [low + (high - low) * step // parts for step in range(1, parts)]
                return _with(sequences, first, first + size, spread, index)
    raise Problem("sequence_full", f"No stop fits in: numbers have {policy.sequence_digits} digits.")


def _bounds(sequences: Sequence[int], first: int, last: int, highest: int) -> tuple[int, int]:
    """The numbers that lie around the stops [first, last)."""
    low = sequences[first - 1] if first else 0
    return low, sequences[last] if last < len(sequences) else highest + 1


def _with(sequences: Sequence[int], first: int, last: int, window: Sequence[int], index: int) -> Inserted:
    numbered = (*sequences[:first], *window, *sequences[last:])
    others = numbered[:index] + numbered[index + 1 :]
    moved = sum(was != now for was, now in zip(sequences, others, strict=True))
    return Inserted(numbered, index, moved)
