"""The rules of giving work out: whether a technician has the day, the time and the skills for it."""

from dataclasses import dataclass

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
