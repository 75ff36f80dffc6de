"""The states of an access issue, from the first report to the last letter, and when skips become one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from curbstop.domain.outcomes import load_code_tables
from curbstop.domain.problems import Problem


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """How long a customer has after each letter, and when skips and estimates are too many."""

    notice1_days: int
    notice2_days: int
    final_days: int
    mail_days: int  # what the post takes, on top
    reopen_days: int  # cleared so lately, it goes on at the second letter
    skips: int  # in a row, of one category, that report it
    estimates: int  # in a row, that make the escalation mandatory

    def days(self, stage: int) -> int:
        """From the mailing of that letter to the last day for the customer."""
        return self.mail_days + (self.notice1_days, self.notice2_days, self.final_days)[stage - 1]


class AccessState(StrEnum):
    """Where an access issue is; DISMISSED, CLOSED and CLEARED end it, CLEARED may open again."""

    REPORTED = "reported"
    OPEN = "open"
    UTILITY_FAULT = "utility_fault"
    DISMISSED = "dismissed"
    NOTICE1 = "notice1"
    RECHECK1 = "recheck1"
    NOTICE2 = "notice2"
    RECHECK2 = "recheck2"
    FINAL = "final"
    RECHECK3 = "recheck3"
    ESCALATED = "escalated"
    CLEARED = "cleared"
    CLOSED = "closed"


class AccessEvent(StrEnum):
    """What moves an access issue."""

    TRIAGE = "triage"
    FIND_UTILITY_FAULT = "find_utility_fault"
    DISMISS = "dismiss"
    MAIL_LETTER = "mail_letter"
    ORDER_CHECK = "order_check"
    STILL_THERE = "still_there"
    CHECK_EARLY = "check_early"
    RETURN_MAIL = "return_mail"
    ESCALATE = "escalate"
    CLEAR = "clear"
    REOPEN = "reopen"
    REPORT_AGAIN = "report_again"
    CLOSE = "close"


_S, _E = AccessState, AccessEvent

TRANSITIONS: dict[tuple[AccessState, AccessEvent], AccessState] = {
    (_S.REPORTED, _E.TRIAGE): _S.OPEN,
    (_S.REPORTED, _E.FIND_UTILITY_FAULT): _S.UTILITY_FAULT,
    (_S.REPORTED, _E.DISMISS): _S.DISMISSED,
    (_S.OPEN, _E.MAIL_LETTER): _S.NOTICE1,
    (_S.NOTICE1, _E.ORDER_CHECK): _S.RECHECK1,
    (_S.RECHECK1, _E.MAIL_LETTER): _S.NOTICE2,
    (_S.NOTICE2, _E.ORDER_CHECK): _S.RECHECK2,
    (_S.RECHECK2, _E.MAIL_LETTER): _S.FINAL,
    (_S.FINAL, _E.ORDER_CHECK): _S.RECHECK3,
    (_S.RECHECK3, _E.ESCALATE): _S.ESCALATED,
    (_S.ESCALATED, _E.CLOSE): _S.CLOSED,
    (_S.UTILITY_FAULT, _E.CLOSE): _S.CLOSED,
    # A visit that still finds it counts as the check of that stage; before the first letter it is one more occurrence.
    (_S.REPORTED, _E.STILL_THERE): _S.REPORTED,
    (_S.UTILITY_FAULT, _E.STILL_THERE): _S.UTILITY_FAULT,
    (_S.OPEN, _E.STILL_THERE): _S.OPEN,
    (_S.NOTICE1, _E.STILL_THERE): _S.RECHECK1,
    (_S.RECHECK1, _E.STILL_THERE): _S.RECHECK1,
    (_S.NOTICE2, _E.STILL_THERE): _S.RECHECK2,
    (_S.RECHECK2, _E.STILL_THERE): _S.RECHECK2,
    (_S.FINAL, _E.STILL_THERE): _S.RECHECK3,
    (_S.RECHECK3, _E.STILL_THERE): _S.RECHECK3,
    (_S.ESCALATED, _E.STILL_THERE): _S.ESCALATED,
    # It was there before the customer's time was over: their time goes on.
    (_S.NOTICE1, _E.CHECK_EARLY): _S.NOTICE1,
    (_S.RECHECK1, _E.CHECK_EARLY): _S.NOTICE1,
    (_S.NOTICE2, _E.CHECK_EARLY): _S.NOTICE2,
    (_S.RECHECK2, _E.CHECK_EARLY): _S.NOTICE2,
    (_S.FINAL, _E.CHECK_EARLY): _S.FINAL,
    (_S.RECHECK3, _E.CHECK_EARLY): _S.FINAL,
    # A further letter of the same stage: to the other of owner and occupant, or one that had come back.
    (_S.NOTICE1, _E.MAIL_LETTER): _S.NOTICE1,
    (_S.NOTICE2, _E.MAIL_LETTER): _S.NOTICE2,
    (_S.FINAL, _E.MAIL_LETTER): _S.FINAL,
    # What the post brings back was never said; whatever followed from it waits.
    (_S.NOTICE1, _E.RETURN_MAIL): _S.NOTICE1,
    (_S.RECHECK1, _E.RETURN_MAIL): _S.NOTICE1,
    (_S.NOTICE2, _E.RETURN_MAIL): _S.NOTICE2,
    (_S.RECHECK2, _E.RETURN_MAIL): _S.NOTICE2,
    (_S.FINAL, _E.RETURN_MAIL): _S.FINAL,
    (_S.RECHECK3, _E.RETURN_MAIL): _S.FINAL,
    (_S.ESCALATED, _E.RETURN_MAIL): _S.FINAL,
    (_S.CLEARED, _E.REOPEN): _S.NOTICE2,
    (_S.CLEARED, _E.REPORT_AGAIN): _S.REPORTED,
}
_ENDED = (_S.DISMISSED, _S.CLEARED, _S.CLOSED)
TRANSITIONS |= {(state, _E.CLEAR): _S.CLEARED for state in AccessState if state not in _ENDED}


def is_open(state: AccessState) -> bool:
    """Whether the issue still stands: one open issue of a category at a service point, further reports count."""
    return state not in _ENDED


OPEN_STATES = tuple(state for state in AccessState if is_open(state))
# Which letter a state belongs to, where one was mailed.
STAGE: Final = {
    _S.NOTICE1: 1,
    _S.RECHECK1: 1,
    _S.NOTICE2: 2,
    _S.RECHECK2: 2,
    _S.FINAL: 3,
    _S.RECHECK3: 3,
    _S.ESCALATED: 3,
}
WAITS_FOR_CUSTOMER: Final = (_S.NOTICE1, _S.NOTICE2, _S.FINAL)
RECHECKS: Final = (_S.RECHECK1, _S.RECHECK2, _S.RECHECK3)


def step(state: AccessState, event: AccessEvent) -> AccessState:
    """The next state, or Problem(`impossible_transition`) with `state`, `event` and `possible`."""
    to = TRANSITIONS.get((state, event))
    if to is None:
        possible = [known.value for known in AccessEvent if (state, known) in TRANSITIONS]
        detail = f"{event.value} cannot happen to an access issue that is {state.value}"
        raise Problem("impossible_transition", detail, state=state.value, event=event.value, possible=possible)
    return to


def state_at_report(category: str) -> AccessState:
    """UTILITY_FAULT where the trouble is ours to mend (no letter then), REPORTED otherwise."""
    found = load_code_tables().access_categories[category]
    return AccessState.UTILITY_FAULT if found.utility_owned else AccessState.REPORTED


@dataclass(frozen=True, slots=True)
class Report:
    """What a new sighting does to the issue that is there already, or to none."""

    state: AccessState
    occurrences: int
    is_new: bool


def report(
    category: str,
    *,
    state: AccessState | None = None,
    occurrences: int = 0,
    cleared_at: datetime | None = None,
    at: datetime | None = None,
    reopen_days: int = 90,
    noticed: bool = True,
) -> Report:
    """Count a sighting of `category`; `state` and `occurrences` are the latest issue of that category there.

    An open issue counts one more; one that was cleared within `reopen_days` opens again at its second notice, if the
    first was `noticed` (else as reported; a utility fault never has a notice); anything else begins anew.
    """
    if state is not None and is_open(state):
        return Report(state, occurrences + 1, is_new=False)
    fresh = state_at_report(category)
    recent = cleared_at is not None and at is not None and at - cleared_at <= timedelta(days=reopen_days)
    if state is AccessState.CLEARED and recent:
        event = AccessEvent.REOPEN if noticed else AccessEvent.REPORT_AGAIN
        again = fresh if fresh is AccessState.UTILITY_FAULT else step(state, event)
        return Report(again, occurrences + 1, is_new=False)
    return Report(fresh, 1, is_new=True)


def reported_by_skips(newest_first: Sequence[str | None], skips: int = 2) -> str | None:
    """The category that the latest visits of a stop amount to, from their skip codes (None: it was read).

    So many skips in a row of one category report it; a visit that read the meter, or another category, starts over.
    """
    latest = newest_first[:skips]
    codes = load_code_tables().skip_codes
    categories = [codes[skip].access_category if skip in codes else None for skip in latest if skip is not None]
    if len(categories) < skips or len(set(categories)) != 1:
        return None
    return categories[0]
