"""From when until when somebody may dig."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.domain.closures import Closures
from curbstop.domain.locate_tickets import LocatePolicy, Ticket, check, span, why_not
from curbstop.domain.problems import Problem

ZONE = ZoneInfo("America/New_York")
POLICY = LocatePolicy(3, 12)
WEEK = Closures.of(["sat", "sun"], [date(2026, 5, 25)])


def test_three_full_working_days_lie_between_the_call_and_the_spade() -> None:
    # Called on a Monday: Tuesday, Wednesday and Thursday are full days.
    start, end = span(POLICY, WEEK, date(2026, 5, 4), ZONE)
    assert start == datetime(2026, 5, 8, tzinfo=ZONE)
    assert end == datetime(2026, 5, 21, tzinfo=ZONE)


def test_holidays_and_weekends_do_not_count() -> None:
    # Called on the Thursday before Memorial Day: Friday, Tuesday, Wednesday.
    start, _ = span(POLICY, WEEK, date(2026, 5, 21), ZONE)
    assert start == datetime(2026, 5, 28, tzinfo=ZONE)


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(0, 10), st.integers(1, 20))
def test_the_span_has_as_many_working_days_as_the_policy_says(called: date, least: int, more: int) -> None:
    start, end = span(LocatePolicy(least, least + more), WEEK, called, ZONE)
    first, last = start.astimezone(ZONE).date(), end.astimezone(ZONE).date()
    assert WEEK.business_days_between(called, first - timedelta(days=1)) == least
    assert WEEK.business_days_between(called, last - timedelta(days=1)) == least + more


START, END = datetime(2026, 5, 8, 4, tzinfo=UTC), datetime(2026, 5, 21, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("ticket", "field"),
    [
        (Ticket("A", START - MINUTE, END), "legal_start_at"),
        (Ticket("A", START, END + MINUTE), "expires_at"),
        (Ticket("A", END, START), "expires_at"),
        (Ticket("A", START - timedelta(days=3), END, emergency=True, justification=" "), "justification"),
    ],
)
def test_a_ticket_that_the_law_does_not_allow_is_refused(ticket: Ticket, field: str) -> None:
    with pytest.raises(Problem, match="locate_ticket_invalid") as refused:
        check(ticket, (START, END))
    assert refused.value.extra["field"] == field


def test_a_later_start_or_an_emergency_with_its_reason_is_taken() -> None:
    check(Ticket("A", START + MINUTE, END - MINUTE), (START, END))
    check(Ticket("A", START - timedelta(days=3), END, emergency=True, justification="Main broken."), (START, END))


def test_nobody_digs_without_a_ticket_before_its_start_or_after_its_end() -> None:
    ticket = Ticket("A7", START, END)
    assert "no locate ticket" in (why_not(None, START, ZONE) or "")
    assert "before 2026-05-08 00:00" in (why_not(ticket, START - MINUTE, ZONE) or "")
    assert "expired" in (why_not(ticket, END + MINUTE, ZONE) or "")
    assert why_not(ticket, START, ZONE) is None
    assert why_not(ticket, END, ZONE) is None
