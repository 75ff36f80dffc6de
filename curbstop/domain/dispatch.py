"""The rules of giving work out: whether a technician has the day, the room and the time for it."""

from dataclasses import dataclass

from curbstop.domain.problems import Problem

WARN, BLOCK = "warn", "block"
FIRMNESS = (WARN, BLOCK)


@dataclass(frozen=True, slots=True)
class DispatchPolicy:
    shift_starts: str
    shift_ends: str
    break_minutes: int
    travel_minutes: int  # reckoned for the way to each order
    capacity: str  # "warn": a dispatcher may override it with a reason; "block": nobody may
    calendar: str


@dataclass(frozen=True, slots=True)
class Override:
    """A dispatcher goes on all the same, and says why."""

    reason: str
    may: bool  # whether this person may override anything at all


def settle(problem: Problem, firmness: str, override: Override | None) -> str:
    """The code of a problem that was overridden; or the problem, which then says whether it could be."""
    possible = firmness == WARN
    if possible and override is not None and override.may:
        return problem.code
    how = " A dispatcher may go on with `override_reason`." if possible else ""
    raise Problem(problem.code, f"{problem.detail}{how}", **problem.extra, overridable=possible)
