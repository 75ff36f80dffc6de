"""The contact log's words, and what an attempt to reach a customer must say to be worth keeping."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from curbstop.domain.clocks import AHEAD
from curbstop.domain.problems import Problem


class Channel(StrEnum):
    PHONE = "phone"
    EMAIL = "email"
    SMS = "sms"
    LETTER = "letter"
    DOOR_TAG = "door_tag"
    IN_PERSON = "in_person"


class Direction(StrEnum):
    OUT = "out"
    IN = "in"


class Reached(StrEnum):
    NONE = "none"
    VOICEMAIL = "voicemail"
    THIRD_PARTY = "third_party"
    CUSTOMER = "customer"


class Reason(StrEnum):
    DELINQUENT = "delinquent"
    HIGH_BILL = "high_bill"
    ACCESS = "access"
    RETURNED_PAYMENT = "returned_pmt"
    OUTAGE = "outage"


class Result(StrEnum):
    """What came of it; an outcome is what a technician found."""

    PROMISE = "promise"
    PLAN = "plan"
    DISPUTE = "dispute"
    PAID = "paid"
    REFUSED = "refused"
    WRONG_NUMBER = "wrong_number"
    NONE = "none"


class PromiseState(StrEnum):
    """`replaced`: the customer promised anew, and only the newest promise counts."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One attempt, as somebody tells of it; amounts in cents."""

    at: datetime
    channel: Channel
    direction: Direction = Direction.OUT
    reached: Reached = Reached.NONE
    reason: Reason = Reason.DELINQUENT
    result: Result = Result.NONE
    promise_cents: int | None = None
    promise_on: date | None = None
    note: str | None = None


# A promise for a later day than that is a slip of the hand in the year.
LONGEST_PROMISE = timedelta(days=366)
# A plan or a dispute that is told of later than that, as by an old spreadsheet, is over or has a hold of its own.
TOLD_LATE = timedelta(days=90)


def check(contact: Contact, *, now: datetime, today: date, made_on: date) -> None:
    """Problem(`invalid`) that names the member: a contact of the future, or a result that says too little or too much.

    `made_on` is the contact's own day, by the utility's clocks like `today`. A promise from the past may be told:
    spreadsheets are brought in that way.
    """
    if contact.at > now + AHEAD:
        raise Problem("invalid", "A contact is logged once it has happened.", field="at")
    promised = contact.result is Result.PROMISE
    if promised and (contact.promise_on is None or not contact.promise_cents):
        raise Problem("invalid", "A promise names its amount and its day.", field="promise_on")
    if not promised and (contact.promise_on is not None or contact.promise_cents is not None):
        raise Problem("invalid", "Only a promise has an amount and a day.", field="result")
    if contact.promise_cents is not None and contact.promise_cents <= 0:
        raise Problem("invalid", "A promised amount is above nought.", field="promise_cents")
    if contact.promise_on is not None and contact.promise_on < min(today, made_on):
        raise Problem("invalid", "A promise is for a day that is still to come.", field="promise_on")
    if contact.promise_on is not None and contact.promise_on > made_on + LONGEST_PROMISE:
        raise Problem("invalid", "A promise is for within a year.", field="promise_on")
    spoken = contact.result in (Result.PROMISE, Result.PLAN, Result.DISPUTE, Result.REFUSED)
    if spoken and contact.reached in (Reached.NONE, Reached.VOICEMAIL):
        raise Problem("invalid", f"Nobody was reached, so that nobody could {contact.result.value}.", field="reached")


def holds_back(*, made_on: date, through: date | None, today: date) -> bool:
    """Whether what was said keeps the water on by now: a promise through its last day, others unless told late."""
    if through is not None:
        return through >= today
    return made_on >= today - TOLD_LATE


def promise_state(*, promised_cents: int, paid_cents: int, through: date, today: date) -> PromiseState:
    """How a promise stands: kept once so much was paid in time, broken after its last day with its grace."""
    if paid_cents >= promised_cents:
        return PromiseState.KEPT
    return PromiseState.BROKEN if today > through else PromiseState.OPEN
