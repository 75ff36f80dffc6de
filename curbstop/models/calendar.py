"""The policy in force and the days on which the utility is closed, for whoever writes and whoever reads."""

from dataclasses import dataclass
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from curbstop.domain.closures import Closures
from curbstop.domain.policy import Policy, profile, stored
from curbstop.models.policy import Closure, PolicyVersion
from curbstop.models.public_holidays import of_year

# What an installation goes by that has never been asked.
UNASKED = "generic"


@dataclass(frozen=True, slots=True)
class InForce:
    """A version's number with its content; number 0 is the shipped profile that nobody has touched."""

    number: int
    profile: str
    policy: Policy


def in_force(session: Session) -> InForce:
    """The newest version."""
    row = session.scalar(select(PolicyVersion).order_by(PolicyVersion.number.desc()).limit(1))
    if row is None:
        return InForce(0, UNASKED, profile(UNASKED))
    return InForce(row.number, row.profile, stored(row.profile, row.content))


def closures(session: Session, policy: Policy) -> Closures:
    """The utility's calendar: weekends, public holidays and its own closures, of which there are some in a year."""
    calendar = policy.calendar
    own = set(session.scalars(select(Closure.day)))
    return Closures.of(calendar.weekend, own, partial(of_year, calendar.country, calendar.subdivision))
