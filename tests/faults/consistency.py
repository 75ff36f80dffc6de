"""An Elle-style checker: from a history of writes and of what tablets read, it finds what causal consistency forbids.

Registers only grow, so that every read says which writes it has seen. There are two sorts: a max-write-wins register
holds the highest number that was written (`state[register] >= value` has seen it), an append register the set of all
elements (`value in state[register]`). Nothing here knows how the system works.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Value = int | frozenset[str]
State = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Write:
    """One transaction: what it wrote to which registers, and what its author had seen when they wrote it.

    `own`: the earlier writes of the same author, by name; an author has always seen those.
    """

    name: str
    cells: tuple[tuple[str, int | str], ...]
    seen: State = field(default_factory=dict)
    own: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """What a tablet has after a pull, and which of its own writes it was told are in there."""

    by: str
    state: State
    acknowledged: tuple[str, ...] = ()


def has(state: State, register: str, value: int | str) -> bool:
    """Whether a state has seen a value."""
    held = state.get(register)
    if isinstance(held, int):
        return isinstance(value, int) and held >= value
    return held is not None and value in held


def _behind(state: State, earlier: State) -> list[str]:
    """The registers in which a state has not seen all that an earlier one had; only those that it holds at all."""
    late = []
    for register, before in earlier.items():
        now = state.get(register)
        if now is None:
            continue
        if isinstance(before, int) and isinstance(now, int):
            if now < before:
                late.append(register)
        elif isinstance(before, frozenset) and isinstance(now, frozenset) and not now >= before:
            late.append(register)
    return late


def anomalies(writes: Sequence[Write], reads: Sequence[Read], final: State | None = None) -> list[str]:
    """Every anomaly in words, by its kind; none in a history that is causal, atomic and (given `final`) convergent."""
    by_name = {write.name: write for write in writes}
    found = [*_backwards(reads)]
    for number, read in enumerate(reads):
        where = f"read {number} by {read.by}"
        for write in writes:
            found += _torn_or_early(where, read.state, write, by_name)
        for name in read.acknowledged:
            if not all(has(read.state, *cell) for cell in by_name[name].cells if cell[0] in read.state):
                found.append(f"read-your-writes: {where} was told of {name} and does not have it")
    if final is not None:
        found += _apart(reads, final)
    return found


def _backwards(reads: Sequence[Read]) -> Iterator[str]:
    last: dict[str, Read] = {}
    for number, read in enumerate(reads):
        if read.by in last:
            for register in _behind(read.state, last[read.by].state):
                yield f"monotonic reads: read {number} by {read.by} went back in {register}"
        last[read.by] = read


def _torn_or_early(where: str, state: State, write: Write, by_name: Mapping[str, Write]) -> Iterator[str]:
    cells = [cell for cell in write.cells if cell[0] in state]
    visible = [has(state, *cell) for cell in cells]
    if not any(visible):
        return
    if not all(visible):
        yield f"torn: {where} has only a part of {write.name}"
    for register in _behind(state, write.seen):
        yield f"writes follow reads: {where} has {write.name}, and not what its author had seen in {register}"
    for name in write.own:
        if not all(has(state, *cell) for cell in by_name[name].cells if cell[0] in state):
            yield f"monotonic writes: {where} has {write.name}, and not {name} that its author wrote before"


def _apart(reads: Sequence[Read], final: State) -> Iterator[str]:
    last = {read.by: read for read in reads}
    for reader, read in last.items():
        for register, value in read.state.items():
            if final.get(register) != value:
                yield f"divergent: {reader} ends with {value!r} in {register}, the server with {final.get(register)!r}"
