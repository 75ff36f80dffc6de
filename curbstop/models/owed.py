"""What accounts owe by now: what billing said, less what was paid since. The statement that both sides share."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, Date, ScalarSelect, func, select
from sqlalchemy.orm import Session, aliased

from curbstop.domain.money import Owed
from curbstop.models.among import among
from curbstop.models.standing import Payment, Standing

# Payments after the moment that billing spoke of, those not counted that the bank sent back.
PAID_SINCE = (
    select(func.coalesce(func.sum(Payment.cents), 0))
    .where(
        Payment.account_id == Standing.account_id,
        Payment.received_at > Standing.as_of,
        Payment.returned_on.is_(None),
    )
    .correlate(Standing)
    .scalar_subquery()
)

_OTHER = aliased(Payment)


def _others(*where: ColumnElement[bool]) -> ScalarSelect[int]:
    theirs = select(func.coalesce(func.sum(_OTHER.cents), 0)).where(_OTHER.account_id == Payment.account_id, *where)
    return theirs.correlate(Payment).scalar_subquery()


# A payment that the bank sent back and that was not made good by what was paid since, beside what came back since too.
NOT_MADE_GOOD: ColumnElement[bool] = Payment.returned_on.is_not(None) & (
    _others(_OTHER.returned_on.is_(None), func.date(_OTHER.received_at, type_=Date()) >= Payment.returned_on)
    < _others(_OTHER.returned_on >= Payment.returned_on)
)


def owed_by(session: Session, account_ids: Collection[UUID]) -> dict[UUID, Owed]:
    """What each account owes; accounts that billing said nothing of are left out."""
    rows = session.execute(
        select(Standing.account_id, Standing.past_due_cents, PAID_SINCE).where(
            among(session, Standing.account_id, account_ids)
        )
    )
    return {account_id: Owed(past_due, int(paid)) for account_id, past_due, paid in rows}


def with_returned(session: Session, account_ids: Collection[UUID]) -> set[UUID]:
    """Those of the accounts that have yet to make a returned payment good."""
    found = select(Payment.account_id).where(among(session, Payment.account_id, account_ids), NOT_MADE_GOOD)
    return set(session.scalars(found))
