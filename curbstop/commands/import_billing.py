"""Imports of what billing tells by file, through the commands that its API goes through: the same recalls follow."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import holds as hold_commands
from curbstop.commands import policies
from curbstop.commands import returned_payments as returns
from curbstop.commands import standings as billing
from curbstop.commands.holds import NewHold
from curbstop.commands.import_rows import Numbered, Outcome, Refusal
from curbstop.commands.standings import Paid, Told
from curbstop.commands.work import Work, lock_many
from curbstop.domain.clocks import AHEAD
from curbstop.domain.holds import HoldKind
from curbstop.domain.import_rows import HoldRow, PaymentRow, ReturnedPaymentRow, StandingRow
from curbstop.domain.problems import Problem
from curbstop.models.account import Account
from curbstop.models.among import among
from curbstop.models.standing import Hold, Payment, Standing


def payments(work: Work, rows: Sequence[Numbered]) -> Outcome:
    """Each payment that is not known yet; whoever has paid by now is called back, as when the API tells of it."""
    values = [(line, cast(PaymentRow, row)) for line, row in rows]
    accounts = _accounts(work, {row.account_number for _, row in values})
    known = {
        key: (account_id, cents)
        for key, account_id, cents in work.session.execute(
            select(Payment.source_key, Payment.account_id, Payment.cents).where(
                Payment.source_key.in_([row.source_key for _, row in values])
            )
        )
    }
    outcome, new = Outcome(), []
    for line, row in values:
        account_id, at = accounts.get(row.account_number), _zoned(work, row.received_at)
        if account_id is None:
            outcome.refused.append(_nobody(line, row.account_number))
        elif at > work.at + AHEAD:
            outcome.refused.append(Refusal(line, "invalid", "It came in in the future; look at its date."))
        elif row.source_key not in known:
            new.append(Paid(account_id=account_id, source_key=row.source_key, cents=row.cents, received_at=at,
                            paid_a_restoral=row.paid_a_restoral))  # fmt: skip
            known[row.source_key] = account_id, row.cents
        elif known[row.source_key] == (account_id, row.cents):
            outcome.same += 1
        else:
            detail = f"Payment {row.source_key} is known already with another account or amount."
            outcome.refused.append(Refusal(line, "conflict", detail))
    outcome.added = billing.take(work, new).new
    return outcome


def returned_payments(work: Work, rows: Sequence[Numbered]) -> Outcome:
    """Payments that came back, one by one: there are few, and each voids plans and writes a letter."""
    outcome = Outcome()
    for line, value in rows:
        row = cast(ReturnedPaymentRow, value)
        before = work.session.scalar(select(Payment.returned_on).where(Payment.source_key == row.source_key))
        try:
            returns.tell(work, row.source_key, returned_on=row.returned_on, reason=row.reason)
        except Problem as problem:
            outcome.refused.append(Refusal(line, problem.code, problem.detail))
            continue
        outcome.same += before is not None
        outcome.changed += before is None
    return outcome


def standings(work: Work, rows: Sequence[Numbered]) -> Outcome:
    """What accounts owe; what is older than what is known, or the same, changes nothing."""
    values = [(line, cast(StandingRow, row)) for line, row in rows]
    accounts = _accounts(work, {row.account_number for _, row in values})
    told = select(Standing.account_id, Standing.as_of).where(
        among(work.session, Standing.account_id, list(accounts.values()))
    )
    known = {row.account_id: row.as_of for row in work.session.execute(told)}
    outcome, new = Outcome(), []
    for line, row in values:
        account_id, as_of = accounts.get(row.account_number), _zoned(work, row.as_of)
        if account_id is None:
            outcome.refused.append(_nobody(line, row.account_number))
            continue
        if as_of > work.at + AHEAD:
            outcome.refused.append(Refusal(line, "invalid", "as_of lies in the future; look at its date."))
            continue
        one = Told(
            account_id=account_id,
            past_due_cents=row.past_due_cents,
            periods_past_due=row.periods_past_due,
            as_of=as_of,
            delinquent_since=row.delinquent_since,
            debt_class=row.debt_class,
            owed_by_former_occupant=row.owed_by_former_occupant,
        )
        if account_id in known and known[account_id] >= as_of:
            outcome.same += 1
        else:
            new.append(one)
    outcome.added = sum(one.account_id not in known for one in new)
    outcome.changed = len(new) - outcome.added
    billing.tell(work, new)
    return outcome


def holds(work: Work, rows: Sequence[Numbered]) -> Outcome:
    """Arrangements, disputes and other holds; one of the same account, kind and first day is there already."""
    values = [(line, cast(HoldRow, row)) for line, row in rows]
    accounts = _accounts(work, {row.account_number for _, row in values})
    lock_many(work, Account, set(accounts.values()))
    kept = select(Hold.account_id, Hold.kind, Hold.starts_on).where(
        among(work.session, Hold.account_id, list(accounts.values()))
    )
    there = {(account_id, kind, starts_on) for account_id, kind, starts_on in work.session.execute(kept)}
    policy = policies.in_force(work.session).policy
    outcome, new = Outcome(), []
    for line, row in values:
        account_id = accounts.get(row.account_number)
        if account_id is None:
            outcome.refused.append(_nobody(line, row.account_number))
            continue
        if (account_id, row.kind, row.starts_on) in there:
            outcome.same += 1
            continue
        one = NewHold(
            account_id=account_id,
            kind=HoldKind(row.kind),
            reason=row.reason,
            starts_on=row.starts_on,
            through=row.through,
            category=row.category,
        )
        try:
            hold_commands.check(work, policy, one)
        except Problem as problem:
            outcome.refused.append(Refusal(line, problem.code, problem.detail))
            continue
        new.append(one)
        there.add((account_id, row.kind, row.starts_on))
    outcome.added = len(hold_commands.place_many(work, new))
    return outcome


def _accounts(work: Work, numbers: set[str]) -> dict[str, UUID]:
    rows = work.session.execute(select(Account.number, Account.id).where(Account.number.in_(numbers)))
    return {row.number: row.id for row in rows}


def _nobody(line: int, number: str) -> Refusal:
    return Refusal(line, "no_such_account", f"There is no account {number}.")


def _zoned(work: Work, at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=work.settings.zone)
