"""Tap requests: THE table of stages with what has to be there for each, and how far a request has come.

A stage is reached when everything it asks for is there, and everything before it. So no paper is skipped, and what was
done in the ground too early is kept as a fact: the request moves on once the papers have caught up.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from curbstop.domain.locate_tickets import Ticket
from curbstop.domain.problems import Problem

PERMITS: Final = {
    "plumbing": "plumbing permit",
    "health": "health department's permit",
    "address_911": "911 address",
    "easement": "easement",
}


class TapStage(StrEnum):
    """How far a request has come; the last three are ends."""

    REQUESTED = "requested"
    SITE_SURVEY = "site_survey"
    QUOTED = "quoted"
    PAID = "paid"
    PERMITS_OK = "permits_ok"
    LOCATE_TICKET_OK = "locate_ticket_ok"
    SCHEDULED = "scheduled"
    INSTALLED = "installed"
    METER_SET = "meter_set"
    INSPECTED = "inspected"
    ACCOUNT_SETUP = "account_setup"
    ON_ROUTE = "on_route"
    ACTIVE = "active"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class TapPolicy:
    quote_days: int  # a quote that nobody has paid by then expires
    permits: tuple[str, ...]
    fees_cents: Mapping[str, int]  # by the meter's size
    boring_cents: int  # added where the survey found that the street has to be bored
    deposit_cents: int
    install_working_days: int  # from payment
    inspection_hours: int  # from the request for one


@dataclass(frozen=True, slots=True, kw_only=True)
class TapFacts:
    """What is known of a request; None is what has not happened."""

    now: datetime
    today: date
    zone: ZoneInfo
    permits_wanted: tuple[str, ...]
    deposit_cents: int
    surveyed_at: datetime | None = None
    quoted_at: datetime | None = None
    quote_through: date | None = None
    paid_at: datetime | None = None
    permits: frozenset[str] = frozenset()
    install_order: bool = False
    ticket: Ticket | None = None
    install_on: date | None = None
    install_due_on: date | None = None
    installed_at: datetime | None = None
    meter_set_at: datetime | None = None
    inspection_due_at: datetime | None = None
    inspected_at: datetime | None = None
    account: bool = False
    deposit_at: datetime | None = None
    on_route_at: datetime | None = None
    activated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that keeps a request from its next stage, in plain words."""

    code: str
    says: str


def _when(thing: object, code: str, says: str) -> list[Missing]:
    return [] if thing else [Missing(code, says)]


def _permits(facts: TapFacts) -> list[Missing]:
    wanted = [permit for permit in facts.permits_wanted if permit not in facts.permits]
    return [Missing(f"permit_{permit}", f"The {PERMITS[permit]} is not on file.") for permit in wanted]


def _ticket(facts: TapFacts) -> list[Missing]:
    if facts.installed_at is not None:
        return []
    if not facts.install_order:
        return [Missing("install_order", "A supervisor has to make the order to install the tap (TAP_INST).")]
    if facts.ticket is None:
        return [Missing("locate_ticket", "The installation's order has no locate ticket: call 811.")]
    if facts.ticket.expires_at <= facts.now:
        return [Missing("locate_ticket", f"Locate ticket {facts.ticket.number} has expired: call 811 again.")]
    return []


def _schedule(facts: TapFacts) -> list[Missing]:
    if facts.installed_at is not None:
        return []
    if facts.install_on is None:
        return [Missing("schedule", "Dispatch has to give the installation to a crew.")]
    if facts.ticket is not None and not facts.ticket.covers(facts.install_on, facts.zone):
        return [Missing("schedule", f"The locate ticket does not cover {facts.install_on}: give it another day.")]
    return []


def _install(facts: TapFacts) -> list[Missing]:
    if facts.installed_at is not None:
        return []
    done = Missing("install", "The tap has to be installed, and its order reviewed and posted.")
    return [*_ticket(facts), *_schedule(facts), done]


def _inspection(facts: TapFacts) -> list[Missing]:
    asked = "The meter stays locked until" if facts.inspection_due_at else "Ask for the inspection:"
    return _when(facts.inspected_at, "inspection", f"{asked} the plumbing has passed its inspection.")


def _account(facts: TapFacts) -> list[Missing]:
    deposit = facts.deposit_at is not None or not facts.deposit_cents
    return [
        *_when(facts.account, "account", "The customer's account at the place has to be opened."),
        *_when(deposit, "deposit", f"The deposit of ${facts.deposit_cents / 100:,.2f} has not come in."),
    ]


