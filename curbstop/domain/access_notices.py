"""The letters of an access issue: which count, when the customer's time is over, what stops it, and what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from curbstop.domain.access_issues import STAGE, WAITS_FOR_CUSTOMER, AccessEvent, AccessState
from curbstop.domain.problems import Problem

STAGES: Final = (1, 2, 3)
STAGE_NAMES: Final = {1: "first letter", 2: "second letter", 3: "final notice"}


class Mail(StrEnum):
    """Where a notice's letter is, as far as the deadline cares."""

    WAITING = "waiting"
    MAILED = "mailed"
    RETURNED = "returned"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Notice:
    """One letter of an issue. `until` is the customer's last day by it; `round` grows each time the issue opens again.

    `replaced`: another letter was mailed in its place.
    """

    stage: int
    round: int
    mail: Mail
    until: date | None = None
    replaced: bool = False


def counting(notices: Sequence[Notice], round_no: int, stage: int = 3) -> list[Notice]:
    """The letters that an issue in that round stands on, up to a stage: those in whose place none was mailed.

    An issue that opened again at its second letter stands on the first letter of the round before.
    """
    firsts = [one.round for one in notices if one.stage == 1]
    first = max(firsts, default=round_no)
    return [
        one
        for one in notices
        if not one.replaced and one.stage <= stage and one.round == (first if one.stage == 1 else round_no)
    ]


def deadline(notices: Sequence[Notice], round_no: int, stage: int) -> date | None:
    """The customer's last day, or None while the clock does not run: a letter is not mailed yet, or came back."""
    ours = counting(notices, round_no, stage)
    if {one.stage for one in ours} != set(range(1, stage + 1)) or any(one.mail is not Mail.MAILED for one in ours):
        return None
    return max(one.until for one in ours if one.until is not None)


def has_passed(due_on: date | None, today: date) -> bool:
    """The last day is the customer's, whole."""
    return due_on is not None and today > due_on


def came_back(notices: Sequence[Notice], round_no: int, stage: int = 3) -> bool:
    """Whether a letter came back that nothing was sent in the place of: the clock stands still."""
    return any(one.mail is Mail.RETURNED for one in counting(notices, round_no, stage))


def was_noticed(notices: Sequence[Notice]) -> bool:
    """Whether the first letter reached everybody it was for, so that a new round may begin with the second."""
    last = max((one.round for one in notices), default=1)
    ours = counting(notices, last, 1)
    return bool(ours) and all(one.mail is Mail.MAILED for one in ours)


def event_of_check(state: AccessState, *, passed: bool) -> AccessEvent:
    """What a visit is that found it still there: the check of its stage, or one before the customer's time was over."""
    return (
        AccessEvent.CHECK_EARLY if state in STAGE and state != "escalated" and not passed else AccessEvent.STILL_THERE
    )


def next_stage(state: AccessState, *, confirmed: bool) -> int:
    """Which letter may be written now, or Problem(`impossible_transition`) that says what it waits for.

    `confirmed`: a visit after the deadline found it still there. While a stage waits for the customer its own letters
    may be written: to whoever has none yet.
    """
    if state is AccessState.OPEN:
        return 1
    if state in WAITS_FOR_CUSTOMER:
        return STAGE[state]
    if state in (AccessState.RECHECK1, AccessState.RECHECK2) and confirmed:
        return STAGE[state] + 1
    why = {
        AccessState.REPORTED: "Decide first whether it is the customer's to clear.",
        AccessState.UTILITY_FAULT: "It is the utility's to mend: nobody is written to.",
        AccessState.RECHECK1: "A visit must find it still there first.",
        AccessState.RECHECK2: "A visit must find it still there first.",
        AccessState.RECHECK3: "All three letters were sent; it can be escalated.",
    }.get(state, f"It is {state.value}.")
    raise Problem("impossible_transition", f"No letter can be written now. {why}", state=state.value, event="letter")


def require_escalatable(
    state: AccessState, notices: Sequence[Notice], round_no: int, *, confirmed: bool, today: date
) -> None:
    """Problem(`impossible_transition`) unless three letters were mailed, their time is over, and it is still there."""
    if state is AccessState.ESCALATED:
        return
    due_on = deadline(notices, round_no, 3)
    if state is not AccessState.RECHECK3 or not confirmed or not has_passed(due_on, today):
        detail = "It is escalated once all three letters were mailed, their time is over, and a visit found it there."
        raise Problem("impossible_transition", detail, state=state.value, event="escalate", possible=[])
