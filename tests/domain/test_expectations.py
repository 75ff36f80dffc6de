"""What a customer is told: when somebody comes, and whether the promise is kept, in words that can be said."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from curbstop.domain.expectations import Known, expectation

ZONE = ZoneInfo("America/New_York")
DUE = datetime(2026, 11, 24, 22, tzinfo=UTC)  # five in the afternoon
HOUR = timedelta(hours=1)
BY = "Tuesday, November 24, 5:00 PM"


def said(now: datetime, state: str = "assigned", **known: Any) -> tuple[str | None, str]:
    found = expectation(Known(state=state, due_at=DUE, **known), now=now, risk=2 * HOUR, zone=ZONE)
    return (found.standing.value if found.standing else None, found.says)


@pytest.mark.parametrize(
    ("now", "state", "known", "standing", "says"),
    [
        (DUE - 6 * HOUR, "ready", {}, "in_time", f"It is to be done by {BY}. Nobody has it in the plan yet."),
        (
            DUE - 6 * HOUR, "assigned", {"technician": "Tom", "planned_at": DUE - 5 * HOUR + timedelta(minutes=4)},
            "in_time", f"It is to be done by {BY}. Tom is expected about Tuesday, November 24, 12:15 PM.",
        ),
        (
            DUE - 6 * HOUR, "assigned", {"technician": "Tom", "planned_at": DUE + 16 * HOUR}, "will_be_late",
            f"Tom is expected about Wednesday, November 25, 9:00 AM, which is after {BY}, when it was to be done.",
        ),
        (
            DUE - HOUR, "ready", {}, "at_risk",
            f"It is to be done by {BY}, and nobody is on the way. Nobody has it in the plan yet.",
        ),
        (
            DUE - HOUR, "on_site", {"technician": "Tom"}, "in_time",
            f"Tom is on the way or there; it was to be done by {BY}.",
        ),
        (DUE + HOUR, "ready", {}, "late", f"It is late: it was to be done by {BY}. Nobody has it in the plan yet."),
        (
            DUE + HOUR, "completed", {"done_at": DUE - HOUR}, "kept",
            f"It was done on Tuesday, November 24, 4:00 PM, as promised: by {BY}.",
        ),
        (
            DUE + 9 * HOUR, "posted", {"done_at": DUE + HOUR}, "missed",
            f"It was done on Tuesday, November 24, 6:00 PM, later than promised: by {BY}.",
        ),
        (DUE, "cancelled", {}, None, "It was called off."),
    ],
)  # fmt: skip
def test_what_is_said(now: datetime, state: str, known: dict[str, Any], standing: str | None, says: str) -> None:
    assert said(now, state, **known) == (standing, says)


def test_a_returned_order_says_that_somebody_was_there() -> None:
    standing, says = said(DUE - 6 * HOUR, "returned", done_at=None)
    assert standing == "in_time"
    assert "another visit" in says
