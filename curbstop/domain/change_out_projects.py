"""The words for planned change-out projects, and which step leads where."""

from enum import StrEnum
from typing import Final

from curbstop.domain.problems import Problem


class ProjectState(StrEnum):
    """A project is a proposal until a supervisor approves it; its orders are made while it is open."""

    PROPOSED = "proposed"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


class ProjectEvent(StrEnum):
    APPROVE = "approve"
    PAUSE = "pause"
    RESUME = "resume"
    CLOSE = "close"


class Progress(StrEnum):
    """How far a place is."""

    DONE = "done"
    LEFT = "left"
    BLOCKED = "blocked"


_S, _E = ProjectState, ProjectEvent
STEPS: Final[dict[tuple[ProjectState, ProjectEvent], ProjectState]] = {
    (_S.PROPOSED, _E.APPROVE): _S.OPEN,
    (_S.PROPOSED, _E.CLOSE): _S.CLOSED,
    (_S.OPEN, _E.PAUSE): _S.PAUSED,
    (_S.OPEN, _E.CLOSE): _S.CLOSED,
    (_S.PAUSED, _E.RESUME): _S.OPEN,
    (_S.PAUSED, _E.CLOSE): _S.CLOSED,
}


def step(state: ProjectState, event: ProjectEvent) -> ProjectState:
    """Where the event leads, or Problem(`impossible_transition`) with what is possible."""
    to = STEPS.get((state, event))
    if to is None:
        possible = [one.value for here, one in STEPS if here is state]
        raise Problem("impossible_transition", f"The project is {state.value}.", state=state.value, possible=possible)
    return to
