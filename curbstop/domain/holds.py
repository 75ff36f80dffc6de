"""Holds on an account: what kinds there are, how long each lasts, and what they come to at a cut-off's gates."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

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


def last_day(policy: Policy, kind: HoldKind, starts_on: date, through: date | None) -> date | None:
    """The last day of a new hold: a medical one by the policy, a promise as promised, others as the office says.

    Problem(`invalid`) for a promise without its day, or a hold that ends before it begins.
    """
    if kind is HoldKind.MEDICAL:
        longest = starts_on + timedelta(days=policy.medical.days)
        return min(through or longest, longest)
    if kind is HoldKind.PROMISE and through is None:
        raise Problem("invalid", "A promise names the day by which it will be paid.", field="through")
    if through is not None and through < starts_on:
        raise Problem("invalid", "A hold ends no earlier than it begins.", field="through")
    return through


def renewed(policy: Policy, kind: HoldKind, through: date | None, renewals: int) -> date:
    """The last day after one more renewal, or Problem(`hold_not_renewable`): only medical ones, so often as allowed."""
    if kind is not HoldKind.MEDICAL or through is None:
        raise Problem("hold_not_renewable", f"A {kind.value} hold is not renewed; place another one.")
    if renewals >= policy.medical.renewals:
        times = "once" if policy.medical.renewals == 1 else f"{policy.medical.renewals} times"
        raise Problem("hold_not_renewable", f"A medical hold is renewed {times} at most.")
    return through + timedelta(days=policy.medical.days)


def stands_in_the_way(kind: HoldKind) -> bool:
    """Whether placing such a hold takes back a cut-off that is under way."""
    return kind is not HoldKind.CRITICAL


def of_kind(holds: Iterable[Held], kind: HoldKind, day: date) -> list[Held]:
    """Those of one kind that apply on a day, the longest first."""
    found = [hold for hold in holds if hold.kind is kind and hold.applies_on(day)]
    return sorted(found, key=lambda hold: hold.through or date.max, reverse=True)
