"""When something was done does not depend on what anybody set a tablet's clock to. Clauses 12.5 to 12.8, I19."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.clocks import Boot, Bounds, Said, Stamp, flags_of, measured, skew_s, timing

NOW = datetime(2026, 5, 4, 13, 30, tzinfo=UTC)
YEARS = timedelta(days=3653)
shifts = st.timedeltas(min_value=-YEARS, max_value=YEARS)


def _said(mono_s: float, shift: timedelta = timedelta(), trip_s: float | None = 0.2) -> Said:
    return Said(NOW + shift, "boot", mono_s, trip_s)


@given(ago=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=30)), shift=shifts, later=shifts)
def test_what_was_noted_in_a_known_run_has_its_true_moment_whatever_the_wall_clock_said(
    ago: timedelta, shift: timedelta, later: timedelta
) -> None:
    boot = measured(_said(10_000_000, later), NOW, None)
    stamp = Stamp(NOW - ago + shift, "boot", 10_000_000 - ago.total_seconds())
    found = timing(stamp, boot, skew_s(_said(0, later), NOW), Bounds(NOW, NOW - YEARS))
    assert found is not None
    assert found.uncertainty_s is not None
    assert found.skew_s is not None
    assert abs((found.corrected_at - (NOW - ago)).total_seconds()) < 0.001
    assert found.uncertainty_s < 0.2 + ago.total_seconds() * 1e-4 + 0.001
    assert abs(found.skew_s - shift.total_seconds()) < 0.001


@given(shift=shifts)
def test_after_a_restart_the_wall_clocks_error_of_now_is_taken_off(shift: timedelta) -> None:
    stamp = Stamp(NOW - timedelta(hours=3) + shift, "a run nobody heard of", 5.0)
    found = timing(stamp, None, skew_s(_said(0, shift), NOW), Bounds(NOW, NOW - timedelta(hours=4)))
    assert found is not None
    assert found.corrected_at == NOW - timedelta(hours=3)
    assert found.uncertainty_s == timedelta(hours=4).total_seconds()


@given(noted=shifts, now=shifts, before=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=2)))
def test_a_clock_that_was_set_in_between_cannot_change_the_order(
    noted: timedelta, now: timedelta, before: timedelta
) -> None:
    floor = NOW - before
    found = timing(Stamp(NOW + noted, None, None), None, now.total_seconds(), Bounds(NOW, floor, floor + before / 2))
    assert found is not None
    assert floor <= found.corrected_at <= floor + before / 2


@given(shift=shifts)
def test_a_tablet_that_says_nothing_of_its_clocks_is_believed_until_that_is_impossible(shift: timedelta) -> None:
    found = timing(Stamp(NOW + shift, None, None), None, None, Bounds(NOW, NOW))
    assert found is not None
    if shift > timedelta(minutes=5):
        assert found.corrected_at == NOW
        assert flags_of(found.skew_s)
    else:
        assert found.corrected_at == NOW + shift
        assert not flags_of(found.skew_s)


def test_the_quicker_exchange_is_believed_and_an_old_one_fades() -> None:
    slow = Boot(NOW - timedelta(seconds=70), 12.0, NOW)
    quick = measured(_said(72), NOW, slow)
    assert (quick.zero_at, quick.uncertainty_s) == (NOW - timedelta(seconds=72), 0.2)
    late = NOW + timedelta(minutes=1)
    assert measured(Said(late, "boot", 122, 12.0), late, quick) == quick
    much_later = NOW + timedelta(days=10)
    fresh = measured(Said(much_later, "boot", 72 + 864_000 - 50, 0.2), much_later, quick)
    assert fresh.measured_at == much_later


@given(noted=st.datetimes(timezones=st.just(UTC)), skew=st.floats(-1e12, 1e12), mono=st.floats(0, 2**53 / 1000))
def test_no_clock_is_too_absurd(noted: datetime, skew: float, mono: float) -> None:
    boot = measured(Said(noted, "boot", mono, None), NOW, None)
    for found in (
        timing(Stamp(noted, "b", mono), boot, skew, Bounds(NOW, NOW)),
        timing(Stamp(noted, None, None), None, skew, Bounds(NOW, NOW)),
    ):
        assert found is not None
        assert found.corrected_at <= NOW
