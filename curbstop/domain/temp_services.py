"""Temporary services: a meter lent at a hydrant or a building site, until when, and what it comes to on the bill."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from curbstop.domain.consumption import GALLONS
from curbstop.domain.problems import Problem
from curbstop.domain.readings import RegisterFacts, judge


@dataclass(frozen=True, slots=True)
class TemporaryPolicy:
    longest_days: int  # from the day it is set
    warn_days: int  # before it expires
    renewal_days: int
    most_renewals: int


@dataclass(frozen=True, slots=True)
class Bill:
    """What a temporary service used; `used` is in the register's units times its multiplier, None for a misread."""

    used: Decimal | None
    gallons: Decimal | None
    days: int


def expiry(policy: TemporaryPolicy, opened_at: datetime, wanted: datetime) -> datetime:
    """Until when it may stay out: as was asked for, but never longer than the policy lets it.

    Problem(`invalid`) for one that would be over before it began.
    """
    if wanted <= opened_at:
        raise Problem("invalid", "It would expire before it was set; correct `expires_at`.", field="expires_at")
    return min(wanted, opened_at + timedelta(days=policy.longest_days))


def renewed(policy: TemporaryPolicy, expires_at: datetime, renewals: int, now: datetime) -> datetime:
    """Until when after one more renewal, which counts from today where it has expired; Problem(`not_renewable`)."""
    if renewals >= policy.most_renewals:
        raise Problem("not_renewable", f"It was renewed {renewals} times already; the meter has to come back.")
    return max(expires_at, now) + timedelta(days=policy.renewal_days)


def bill(register: RegisterFacts, unit: str, reads: tuple[Decimal, Decimal], since: datetime, until: datetime) -> Bill:
    """What is billed, by the readings when it was set and when it was taken; a rolled register is counted on."""
    units = judge(register, *reads).usage
    days = max(1, (until - since).days)
    if units is None:
        return Bill(None, None, days)
    used = units * register.multiplier
    per_unit = GALLONS[unit]
    gallons = used * per_unit.numerator / per_unit.denominator
    return Bill(used, round(gallons, 1), days)
