"""When something was done, although the tablet's clock may say anything.

A tablet has a wall clock, which anybody may set, and a monotonic one, which counts since it was switched on and which
nobody can. With every push and pull it says what both show. Set beside the server's clock, that tells when (by the
server) its monotonic clock stood at zero; and so the true moment of everything noted in that run, whatever the wall
clock said, however long ago.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# An exchange that does not say how long the last one took: no request takes longer.
UNKNOWN_TRIP_S = 30.0
# A monotonic clock drifts too: 100 parts in a million, the worst that a tablet's quartz does.
DRIFT = 1e-4
# From here on a wall clock's error is remarked on. Nothing is refused because of it.
SKEWED_S = 300.0
FLAG = "clock_skew"
# How far ahead of ours another system's or a browser's clock may be before a moment that it tells is refused.
AHEAD = timedelta(minutes=10)
_EARLIEST, _LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


def as_moment(text: object) -> datetime | None:
    """An aware moment in UTC from text, or None: also for one that some time zone has in no year, as 9999-12-31."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
        moment = found.astimezone(UTC) if found is not None and found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
    return moment if moment is not None and _EARLIEST < moment < _LATEST else None


@dataclass(frozen=True, slots=True)
class Said:
    """What a tablet's clocks showed as it sent."""

    sent_at: datetime
    boot_id: str
    mono_s: float
    round_trip_s: float | None = None


@dataclass(frozen=True, slots=True)
class Boot:
    """When, by the server, a run of the tablet began, give or take `uncertainty_s`, and when that was measured."""

    zero_at: datetime
    uncertainty_s: float
    measured_at: datetime


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an op says of the moment when it was noted."""

    noted_at: datetime | None
    boot_id: str | None
    mono_s: float | None


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between what an op was noted for certain: after the op before it, and before the tablet was switched on anew."""

    received_at: datetime
    after: datetime
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """The server's estimate of that moment. `skew_s` is how far ahead the wall clock was; None: nobody can tell."""

    corrected_at: datetime
    uncertainty_s: float | None
    skew_s: float | None


def skew_s(said: Said, received_at: datetime) -> float:
    """How far a tablet's wall clock is ahead of the server's, in seconds; as exact as the request was quick."""
    return (said.sent_at - received_at).total_seconds()


def measured(said: Said, received_at: datetime, known: Boot | None) -> Boot:
    """The run's beginning, after one more exchange.

    A request can only be late, never early, so of two measurements the earlier one is nearer to the truth; unless it
    is so old that the quartz may have drifted by more than the new one can be wrong.
    """
    trip = said.round_trip_s if said.round_trip_s is not None else UNKNOWN_TRIP_S
    fresh = Boot(_plus(received_at, -said.mono_s), trip, received_at)
    if known is None or fresh.zero_at <= known.zero_at:
        return fresh
    drift = (received_at - known.measured_at).total_seconds() * DRIFT
    return known if known.uncertainty_s + drift <= fresh.uncertainty_s else fresh


def timing(stamp: Stamp, boot: Boot | None, skew: float | None, within: Bounds) -> Timing | None:
    """When it was noted, by the server; None when the op does not say a moment at all.

    `boot` is the run in which it was noted, where the server has heard of it; `skew` how far the wall clock is ahead
    now. It never lies in the server's future.
    """
    if stamp.noted_at is None:
        return None
    if boot is not None and stamp.mono_s is not None:
        at = min(_plus(boot.zero_at, stamp.mono_s), within.received_at)
        drift = abs((boot.measured_at - at).total_seconds()) * DRIFT
        return Timing(at, round(boot.uncertainty_s + drift, 3), _seconds(stamp.noted_at, at))
    if skew is None:
        # A tablet that says nothing of its clocks is taken at its word, until its word is impossible.
        ahead = _seconds(stamp.noted_at, within.received_at)
        return Timing(within.received_at, None, ahead) if ahead > SKEWED_S else Timing(stamp.noted_at, None, None)
    # Noted in a run that the server never heard of. The wall clock was off by as much then as now, as far as anybody
    # knows; if it was set meanwhile, at least what came before and after it is certain.
    latest = min(within.before or within.received_at, within.received_at)
    earliest = min(within.after, latest)
    at = min(max(_plus(stamp.noted_at, -skew), earliest), latest)
    return Timing(at, _seconds(latest, earliest), _seconds(stamp.noted_at, at))


def flags_of(skew: float | None) -> frozenset[str]:
    """The flag `clock_skew` for a wall clock that was far off, for whatever was recorded by it."""
    return frozenset({FLAG}) if skew is not None and abs(skew) > SKEWED_S else frozenset()


def _seconds(later: datetime, earlier: datetime) -> float:
    return (later - earlier).total_seconds()


def _plus(moment: datetime, seconds: float) -> datetime:
    """A moment moved, but never out of what a moment can be: a clock may say the year 9999."""
    try:
        return min(max(moment + timedelta(seconds=seconds), _EARLIEST), _LATEST)
    except OverflowError:
        return _LATEST if seconds > 0 else _EARLIEST
