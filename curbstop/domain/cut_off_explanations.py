"""Why an account was or was not cut off, in words that a CSR can read out: pure sentences from what was recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, Final

from curbstop.domain.cut_off_runs import LineState
from curbstop.domain.money import dollars
from curbstop.domain.service_orders import OrderEvent

_WHEN: Final = {
    "build": "when the list was built",
    "approve": "when the list was looked at again",
    "dispatch": "when the order was given out",
    "lease": "when the tablet asked again",
}
_HAPPENED: Final = {
    OrderEvent.ASSIGN: "was given to a technician",
    OrderEvent.REASSIGN: "was given to another technician or day",
    OrderEvent.PULL: "reached the technician's tablet",
    OrderEvent.HOLD: "was held",
    OrderEvent.RECALL: "was called back",
    OrderEvent.CANCEL: "was cancelled",
    OrderEvent.ACK: "was taken off the tablet undone",
    OrderEvent.COMPLETE: "was done: the water was cut off",
    OrderEvent.RETURN: "was returned undone",
    OrderEvent.CLOSE: "was closed undone",
    OrderEvent.POST: "was posted",
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing that happened, and when."""

    at: datetime
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is recorded of a line, as plain values; `zone` is the utility's."""

    account_number: str
    run_number: str
    cut_on: date
    state: LineState
    past_due_cents: int
    excluded_code: str | None
    excluded_reason: str | None
    excluded_by: str | None
    order_number: str | None
    order_state: str | None
    completed_at: datetime | None
    completed_by: str | None
    zone: tzinfo


def answer(told: Told) -> str:
    """The one sentence that the caller wants: was it cut off, and why or why not."""
    who, day = told.account_number, f"{told.cut_on:%A} {told.cut_on}"
    if told.completed_at is not None:
        by = f" by {told.completed_by}" if told.completed_by else ""
        at = told.completed_at.astimezone(told.zone)
        return f"{who} was cut off on {at:%Y-%m-%d at %H:%M}{by}: {dollars(told.past_due_cents)} had been past due."
    if told.state is LineState.EXCLUDED:
        by = f" {told.excluded_by} took it off the list." if told.excluded_by else ""
        why = told.excluded_reason or (told.excluded_code or "it was taken off the list")
        return f"{who} was not cut off: {_lower(why)}{by}"
    if told.state in (LineState.RECALLED, LineState.RETURNED) or told.order_state == "cancelled":
        how = (
            "a technician was there and left the water on" if told.state is LineState.RETURNED else "it was called back"
        )
        return f"{who} was not cut off: {how} ({told.order_number})."
    if told.order_state == "recall_pending":
        return f"{who} is being called back: {told.order_number} is still on a tablet that has not answered."
    if told.order_state is not None:
        return f"{who} is to be cut off on {day}; {told.order_number} is {told.order_state.replace('_', ' ')}."
    return f"{who} is on the list {told.run_number} to be cut off on {day}, if nothing comes in before."


def of_check(check: Mapping[str, Any]) -> str:
    """What the gates said at one time: `stage`, `policy_number`, `objections`, `overrides`."""
    when, policy = _WHEN[check["stage"]], f"policy version {check['policy_number']}"
    lifted = check["overrides"]
    against = [one for one in check["objections"] if one["gate"] not in lifted]
    if not against:
        past = f"; {', '.join(sorted(lifted))} was overridden" if lifted else ""
        return f"Nothing stood against it {when} ({policy}{past})."
    said = " ".join(one["detail"] for one in against)
    needs = sorted({role for one in against for role in one["overridden_by"]})
    needed = f" {' or '.join(needs)} may override it." if check["ruling"] == "needs_override" else ""
    return f"{when.capitalize()} ({policy}): {said}{needed}"


def of_order(event: str, number: str, reason: str | None, who: str | None) -> str | None:
    """What happened to the order, or None for what a customer does not ask about."""
    happened = _HAPPENED.get(OrderEvent(event))
    if happened is None:
        return None
    because = f" ({_lower(reason).rstrip('.')})" if reason else ""
    return f"{number} {happened}{f' by {who}' if who and event == OrderEvent.COMPLETE else ''}{because}."


def of_payment(cents: int, returned_on: date | None) -> str:
    """A payment, and whether the bank sent it back."""
    back = f"; the bank sent it back on {returned_on}" if returned_on else ""
    return f"{dollars(cents)} was paid{back}."


def of_notice(mailed_on: date, method: str, proof: str, returned_on: date | None) -> str:
    """A final notice with its proof."""
    back = f" The post brought it back on {returned_on}." if returned_on else ""
    return f"The final notice was mailed on {mailed_on} by {method.replace('_', ' ')} (proof: {proof}).{back}"


def of_override(gate: str, who: str, roles: Sequence[str], reason: str) -> str:
    """Somebody's word for one gate."""
    return f"{who} ({', '.join(roles)}) let it go ahead past the rule {gate!r}: {reason}"


def in_order(sentences: Sequence[Sentence]) -> list[Sentence]:
    """As it happened."""
    return sorted(sentences, key=lambda sentence: sentence.at)


def _lower(text: str) -> str:
    # An abbreviation or a number keeps its letters.
    return text[0].lower() + text[1:] if len(text) > 1 and text[1].islower() else text
