"""Lifts ops of older versions to the newest version of their kind, so that handlers know only that one.

A tablet may be months behind with its updates, and an op may lie in an outbox for weeks, so every version that was
ever shipped is understood. Each step is a pure function from the args of version N to those of N + 1; what is stored,
hashed and signed stays the op as it came.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

Args = Mapping[str, Any]
Step = Callable[[Args], dict[str, Any]]


def _stop_read_1(args: Args) -> dict[str, Any]:
    """Version 2 says for each register what was wrong with it; before, nobody could say that anything was."""
    return {**args, "readings": [{**reading, "trouble": []} for reading in args["readings"]]}


STEPS: Final[dict[tuple[str, int], Step]] = {("stop.read", 1): _stop_read_1}


def upcast(kind: str, version: int, args: Args) -> tuple[int, Args]:
    """(version, args) in the newest version; `args` agree with the schema of `version` and are not altered."""
    while (kind, version) in STEPS:
        args = STEPS[kind, version](args)
        version += 1
    return version, args


def versions(kind: str) -> tuple[int, ...]:
    """Every version of a kind that is understood, oldest first."""
    return tuple(range(1, 2 + sum(name == kind for name, _ in STEPS)))
