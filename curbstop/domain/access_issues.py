"""The states of an access issue, from the first report to the last letter, and when skips become one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from curbstop.domain.outcomes import load_code_tables
from curbstop.domain.problems import Problem

SKIPS_TO_REPORT = 2  # consecutive, of one category
REOPEN_WITHIN = timedelta(days=90)


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
    ESCALATE = "escalate"
    CLEAR = "clear"
    REOPEN = "reopen"
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
    (_S.CLEARED, _E.REOPEN): _S.NOTICE2,
}
_ENDED = (_S.DISMISSED, _S.CLEARED, _S.CLOSED)
TRANSITIONS |= {(state, _E.CLEAR): _S.CLEARED for state in AccessState if state not in _ENDED}


def is_open(state: AccessState) -> bool:
    """Whether the issue still stands: one open issue of a category at a service point, further reports count."""
    return state not in _ENDED


OPEN_STATES = tuple(state for state in AccessState if is_open(state))


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
) -> Report:
    """Count a sighting of `category`; `state` and `occurrences` are the latest issue of that category there.

    An open issue counts one more; one that was cleared within 90 days opens again at its second notice (or as a utility
    fault, which never has a notice); anything else begins anew.
    """
    if state is not None and is_open(state):
        return Report(state, occurrences + 1, is_new=False)
    fresh = state_at_report(category)
    recent = cleared_at is not None and at is not None and at - cleared_at <= REOPEN_WITHIN
    if state is AccessState.CLEARED and recent:
        again = fresh if fresh is AccessState.UTILITY_FAULT else step(state, AccessEvent.REOPEN)
        return Report(again, occurrences + 1, is_new=False)
    return Report(fresh, 1, is_new=True)


def reported_by_skips(newest_first: Sequence[str | None]) -> str | None:
    """The category that the latest visits of a stop amount to, from their skip codes (None: it was read).

    Two skips in a row of one category report it; a visit that read the meter, or another category, starts over.
    """
    latest = newest_first[:SKIPS_TO_REPORT]
    codes = load_code_tables().skip_codes
    categories = [codes[skip].access_category if skip in codes else None for skip in latest if skip is not None]
    if len(categories) < SKIPS_TO_REPORT or len(set(categories)) != 1:
        return None
    return categories[0]
