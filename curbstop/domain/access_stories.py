"""What comes next for an access issue, in words for whoever has its customer on the telephone."""

from dataclasses import dataclass
from datetime import date, timedelta

from curbstop.domain.access_issues import RECHECKS, STAGE, WAITS_FOR_CUSTOMER, AccessState, is_open
from curbstop.domain.access_notices import STAGE_NAMES, has_passed


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of an issue today. `unsent` and `returned` name letters, the latter with what the post says."""

    state: AccessState
    today: date
    due_on: date | None = None
    unsent: tuple[str, ...] = ()
    returned: tuple[tuple[str, str], ...] = ()
    confirmed: bool = False
    check: tuple[str, str] | None = None  # the open order's number and state
    repair: tuple[str, str] | None = None
    proposal: str | None = None
    cleared_on: date | None = None
    reopen_days: int = 90


def stopped_because(known: Standing) -> str | None:
    """Why the customer's time does not run, or None while it does, or where there is none."""
    if known.state not in STAGE or known.state is AccessState.ESCALATED:
        return None
    if known.returned:
        return "; ".join(f"{letter} came back: {why}" for letter, why in known.returned)
    if known.due_on is None and known.state in WAITS_FOR_CUSTOMER:
        return f"{_list(known.unsent)} not in the mail yet" if known.unsent else "a letter is not written yet"
    return None


def next_step(known: Standing) -> str:
    """One or two sentences: who does what, or until when the customer has time."""
    state = known.state
    if state is AccessState.REPORTED:
        return "Decide whether the customer has to clear it, we have to, or there is nothing in it."
    if state is AccessState.UTILITY_FAULT:
        if known.repair is None:
            return "It is ours to mend, and no repair is ordered yet. The customer has nothing to do."
        return f"It is ours to mend: {known.repair[0]} is {known.repair[1]}. The customer has nothing to do."
    if not is_open(state):
        return _of_the_end(known)
    if known.returned:
        again = (
            f"Approve and mail {_list(known.unsent)}, which is sent in its place."
            if known.unsent
            else "Correct the address, or find the owner of record, and send it again."
        )
        return f"The clock stands still: {stopped_because(known)}. {again}"
    return _of_the_letters(known)


def _of_the_end(known: Standing) -> str:
    if known.cleared_on is None:
        return "Nothing more is done about it."
    until = known.cleared_on + timedelta(days=known.reopen_days)
    return f"It is cleared. If it is back by {until}, it goes on with the second letter, if the first was sent."


def _of_the_letters(known: Standing) -> str:
    state, stage = known.state, STAGE.get(known.state, 0)
    check = f" {known.check[0]}, which is {known.check[1]}, looks at it." if known.check is not None else ""
    if state is AccessState.ESCALATED:
        waits = f" Somebody else has to say yes to: {known.proposal}." if known.proposal else ""
        return (
            f"All letters are sent and their time is over; billing and a supervisor decide what is done.{waits}{check}"
        )
    if known.unsent:
        return f"Approve and mail {_list(known.unsent)}.{check}"
    if state is AccessState.OPEN:
        return f"Write the first letter to the occupant and the owner.{check}"
    if state in WAITS_FOR_CUSTOMER:
        return _of_the_customer(known, stage, check)
    assert state in RECHECKS
    return _of_a_check(known, stage, check)


def _of_the_customer(known: Standing, stage: int, check: str) -> str:
    if known.due_on is None:
        return f"Write the {STAGE_NAMES[stage]}: it is not sent to everybody yet.{check}"
    if has_passed(known.due_on, known.today):
        return f"The customer had until {known.due_on}; a check is ordered within minutes.{check}"
    return f"The customer has until {known.due_on}. When they say that it is done, order a check.{check}"


def _of_a_check(known: Standing, stage: int, check: str) -> str:
    if not known.confirmed:
        return check.strip() or "The check came to nothing: order another."
    if stage < 3:
        return f"It was found still there: write the {STAGE_NAMES[stage + 1]}.{check}"
    if known.proposal:
        return f"Somebody else of billing and supervision has to say yes to: {known.proposal}."
    return "Three letters did not help: somebody of billing or supervision proposes what is done, the other says yes."


def _list(names: tuple[str, ...]) -> str:
    return " and ".join(names)
