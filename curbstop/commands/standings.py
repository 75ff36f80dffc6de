"""What billing tells of accounts: what is owed, what was paid, what the bank sent back. Money meets orders here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from curbstop.commands import money_recalls, promises
from curbstop.commands.work import Work, lock_many
from curbstop.domain.clocks import AHEAD
from curbstop.domain.cut_offs import Cause
from curbstop.domain.money import takes_back
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.account import Account
from curbstop.models.ids import new_id
from curbstop.models.owed import owed_by, with_returned
from curbstop.models.standing import Payment, PaymentsMark, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What billing says that an account owes, as of its own moment."""

    account_id: UUID
    past_due_cents: int
    periods_past_due: int
    as_of: datetime
    delinquent_since: date | None = None
    debt_class: str | None = None
    owed_by_former_occupant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """A payment by the key that billing knows it by."""

    account_id: UUID
    source_key: str
    cents: int
    received_at: datetime
    paid_a_restoral: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """How many standings were kept, and the cut-offs of those who owe nothing by now, which were taken back."""

    kept: int
    recalled: list[UUID]


@dataclass(frozen=True, slots=True)
class Taken:
    """How many payments were new, and the cut-offs that they took back."""

    new: int
    recalled: list[UUID]


def tell(work: Work, told: Sequence[Told]) -> Heard:
    """Keeps what accounts owe, and recalls cut-offs for nonpayment of those who owe nothing past due any more.

    What is older than what is known already changes nothing. Problems: forbidden, not_found (names the accounts),
    invalid (an account twice, a moment still to come).
    """
    require(work.actor, Action.EXCHANGE_BILLING)
    ids = [one.account_id for one in told]
    if len(set(ids)) != len(ids):
        raise Problem("invalid", "An account comes twice; send one standing of each.", field="account_id")
    _check_moments(work, "as_of", [one.as_of for one in told])
    _lock(work, ids)
    if not told:
        return Heard(0, [])
    dialect = sqlite if work.session.get_bind().dialect.name == "sqlite" else postgresql
    names = ("past_due_cents", "periods_past_due", "delinquent_since", "debt_class", "owed_by_former_occupant", "as_of")
    rows = [
        {"account_id": one.account_id, **{name: getattr(one, name) for name in names}, "recorded_at": work.at}
        for one in told
    ]
    made = dialect.insert(Standing)
    kept = made.on_conflict_do_update(
        index_elements=["account_id"],
        set_={name: made.excluded[name] for name in (*names, "recorded_at")},
        where=Standing.as_of <= made.excluded.as_of,
    ).returning(Standing.account_id)
    newer = list(work.session.scalars(kept, rows))
    # A payment that billing has counted already may come with no payment of its own. A payment that came back is owed
    # again, though it may not be past due yet: that cut-off stays.
    nothing = [account_id for account_id, owed in owed_by(work.session, newer).items() if owed.cents == 0]
    money_recalls.use_up_notices(work, nothing)
    recalled = money_recalls.withdraw(work, nothing, causes=[Cause.NONPAYMENT], reason="nothing is past due")
    return Heard(len(newer), recalled)


def take(work: Work, payments: Sequence[Paid]) -> Taken:
    """Keeps payments, each once by its key, and recalls the cut-offs of whoever has paid by now.

    Problems: forbidden, not_found (names the accounts), invalid (not above nought, a moment still to come), conflict
    (names the keys that are known with another account or amount).
    """
    require(work.actor, Action.EXCHANGE_BILLING)
    if any(one.cents <= 0 for one in payments):
        raise Problem("invalid", "A payment is above nought; one that came back is told as returned.", field="cents")
    _check_moments(work, "received_at", [one.received_at for one in payments])
    _lock(work, {one.account_id for one in payments})
    new = _unknown(work, payments)
    work.session.add_all(
        Payment(
            id=new_id(),
            account_id=one.account_id,
            source_key=one.source_key,
            cents=one.cents,
            received_at=one.received_at,
            recorded_at=work.at,
            recorded_by_id=work.actor.staff_id,
            paid_a_restoral=one.paid_a_restoral,
        )
        for one in new
    )
    work.session.flush()
    today = work.at.astimezone(work.settings.zone).date()
    late = {one.account_id for one in new if one.received_at.astimezone(work.settings.zone).date() < today}
    if late:
        promises.hear_late(work, late)
    payers = {one.account_id for one in new}
    paid = [account_id for account_id, one in owed_by(work.session, payers).items() if takes_back(one)]
    good = sorted(payers - with_returned(work.session, payers)) if payers else []
    money_recalls.use_up_notices(work, paid)
    # Each by what it was for: a dollar makes no returned cheque good, though nothing else may be past due.
    recalled = [
        *money_recalls.withdraw(work, paid, causes=[Cause.NONPAYMENT], reason="payment received"),
        *money_recalls.withdraw(work, good, causes=[Cause.RETURNED_PAYMENT], reason="payment received"),
    ]
    return Taken(len(new), recalled)


def mark_payments(work: Work, payments_as_of: datetime) -> datetime:
    """Billing says that all payments up to a moment are in; an earlier moment than the one known changes nothing.

    Problems: forbidden, invalid (a moment ahead of the server's clock by more than ten minutes).
    """
    require(work.actor, Action.EXCHANGE_BILLING)
    return keep_mark(work, payments_as_of)


def keep_mark(work: Work, payments_as_of: datetime) -> datetime:
    """The same for a caller who asked for permission: whoever finalises a list says it too."""
    _check_moments(work, "payments_as_of", [payments_as_of])
    mark = work.session.get(PaymentsMark, 1, with_for_update=True)
    if mark is None:
        mark = PaymentsMark(id=1, payments_as_of=payments_as_of, told_at=work.at)
        work.session.add(mark)
    elif payments_as_of > mark.payments_as_of:
        mark.payments_as_of, mark.told_at = payments_as_of, work.at
    work.session.flush()
    return mark.payments_as_of


def _unknown(work: Work, payments: Sequence[Paid]) -> list[Paid]:
    """Each payment once that is not known yet. The same key for other money is a mistake that somebody has to see."""
    said: dict[str, tuple[UUID, int]] = {}
    known = select(Payment.source_key, Payment.account_id, Payment.cents).where(
        Payment.source_key.in_([one.source_key for one in payments])
    )
    for key, account_id, cents in work.session.execute(known):
        said[key] = (account_id, cents)
    new, other = [], []
    for one in payments:
        if one.source_key not in said:
            new.append(one)
        if said.setdefault(one.source_key, (one.account_id, one.cents)) != (one.account_id, one.cents):
            other.append(one.source_key)
    if other:
        keys = ", ".join(other[:5])
        raise Problem("conflict", f"Known already with another account or amount: {keys}.", source_keys=other[:100])
    return new


def _check_moments(work: Work, name: str, moments: Iterable[datetime]) -> None:
    """What lies ahead of our clock would outdo everything that is told after it."""
    if any(moment > work.at + AHEAD for moment in moments):
        raise Problem("invalid", f"{name} lies in the future; set the sender's clock.", field=name)


def _lock(work: Work, account_ids: Iterable[UUID]) -> None:
    """A payment, a hold and a dispatch of one account come one after the other."""
    wanted = sorted(set(account_ids))
    there = lock_many(work, Account, wanted)
    missing = [str(account_id) for account_id in wanted if account_id not in there]
    if missing:
        raise Problem("not_found", f"There is no account with id {', '.join(missing[:5])}.", missing=missing)
