"""Holds on an account: what kinds there are, how long each lasts, and what they come to at a cut-off's gates."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from curbstop.domain.cut_offs import MONEY, Cause
from curbstop.domain.policy import Policy
from curbstop.domain.problems import Problem


class HoldKind(StrEnum):
    """Why the water stays on. `critical` alone does not stand in the way for good: it asks for a named approval."""

    DISPUTE = "dispute"
    MEDICAL = "medical"
    PLAN = "plan"
    PROMISE = "promise"
    OFFICE = "office"
    CRITICAL = "critical"


# The cut-offs that a hold of each kind keeps from happening, and takes back: those whose gate it closes.
KEEPS_FROM: Final[dict[HoldKind, frozenset[Cause]]] = {
    HoldKind.DISPUTE: frozenset(Cause),
    HoldKind.MEDICAL: frozenset(Cause),
    HoldKind.PLAN: frozenset({Cause.NONPAYMENT}),
    HoldKind.PROMISE: frozenset(MONEY),
    HoldKind.OFFICE: frozenset(Cause),
    # Asks for a named approval; what was approved goes on.
    HoldKind.CRITICAL: frozenset(),
}
# No hold begins longer ago or further ahead than this: such a year is a slip of the hand.
FURTHEST = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class Held:
    """A hold that was not ended, as far as a rule asks: it applies from `starts_on` through `through`, or for good."""

    kind: HoldKind
    reason: str
    starts_on: date
    through: date | None = None
    category: str | None = None

    def applies_on(self, day: date) -> bool:
        return self.starts_on <= day and (self.through is None or day <= self.through)


def check_days(starts_on: date, through: date | None, today: date) -> None:
    """Problem(`invalid`) that names the member, for a hold that ends before it begins, or for years far away."""
    if abs(starts_on - today) > FURTHEST:
        raise Problem("invalid", f"A hold does not begin in {starts_on.year}.", field="starts_on")
    if through is not None and through < starts_on:
        raise Problem("invalid", "A hold ends no earlier than it begins.", field="through")
    if through is not None and through - today > FURTHEST:
        raise Problem("invalid", "Leave the last day out where the hold lasts until somebody ends it.", field="through")


def last_day(policy: Policy, kind: HoldKind, starts_on: date, through: date | None) -> date | None:
    """The last day of a new hold: a medical one by the policy, a promise as promised, others as the office says.

    Problem(`invalid`) for a promise without its day.
    """
    if kind is HoldKind.MEDICAL:
        longest = starts_on + timedelta(days=policy.medical.days)
        return min(through or longest, longest)
    if kind is HoldKind.PROMISE and through is None:
        raise Problem("invalid", "A promise names the day by which it will be paid.", field="through")
    return through


def renewed(policy: Policy, kind: HoldKind, through: date | None, renewals: int, today: date) -> date:
    """The last day after one more renewal, or Problem(`hold_not_renewable`): only medical ones, so often as allowed.

    It counts from the day on which the hold ends or ended; where that would be over too, another one is placed.
    """
    if kind is not HoldKind.MEDICAL or through is None:
        raise Problem("hold_not_renewable", f"A {kind.value} hold is not renewed; place another one.")
    if renewals >= policy.medical.renewals:
        times = "once" if policy.medical.renewals == 1 else f"{policy.medical.renewals} times"
        raise Problem("hold_not_renewable", f"A medical hold is renewed {times} at most.")
    later = through + timedelta(days=policy.medical.days)
    if later < today:
        raise Problem("hold_not_renewable", f"It ran out on {through}; renewed, it would be over since {later}.")
    return later


def recall_reason(kind: HoldKind) -> str:
    """Why a cut-off was taken back, in words that a crew on the doorstep may read: of a medical hold, not even that."""
    return "Do not cut off, call the office." if kind is HoldKind.MEDICAL else f"{kind.value} hold placed"


def of_kind(holds: Iterable[Held], kind: HoldKind, day: date) -> list[Held]:
    """Those of one kind that apply on a day, the longest first."""
    found = [hold for hold in holds if hold.kind is kind and hold.applies_on(day)]
    return sorted(found, key=lambda hold: hold.through or date.max, reverse=True)