_S = TapStage
# What each stage asks for, in the order of the pipeline.
STAGES: Final[dict[TapStage, Callable[[TapFacts], list[Missing]]]] = {
    _S.REQUESTED: lambda _facts: [],
    _S.SITE_SURVEY: lambda f: _when(f.surveyed_at, "survey", "The site survey (TAP_SITE) has to be done and posted."),
    _S.QUOTED: lambda f: _when(f.quoted_at, "quote", "The customer has to be given a quote."),
    _S.PAID: lambda f: _when(f.paid_at, "payment", "The quoted fee has to be paid in full."),
    _S.PERMITS_OK: _permits,
    _S.LOCATE_TICKET_OK: _ticket,
    _S.SCHEDULED: _schedule,
    _S.INSTALLED: _install,
    _S.METER_SET: lambda f: _when(f.meter_set_at, "meter", "The meter has to be set and locked (MTR_SET), and posted."),
    _S.INSPECTED: _inspection,
    _S.ACCOUNT_SETUP: _account,
    _S.ON_ROUTE: lambda f: _when(f.on_route_at, "route", "A GIS editor has to put the place on a reading route."),
    _S.ACTIVE: lambda f: _when(f.activated_at, "cut_on", "The water has to be turned on (CUT_ON_NEW), and posted."),
}
PIPELINE: Final = tuple(STAGES)
ENDS: Final = frozenset({_S.ACTIVE, _S.CANCELLED, _S.EXPIRED})
# How far a request has to be before an order of such a type is made at its place.
ORDER_GATES: Final = {"TAP_INST": _S.PERMITS_OK, "MTR_SET": _S.INSTALLED, "CUT_ON_NEW": _S.ACCOUNT_SETUP}


def next_stage(stage: TapStage) -> TapStage | None:
    """The one after it, or None at an end."""
    return None if stage in ENDS else PIPELINE[PIPELINE.index(stage) + 1]


def missing(stage: TapStage, facts: TapFacts) -> list[Missing]:
    """What keeps a request of that stage from the next one."""
    after = next_stage(stage)
    return STAGES[after](facts) if after is not None else []


def passed(stage: TapStage, facts: TapFacts) -> list[TapStage]:
    """The stages that a request reaches now, one after the other; none where something is missing."""
    reached: list[TapStage] = []
    while (after := next_stage(stage)) is not None and not STAGES[after](facts):
        reached.append(stage := after)
    return reached


def is_past(stage: TapStage, wanted: TapStage) -> bool:
    """Whether a request has come to `wanted`, or further."""
    return stage in PIPELINE and PIPELINE.index(stage) >= PIPELINE.index(wanted)


def admit_order(type_code: str, stage: TapStage, facts: TapFacts) -> None:
    """Problem(`tap_gate_closed`), with `missing`, for an order that comes too early for its tap request."""
    wanted = ORDER_GATES.get(type_code)
    if wanted is None or is_past(stage, wanted):
        return
    first, last = PIPELINE.index(stage) + 1, PIPELINE.index(wanted)
    # Only what a stage asks for first: of an installation that is not ordered yet there is nothing to schedule.
    found = [one for step in PIPELINE[first : last + 1] for one in STAGES[step](facts)]
    words = " ".join(one.says for one in dict.fromkeys(found))
    raise Problem(
        "tap_gate_closed", f"{type_code} comes after {wanted.value}, and the request is {stage.value}. {words}",
        missing=[one.code for one in dict.fromkeys(found)],
    )  # fmt: skip


def late(facts: TapFacts) -> list[str]:
    """What should have happened by now, in plain words."""
    words = []
    if facts.install_due_on is not None and facts.installed_at is None and facts.today > facts.install_due_on:
        words.append(f"The tap was to be installed by {facts.install_due_on}.")
    due = facts.inspection_due_at
    if due is not None and facts.inspected_at is None and facts.now > due:
        words.append(f"The inspection was to be by {due.astimezone(facts.zone):%Y-%m-%d %H:%M}.")
    return words


def quoted_cents(policy: TapPolicy, meter_size: str, *, bored: bool) -> int:
    """What such a tap costs, or Problem(`invalid`) for a size that the policy has no fee for."""
    if meter_size not in policy.fees_cents:
        known = ", ".join(policy.fees_cents)
        raise Problem("invalid", f"The policy has tap fees for {known}.", field="meter_size")
    return policy.fees_cents[meter_size] + (policy.boring_cents if bored else 0)


def as_of(at: datetime, zone: ZoneInfo) -> date:
    """The utility's day at a moment."""
    return at.astimezone(UTC).astimezone(zone).date()
