"""By when an order is to be done, by the policy's targets, the calendar and the customer's wish."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.closures import Closures
from curbstop.domain.policy import edited, profile
from curbstop.domain.problems import Problem
from curbstop.domain.service_levels import Asked, Timeliness, due_at, timeliness

ZONE = ZoneInfo("America/New_York")
# Thanksgiving of 2026 and the Friday after it.
CLOSURES = Closures.of(["sat", "sun"], {date(2026, 11, 26), date(2026, 11, 27)})
POLICY = profile("generic")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def due(type_code: str, since: str, *, priority: int = 3, **known: Any) -> str:
    asked = Asked(type_code, priority, local(since).astimezone(UTC), **known)
    return due_at(asked, POLICY, CLOSURES, ZONE).astimezone(ZONE).strftime("%a %m-%d %H:%M")


def test_an_emergency_counts_in_minutes_whatever_the_day() -> None:
    """Section 3.8: on site within 60 minutes."""
    assert due("LEAK_INV", "2026-11-26 23:30") == "Fri 11-27 00:30"


@pytest.mark.parametrize(
    ("paid", "after_hours", "expected"),
    [
        ("2026-11-24 09:00", False, "Tue 11-24 17:00"),
        ("2026-11-24 16:00", False, "Tue 11-24 17:00"),
        ("2026-11-24 16:01", False, "Wed 11-25 17:00"),
        ("2026-11-24 16:01", True, "Tue 11-24 22:00"),
        ("2026-11-24 22:01", True, "Wed 11-25 17:00"),
        # The day before Thanksgiving: the next business day is Monday.
        ("2026-11-25 16:30", False, "Mon 11-30 17:00"),
        ("2026-11-26 09:00", False, "Mon 11-30 17:00"),
        ("2026-11-26 09:00", True, "Thu 11-26 22:00"),
    ],
)
def test_a_restoral_is_due_by_when_it_was_paid(paid: str, after_hours: bool, expected: str) -> None:
    """Section 3.8: the same business day if paid by 16:00, until 22:00 for a fee, else the next business day."""
    assert due("CUT_ON_RSTR", paid, after_hours=after_hours) == expected


def test_two_business_days_pass_over_a_holiday() -> None:
    """Section 3.8: READ_RE."""
    assert due("READ_RE", "2026-11-24 10:00") == "Mon 11-30 17:00"


def test_a_requested_day_is_the_promise_and_a_closed_one_means_the_next() -> None:
    assert due("CUT_OFF_REQ", "2026-11-23 10:00", requested_on=date(2026, 12, 3)) == "Thu 12-03 17:00"
    assert due("CUT_OFF_REQ", "2026-11-23 10:00", requested_on=date(2026, 11, 26)) == "Mon 11-30 17:00"
    # Nobody asked for a day: the priority's target.
    assert due("CUT_OFF_REQ", "2026-11-23 10:00") == "Wed 12-02 17:00"


def test_a_later_day_that_was_asked_for_moves_any_target_of_days_but_no_earlier_one() -> None:
    assert due("GEN", "2026-11-23 10:00", priority=2, requested_on=date(2026, 12, 9)) == "Wed 12-09 17:00"
    assert due("GEN", "2026-11-23 10:00", priority=2, requested_on=date(2026, 11, 23)) == "Wed 11-25 17:00"


def test_an_appointment_is_the_promise_whatever_the_target_says() -> None:
    end = local("2026-12-01 12:00").astimezone(UTC)
    assert due("LEAK_INV", "2026-11-23 10:00", window_end=end) == "Tue 12-01 12:00"


def test_the_day_that_clocks_change_ends_at_the_same_local_hour() -> None:
    assert due("READ_RE", "2026-03-05 10:00") == "Mon 03-09 17:00"


@given(
    st.integers(0, 365 * 24 * 60),
    st.sampled_from(["GEN", "READ_RE", "CUT_ON_RSTR", "CUT_OFF_REQ", "LEAK_INV"]),
    st.integers(1, 5),
    st.booleans(),
)
def test_no_order_is_due_before_it_was_made_and_none_in_days_on_a_closed_day(
    minutes: int, type_code: str, priority: int, after_hours: bool
) -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    asked = Asked(type_code, priority, since, after_hours=after_hours)
    found = due_at(asked, POLICY, CLOSURES, ZONE)
    assert found >= asked.since
    in_days = type_code == "READ_RE" or (type_code in ("GEN", "CUT_OFF_REQ") and priority > 1)
    assert not in_days or not CLOSURES.is_closed(found.astimezone(ZONE).date())


def test_how_an_order_stands_to_its_promise() -> None:
    at, risk = local("2026-11-23 17:00"), timedelta(hours=2)
    hour = timedelta(hours=1)

    def stands(now: datetime, **known: Any) -> Timeliness:
        return timeliness(at, now=now, risk=risk, **known)

    assert stands(at - 3 * hour) == Timeliness.IN_TIME
    assert stands(at - hour) == Timeliness.AT_RISK
    assert stands(at - hour, begun=True) == Timeliness.IN_TIME
    assert stands(at - 3 * hour, expected_at=at + hour) == Timeliness.WILL_BE_LATE
    assert stands(at + hour, begun=True) == Timeliness.LATE
    assert stands(at + hour, done_at=at) == Timeliness.KEPT
    assert stands(at + hour, done_at=at + hour) == Timeliness.MISSED


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"service_levels": {"by_type": {"GEN": "soon"}}}, "service_levels.by_type.GEN"),
        ({"service_levels": {"by_type": {"GEN": "0 days"}}}, "service_levels.by_type.GEN"),
        ({"service_levels": {"by_priority": {"6": "2 days"}}}, "service_levels.by_priority"),
        ({"service_levels": {"by_priority": {"1": "restoral"}}}, "service_levels.by_priority.1"),
        ({"service_levels": {"closes": "07:00"}}, "service_levels.closes"),
        ({"appointments": {"windows": {"AM": "12:00-08:00"}}}, "appointments.windows.AM"),
        ({"dispatch": {"capacity": "maybe"}}, "dispatch.capacity"),
    ],
)
def test_a_policy_that_nobody_could_keep_is_refused(changes: dict[str, Any], setting: str) -> None:
    with pytest.raises(Problem) as refused:
        edited(POLICY, changes)
    assert (refused.value.code, refused.value.extra["setting"]) == ("policy_invalid", setting)
