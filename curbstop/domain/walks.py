"""Walks: the stops of a route version in their order, and the edits that make another walk of one. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from curbstop.domain import sequences
from curbstop.domain.problems import Problem
from curbstop.domain.sequences import RoutePolicy


@dataclass(frozen=True, slots=True)
class Stand:
    """A stop of a walk: its id (None: it is new), where it is, the stop that it was first, and its number."""

    id: UUID | None
    service_point_id: UUID
    origin_id: UUID | None
    sequence: int


Walk = Sequence[Stand]


def chosen(walk: Walk, stop_ids: Sequence[UUID]) -> list[Stand]:
    """The named stops, in the order in which they are named; Problem(`invalid`) for a stranger or a double."""
    by_id = {stand.id: stand for stand in walk}
    strange = [str(one) for one in stop_ids if one not in by_id]
    if strange:
        raise Problem("invalid", f"Not stops of this version: {', '.join(strange[:5])}.", field="stop_ids")
    if len(set(stop_ids)) != len(stop_ids):
        raise Problem("invalid", "A stop is named twice.", field="stop_ids")
    if not stop_ids:
        raise Problem("invalid", "Name at least one stop.", field="stop_ids")
    return [by_id[one] for one in stop_ids]


def without(walk: Walk, gone: Collection[Stand]) -> list[Stand]:
    """The others, with their numbers."""
    ids = {stand.id for stand in gone}
    return [stand for stand in walk if stand.id not in ids]


def put(walk: Walk, new: Sequence[Stand], after: UUID | None, policy: RoutePolicy) -> list[Stand]:
    """The stops with new ones behind the stop `after` (None: at the beginning), and as few numbered anew as can be.

    Problems: invalid (`after` is not of this walk, or the place is on it), sequence_full.
    """
    _check_new(walk, new)
    if not new:
        return list(walk)
    index = _index_after(walk, after)
    placed = sequences.insert([stand.sequence for stand in walk], index, policy, count=len(new))
    return _numbered([*walk[:index], *new, *walk[index:]], placed.sequences)


def move(walk: Walk, stop_ids: Sequence[UUID], after: UUID | None, policy: RoutePolicy) -> list[Stand]:
    """A selection walked in this order behind another stop; the others keep their numbers where they can."""
    going = chosen(walk, stop_ids)
    if after in set(stop_ids):
        raise Problem("invalid", "The stops go behind one that stays where it is.", field="after_stop_id")
    return put(without(walk, going), going, after, policy)


def move_to(walk: Walk, stand: Stand, number: int, policy: RoutePolicy) -> list[Stand]:
    """One stop gets the number, or stands before whoever has it."""
    others = without(walk, [stand])
    placed = sequences.place_at([one.sequence for one in others], number, policy)
    return _numbered([*others[: placed.index], stand, *others[placed.index :]], placed.sequences)


def turned(walk: Walk) -> list[Stand]:
    """The walk from its end to its beginning, on the same numbers."""
    return _numbered(list(reversed(walk)), [stand.sequence for stand in walk])


def renumbered(walk: Walk, policy: RoutePolicy) -> list[Stand]:
    """The same walk with even gaps."""
    return _numbered(walk, sequences.renumbered(len(walk), policy))


def last(walk: Walk) -> UUID | None:
    """The stop behind which something is appended."""
    return walk[-1].id if walk else None


def _numbered(walk: Walk, numbers: Sequence[int]) -> list[Stand]:
    return [replace(stand, sequence=number) for stand, number in zip(walk, numbers, strict=True)]


def _index_after(walk: Walk, after: UUID | None) -> int:
    if after is None:
        return 0
    for index, stand in enumerate(walk, 1):
        if stand.id == after:
            return index
    raise Problem("invalid", "That stop is not on this version, or it moves itself.", field="after_stop_id")


def _check_new(walk: Walk, new: Sequence[Stand]) -> None:
    there = {stand.service_point_id for stand in walk}
    double = [stand for stand in new if stand.service_point_id in there]
    if double:
        raise Problem("invalid", f"{len(double)} of these places are on this version already.", field="stop_ids")
