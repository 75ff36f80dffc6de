"""Access issues: from skips to a report, from a report to the last letter, and back again."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from curbstop.domain.access_issues import (
    TRANSITIONS,
    AccessEvent,
    AccessState,
    Report,
    is_open,
    report,
    reported_by_skips,
    step,
)
from curbstop.domain.problems import Problem

AT = datetime(2026, 5, 4, tzinfo=UTC)


def test_three_letters_lead_from_the_report_to_the_end() -> None:
    state = AccessState.REPORTED
    for event in ["triage", *["mail_letter", "order_check"] * 3, "escalate", "close"]:
        state = step(state, AccessEvent(event))
    assert state is AccessState.CLOSED


@pytest.mark.parametrize("event", AccessEvent)
@pytest.mark.parametrize("state", AccessState)
def test_every_other_pair_is_refused_with_what_is_possible(state: AccessState, event: AccessEvent) -> None:
    if (state, event) in TRANSITIONS:
        assert step(state, event) in AccessState
        return
    with pytest.raises(Problem) as caught:
        step(state, event)
    assert caught.value.code == "impossible_transition"
    assert event.value not in caught.value.extra["possible"]


@pytest.mark.parametrize("state", [state for state in AccessState if is_open(state)])
def test_an_open_issue_can_always_be_cleared_or_seen_again(state: AccessState) -> None:
    assert step(state, AccessEvent.CLEAR) is AccessState.CLEARED
    assert is_open(step(state, AccessEvent.STILL_THERE))


@pytest.mark.parametrize(
    ("skips", "category"),
    [
        (["DOG", "DOG"], "DOG"),
        (["DOG", "DOG", "VEG"], "DOG"),
        (["DOG", "VEG"], None),
        (["DOG", None, "DOG"], None),
        (["DOG"], None),
        (["WEATHER", "WEATHER"], None),
        (["HAT", "HAT"], None),
        ([], None),
    ],
)
def test_two_skips_in_a_row_of_one_category_report_it(skips: Sequence[str | None], category: str | None) -> None:
    assert reported_by_skips(skips) == category


def test_what_is_the_utilitys_to_mend_never_waits_for_a_letter() -> None:
    assert report("FLOODED") == Report(AccessState.UTILITY_FAULT, 1, is_new=True)
    assert report("DOG") == Report(AccessState.REPORTED, 1, is_new=True)


def test_a_second_sighting_counts_on_the_open_issue() -> None:
    seen = report("DOG", state=AccessState.NOTICE1, occurrences=2)
    assert seen == Report(AccessState.NOTICE1, 3, is_new=False)


@pytest.mark.parametrize(
    ("days", "expected"),
    [(90, Report(AccessState.NOTICE2, 2, is_new=False)), (91, Report(AccessState.REPORTED, 1, is_new=True))],
)
def test_what_was_cleared_lately_starts_again_at_the_second_notice(days: int, expected: Report) -> None:
    cleared = AT - timedelta(days=days)
    assert report("DOG", state=AccessState.CLEARED, occurrences=1, cleared_at=cleared, at=AT) == expected


def test_what_was_cleared_before_anybody_was_written_to_is_reported_again() -> None:
    again = report("DOG", state=AccessState.CLEARED, occurrences=1, cleared_at=AT, at=AT, noticed=False)
    assert again == Report(AccessState.REPORTED, 2, is_new=False)


def test_a_dismissed_report_counts_for_nothing_later() -> None:
    assert report("DOG", state=AccessState.DISMISSED, occurrences=4).occurrences == 1
