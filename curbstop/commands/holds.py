"""Holds on accounts: placed, renewed and ended by the office; placing one takes back a cut-off that is under way."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from curbstop.commands import journal, money_recalls, policies
from curbstop.commands.work import Work, check_version, get
from curbstop.domain import holds as rules
from curbstop.domain.holds import Held, HoldKind
from curbstop.domain.permissions import Action, require
from curbstop.domain.policy import Policy
from curbstop.domain.problems import Problem
from curbstop.models.account import Account
from curbstop.models.ids import new_id
from curbstop.models.standing import Hold


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHold:
    """What the office says of a hold; `through` is its last day, where it has one."""

    account_id: UUID
    kind: HoldKind
    reason: str
    starts_on: date | None = None
    through: date | None = None
    category: str | None = None


def place(work: Work, new: NewHold) -> Hold:
    """Places a hold. Cut-offs that it stands in the way of, on its days, are recalled in the same transaction.

    Problems: forbidden, not_found, invalid (no day for a promise, an unknown category of critical customers, days that
    make no sense).
    """
    # First of all: whoever may not is not told whether there is such an account.
    require(work.actor, Action.HOLD_ACCOUNT)
    # The account is locked: a payment and a hold that arrive together each see what the other did.
    get(work, Account, new.account_id)
    return place_many(work, [new])[0]


def check(work: Work, policy: Policy, new: NewHold) -> None:
    """Problem(`invalid`) as `place` would raise it; nothing is placed."""
    _made(work, policy, new)


def place_many(work: Work, new: Sequence[NewHold]) -> list[Hold]:
    """The same for several holds, in a fixed number of statements; the caller has locked the accounts."""
    require(work.actor, Action.HOLD_ACCOUNT)
    if not new:
        return []
    policy = policies.in_force(work.session).policy
    holds = [_made(work, policy, one) for one in new]
    work.session.add_all(holds)
    journal.changed_many(work, holds, "hold.place")
    _take_back(work, holds)
    return holds


def _made(work: Work, policy: Policy, new: NewHold) -> Hold:
    today = work.at.astimezone(work.settings.zone).date()
    starts_on = new.starts_on or today
    rules.check_days(starts_on, new.through, today)
    if new.kind is HoldKind.CRITICAL and new.category not in policy.critical.categories:
        known = ", ".join(policy.critical.categories)
        raise Problem("invalid", f"A critical customer is one of: {known}.", field="category")
    return Hold(
        id=new_id(),
        account_id=new.account_id,
        kind=new.kind.value,
        reason=new.reason,
        category=new.category,
        starts_on=starts_on,
        through=rules.last_day(policy, new.kind, starts_on, new.through),
        renewals=0,
        placed_by_id=work.actor.staff_id,
        created_at=work.at,
    )


def renew(work: Work, hold_id: UUID, *, if_version: int | None = None) -> Hold:
    """Lengthens a medical hold once more, and takes cut-offs back that were ordered since it had run out.

    Problems: forbidden, hold_ended, hold_not_renewable, version_mismatch.
    """
    require(work.actor, Action.HOLD_ACCOUNT)
    hold = _open(work, hold_id, if_version)
    policy = policies.in_force(work.session).policy
    today = work.at.astimezone(work.settings.zone).date()
    hold.through = rules.renewed(policy, HoldKind(hold.kind), hold.through, hold.renewals, today)
    hold.renewals += 1
    journal.changed(work, hold, "hold.renew")
    _take_back(work, [hold])
    return hold


def end(work: Work, hold_id: UUID, *, reason: str, if_version: int | None = None) -> Hold:
    """Ends a hold. A cut-off that it took back stays recalled: there has to be a new order.

    Problems: forbidden, hold_ended, version_mismatch.
    """
    require(work.actor, Action.HOLD_ACCOUNT)
    hold = _open(work, hold_id, if_version)
    hold.ended_at, hold.ended_by_id, hold.end_reason = work.at, work.actor.staff_id, reason
    journal.changed(work, hold, "hold.end")
    return hold


def _take_back(work: Work, holds: Sequence[Hold]) -> None:
    for kind in sorted({HoldKind(hold.kind) for hold in holds}):
        days: dict[UUID | None, list[Held]] = defaultdict(list)
        for hold in holds:
            if hold.kind == kind:
                days[hold.account_id].append(Held(kind, hold.reason, hold.starts_on, hold.through))

        def applies(account_id: UUID | None, day: date, days: dict[UUID | None, list[Held]] = days) -> bool:
            return any(held.applies_on(day) for held in days[account_id])

        ids = [account_id for account_id in days if account_id is not None]
        causes, reason = rules.KEEPS_FROM[kind], rules.recall_reason(kind)
        money_recalls.withdraw(work, ids, causes=causes, reason=reason, on=applies)


def _open(work: Work, hold_id: UUID, if_version: int | None) -> Hold:
    account_id = get(work, Hold, hold_id, lock=False).account_id
    # The account first, as whoever takes money does.
    get(work, Account, account_id)
    hold = get(work, Hold, hold_id)
    check_version(hold, if_version)
    if hold.ended_at is not None:
        raise Problem("hold_ended", "This hold was ended already; place another one.")
    return hold
