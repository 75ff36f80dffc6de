"""Gathers what the gates of a cut-off ask: of many accounts at once, in a fixed number of statements."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy import Row, select

from curbstop.commands import standings
from curbstop.commands.work import Work
from curbstop.domain.cut_offs import Cause, Facts, ReturnedPayment
from curbstop.domain.holds import Held, HoldKind, of_kind
from curbstop.domain.money import Owed
from curbstop.models.account import Account
from curbstop.models.among import among
from curbstop.models.standing import Hold, Payment, Standing


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database has of the accounts, each part by account."""

    standing: Mapping[UUID, Standing]
    owed: Mapping[UUID, Owed]
    holds: Mapping[UUID, list[Held]]
    returned: Mapping[UUID, ReturnedPayment]


def gather(work: Work, account_ids: Collection[UUID], cut_on: date, cause: Cause) -> dict[UUID, Facts]:
    """The facts of each account for a cut-off on that day. Of an account that billing said nothing of, nothing is owed.

    Notices, weather and what is planned belong to a run, which adds them.
    """
    accounts = work.session.execute(
        select(Account.id, Account.service_class).where(among(work.session, Account.id, account_ids))
    ).all()
    known = _Known(
        standing={
            row.account_id: row
            for row in work.session.scalars(
                select(Standing).where(among(work.session, Standing.account_id, account_ids))
            )
        },
        owed=standings.owed_by(work, account_ids),
        holds=_holds(work, account_ids),
        returned=_returned(work, account_ids),
    )
    return {account.id: _facts(account, known, cut_on, cause) for account in accounts}


def _facts(account: Row[UUID, str], known: _Known, cut_on: date, cause: Cause) -> Facts:
    standing, holds = known.standing.get(account.id), known.holds.get(account.id, [])

    def until(kind: HoldKind) -> date | None:
        found = of_kind(holds, kind, cut_on)
        return (found[0].through or date.max) if found else None

    office, critical = of_kind(holds, HoldKind.OFFICE, cut_on), of_kind(holds, HoldKind.CRITICAL, cut_on)
    facts = Facts(
        cause=cause,
        service_class=account.service_class,
        dispute_open=bool(of_kind(holds, HoldKind.DISPUTE, cut_on)),
        on_hold=office[0].reason if office else None,
        medical_until=until(HoldKind.MEDICAL),
        plan_active=bool(of_kind(holds, HoldKind.PLAN, cut_on)),
        promised_until=until(HoldKind.PROMISE),
        critical=critical[0].category if critical else None,
        returned=known.returned.get(account.id),
    )
    if standing is None:
        return facts
    return replace(
        facts,
        past_due_cents=known.owed[account.id].cents,
        periods_past_due=standing.periods_past_due,
        delinquent_since=standing.delinquent_since,
        debt_class=standing.debt_class,
        owed_by_former_occupant=standing.owed_by_former_occupant,
        payments_as_of=standing.as_of,
    )


def _holds(work: Work, account_ids: Collection[UUID]) -> dict[UUID, list[Held]]:
    rows = work.session.execute(
        select(Hold.account_id, Hold.kind, Hold.reason, Hold.starts_on, Hold.through, Hold.category).where(
            among(work.session, Hold.account_id, account_ids), Hold.ended_at.is_(None)
        )
    )
    found: dict[UUID, list[Held]] = {}
    for account_id, kind, reason, starts_on, through, category in rows:
        found.setdefault(account_id, []).append(Held(HoldKind(kind), reason, starts_on, through, category))
    return found


def _returned(work: Work, account_ids: Collection[UUID]) -> dict[UUID, ReturnedPayment]:
    """The latest payment of each that the bank sent back."""
    rows = work.session.execute(
        select(Payment.account_id, Payment.returned_on, Payment.return_reason, Payment.paid_a_restoral)
        .where(among(work.session, Payment.account_id, account_ids), Payment.returned_on.is_not(None))
        .order_by(Payment.returned_on)
    )
    return {
        account_id: ReturnedPayment(returned_on, reason or "", restoral)
        for account_id, returned_on, reason, restoral in rows
        if returned_on is not None
    }
