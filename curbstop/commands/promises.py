"""Holds customers to what they promise: the newest promise counts, and the clock says which were kept."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import func, select

from curbstop.commands import journal
from curbstop.commands.work import Work
from curbstop.domain import contacts as rules
from curbstop.domain.contacts import PromiseState
from curbstop.models.among import among
from curbstop.models.contact_attempt import ContactAttempt
from curbstop.models.standing import Hold, Payment


def settle(work: Work, *, limit: int = 500) -> int:
    """Notes which open promises were kept and which were broken, and ends their holds; returns how many. By the clock.

    A promise is kept by what was paid from when it was made through its last day, and broken when that day is over.
    """
    today = work.at.astimezone(work.settings.zone).date()
    paid = (
        select(func.coalesce(func.sum(Payment.cents), 0))
        .where(
            Payment.account_id == ContactAttempt.account_id,
            Payment.received_at >= ContactAttempt.at,
            Payment.returned_on.is_(None),
        )
        .correlate(ContactAttempt)
        .scalar_subquery()
    )
    due = (
        select(ContactAttempt)
        .where(ContactAttempt.promise_state == PromiseState.OPEN.value)
        .where((ContactAttempt.promise_through < today) | (paid >= ContactAttempt.promise_cents))
        .order_by(ContactAttempt.promise_through, ContactAttempt.id)
        .limit(limit)
        .with_for_update(of=ContactAttempt, skip_locked=True)
    )
    rows = list(work.session.scalars(due))
    in_time = _paid_in_time(work, rows)
    ended: dict[UUID, str] = {}
    for row in rows:
        if row.promise_cents is None or row.promise_through is None:
            continue
        state = rules.promise_state(
            promised_cents=row.promise_cents, paid_cents=in_time[row.id], through=row.promise_through, today=today
        )
        row.promise_state = state.value
        if row.hold_id is not None and state is not PromiseState.OPEN:
            ended[row.hold_id] = state.value
    work.session.flush()
    _end_holds(work, ended)
    return len(rows)


def hear_late(work: Work, account_ids: Collection[UUID]) -> int:
    """Money that came in time and is told of after the day: its promise was kept, whatever the clock has noted.

    Two statements and one for the changes; how many. The hold has ended with its day all the same.
    """
    broken = select(ContactAttempt).where(
        among(work.session, ContactAttempt.account_id, account_ids),
        ContactAttempt.promise_state == PromiseState.BROKEN.value,
    )
    rows = list(work.session.scalars(broken.order_by(ContactAttempt.id).with_for_update()))
    in_time = _paid_in_time(work, rows) if rows else {}
    kept = [row for row in rows if in_time.get(row.id, 0) >= (row.promise_cents or 0)]
    for row in kept:
        row.promise_state = PromiseState.KEPT.value
    work.session.flush()
    return len(kept)


def replace_older(work: Work, new: Sequence[ContactAttempt]) -> None:
    """Of an account's promises only the latest counts: a payment cannot keep two. An older one may be told later.

    The caller has locked the accounts; the new attempts are not in the database yet.
    """
    promised = [row for row in new if row.promise_state is not None]
    if not promised:
        return
    open_ones = select(ContactAttempt).where(
        among(work.session, ContactAttempt.account_id, {row.account_id for row in promised}),
        ContactAttempt.promise_state == PromiseState.OPEN.value,
    )
    before = list(work.session.scalars(open_ones.order_by(ContactAttempt.id).with_for_update()))
    latest: dict[UUID, ContactAttempt] = {}
    for row in (*before, *promised):
        if row.account_id not in latest or row.at >= latest[row.account_id].at:
            latest[row.account_id] = row
    for row in (*before, *promised):
        if row is not latest[row.account_id]:
            row.promise_state = PromiseState.REPLACED.value
    work.session.flush()
    replaced = [row for row in before if row.promise_state == PromiseState.REPLACED.value]
    _end_holds(work, {row.hold_id: PromiseState.REPLACED.value for row in replaced if row.hold_id is not None})


def _paid_in_time(work: Work, rows: Sequence[ContactAttempt]) -> Mapping[UUID, int]:
    """What was paid for each by the end of its last day, which is a day of the utility's own zone."""
    paid: dict[UUID, int] = defaultdict(int)
    payments = (
        select(ContactAttempt.id, ContactAttempt.promise_through, Payment.received_at, Payment.cents)
        .join(Payment, Payment.account_id == ContactAttempt.account_id)
        .where(among(work.session, ContactAttempt.id, [row.id for row in rows]))
        .where(Payment.received_at >= ContactAttempt.at, Payment.returned_on.is_(None))
    )
    for attempt_id, through, received_at, cents in work.session.execute(payments):
        if through is not None and received_at.astimezone(work.settings.zone).date() <= through:
            paid[attempt_id] += cents
    return paid


def _end_holds(work: Work, states: Mapping[UUID, str]) -> None:
    if not states:
        return
    open_ones = select(Hold).where(among(work.session, Hold.id, states), Hold.ended_at.is_(None)).order_by(Hold.id)
    rows = list(work.session.scalars(open_ones.with_for_update()))
    for hold in rows:
        hold.ended_at, hold.ended_by_id = work.at, work.actor.staff_id
        hold.end_reason = f"promise {states[hold.id]}"
    if rows:
        journal.changed_many(work, rows, "hold.end")
