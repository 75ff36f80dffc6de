"""What is known of an account when its water is to be cut off, and the moment at which that is asked."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from curbstop.domain.closures import Closures


class Stage(StrEnum):
    """When a gate is asked; the hour of the day matters only where the cut may follow at once."""

    BUILD = "build"
    APPROVE = "approve"
    DISPATCH = "dispatch"
    LEASE = "lease"


class Cause(StrEnum):
    """Why water is to be cut off."""

    NONPAYMENT = "nonpayment"
    RETURNED_PAYMENT = "returned_payment"
    VIOLATION = "violation"


# The order type of each cause.
TYPE_OF = {
    Cause.NONPAYMENT: "CUT_OFF_NP",
    Cause.RETURNED_PAYMENT: "CUT_OFF_RTN",
    Cause.VIOLATION: "CUT_OFF_VIOL",
}
CAUSE_OF = {code: cause for cause, code in TYPE_OF.items()}
# Those that money takes back.
MONEY = (Cause.NONPAYMENT, Cause.RETURNED_PAYMENT)


def is_gated(type_code: str) -> bool:
    """Whether an order of this type goes nowhere before the gates were asked."""
    return type_code in CAUSE_OF


@dataclass(frozen=True, slots=True)
class ReturnedPayment:
    """A payment that the bank sent back."""

    returned_on: date
    reason: str
    paid_a_restoral: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of an account at the moment of asking; amounts in cents, temperatures in degrees Fahrenheit."""

    cause: Cause = Cause.NONPAYMENT
    past_due_cents: int = 0
    periods_past_due: int = 0
    delinquent_since: date | None = None
    payments_as_of: datetime | None = None
    notice_mailed_on: date | None = None
    notice_returned: bool = False  # the post brought it back
    reached_on: date | None = None
    dispute_open: bool = False
    on_hold: bool = False
    medical_until: date | None = None
    critical: str | None = None  # the category, for a critical customer
    plan_active: bool = False
    promised_until: date | None = None
    owed_by_former_occupant: bool = False
    debt_class: str | None = None
    service_class: str | None = None
    weather_alert: str | None = None
    forecast_low_f: float | None = None
    forecast_high_f: float | None = None
    moratoria: tuple[str, ...] = ()
    planned_that_day: int = 0  # cut-offs of the same technician on that day, without this one
    returned: ReturnedPayment | None = None
    letter_expired: bool = False  # the final access letter's deadline has passed
    hazard: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """When it is asked, by the utility's clocks (`now` has its zone), and the day of the cut."""

    stage: Stage
    now: datetime
    cut_on: date
    closures: Closures
