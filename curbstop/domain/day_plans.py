"""A technician's day as a plan: when each order is reached, and which appointments that breaks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Task:
    """One order of a day: how long it takes, and the appointment if it has one."""

    id: UUID
    minutes: int
    window_start: datetime | None = None
    window_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """When the plan has somebody there. Who comes before an appointment waits for it; who comes after it broke it."""

    id: UUID
    at: datetime
    kept: bool | None  # None where there is no appointment


def arrivals(tasks: Iterable[Task], *, begins: datetime, travel_minutes: int) -> list[Arrival]:
    """The arrivals of a day that is done in this order, each after the way to it."""
    at, found = begins, []
    for task in tasks:
        at += timedelta(minutes=travel_minutes)
        if task.window_start is not None:
            at = max(at, task.window_start)
        kept = None if task.window_end is None else at <= task.window_end
        found.append(Arrival(task.id, at, kept))
        at += timedelta(minutes=task.minutes)
    return found


def fits(tasks: Sequence[Task], *, travel_minutes: int) -> bool:
    """Whether one person can keep all these appointments in some order, with nothing else to do.

    By the earliest end, and the longest of a window last: where windows do not overlap, no other order keeps them all
    if this one does not.
    """
    with_window = [task for task in tasks if task.window_start is not None and task.window_end is not None]
    if not with_window:
        return True
    by_end = sorted(with_window, key=lambda task: (task.window_end, task.window_start, task.minutes))
    begins = min(task.window_start for task in with_window if task.window_start is not None)
    first = begins - timedelta(minutes=travel_minutes)
    return all(arrival.kept for arrival in arrivals(by_end, begins=first, travel_minutes=travel_minutes))
