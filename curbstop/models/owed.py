"""What accounts owe by now: what billing said, less what was paid since. The statement that both sides share."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

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


def owed_by(session: Session, account_ids: Collection[UUID]) -> dict[UUID, Owed]:
    """What each account owes; accounts that billing said nothing of are left out."""
    rows = session.execute(
        select(Standing.account_id, Standing.past_due_cents, PAID_SINCE).where(
            among(session, Standing.account_id, account_ids)
        )
    )
    return {account_id: Owed(past_due, int(paid)) for account_id, past_due, paid in rows}
