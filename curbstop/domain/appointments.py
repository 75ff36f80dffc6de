"""Appointments: which windows a customer may be offered, and why one is not to be had."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from curbstop.domain.closures import Closures
from curbstop.domain.problems import Problem


@dataclass(frozen=True, slots=True)
class AppointmentPolicy:
    windows: Mapping[str, str]  # name to "08:00-12:00"
    exact_minutes: int  # a window of just so long may begin at any time of the office's day; 0 for none
    opens: str
    closes: str


@dataclass(frozen=True, slots=True)
class Window:
    """One window of a day; `name` is the policy's, None where the times were agreed."""

    name: str | None
    start: datetime
    end: datetime


def offered(policy: AppointmentPolicy, day: date, zone: ZoneInfo) -> Iterator[Window]:
    """The policy's windows of a day."""
    for name, span in policy.windows.items():
        first, last = clocks(span)
        yield Window(name, _moment(day, first, zone), _moment(day, last, zone))


def check(
    policy: AppointmentPolicy, start: datetime, end: datetime, *, now: datetime, closures: Closures, zone: ZoneInfo
) -> None:
    """Problem(`window_unavailable`) with `why`: past, closed or not_offered. `closures` must know the day."""
    begins, ends = start.astimezone(zone), end.astimezone(zone)
    day = begins.date()
    if end <= now:
        raise _refusal("past", "That window is over already; choose a later one.")
    if closures.is_closed(day):
        raise _refusal("closed", f"The utility is closed on {day:%A, %B} {day.day}; choose a business day.")
    if any((start, end) == (window.start, window.end) for window in offered(policy, day, zone)):
        return
    within = time.fromisoformat(policy.opens) <= begins.time() and ends.time() <= time.fromisoformat(policy.closes)
    if ends.date() == day and within and end - start == timedelta(minutes=policy.exact_minutes):
        return
    named = ", ".join(f"{name} {span}" for name, span in policy.windows.items())
    exact = f", or exactly {policy.exact_minutes} minutes between {policy.opens} and {policy.closes}"
    raise _refusal("not_offered", f"Windows are {named}{exact if policy.exact_minutes else ''}, local time.")


def clocks(span: str) -> tuple[time, time]:
    """The two times of "08:00-12:00"; ValueError for anything else, also for an end that is no later."""
    first, dash, last = span.partition("-")
    begins, ends = time.fromisoformat(first), time.fromisoformat(last)
    if not dash or begins >= ends:
        raise ValueError(span)
    return begins, ends


def _moment(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _refusal(why: str, detail: str) -> Problem:
    return Problem("window_unavailable", detail, why=why)
