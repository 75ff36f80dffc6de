"""Writes the contact log: what was said takes effect at once, and promises are held to by the clock."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from curbstop.commands import holds, journal, policies
from curbstop.commands.holds import NewHold
from curbstop.commands.work import Work, get
from curbstop.domain import contacts as rules
from curbstop.domain.contacts import Contact, PromiseState, Result
from curbstop.domain.holds import HoldKind
from curbstop.domain.permissions import Action, require
from curbstop.models.account import Account
from curbstop.models.contact_attempt import ContactAttempt
from curbstop.models.ids import new_id
from curbstop.models.service_order import ServiceOrder
from curbstop.models.standing import Hold, Payment

# What a result holds a cut-off back by.
_HOLDS = {Result.PROMISE: HoldKind.PROMISE, Result.PLAN: HoldKind.PLAN, Result.DISPUTE: HoldKind.DISPUTE}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAttempt:
    """An attempt about an account, perhaps about an order; `by_name` and `source_key` are a file's."""

    account_id: UUID
    contact: Contact
    order_id: UUID | None = None
    by_name: str | None = None
    source_key: str | None = None


def log(work: Work, new: NewAttempt) -> ContactAttempt:
    """Keeps an attempt. A promise, a plan or a dispute places a hold, which takes back cut-offs that are under way.

    Problems: forbidden, not_found, invalid (names the member).
    """
    require(work.actor, Action.WRITE_CONTACT_LOG)
    account = get(work, Account, new.account_id)
    if new.order_id is not None:
        get(work, ServiceOrder, new.order_id, lock=False)
    contact, today = new.contact, work.at.astimezone(work.settings.zone).date()
    rules.check(contact, now=work.at, today=today)
    through = None
    if contact.promise_on is not None:
        grace = policies.in_force(work.session).policy.contact.promise_grace_days
        through = contact.promise_on + timedelta(days=grace)
    row = ContactAttempt(
        id=new_id(),
        account_id=account.id,
        at=contact.at,
        by_id=work.actor.staff_id,
        by_name=new.by_name,
        channel=contact.channel.value,
        direction=contact.direction.value,
        reached=contact.reached.value,
        reason=contact.reason.value,
        result=contact.result.value,
        promise_cents=contact.promise_cents,
        promise_on=contact.promise_on,
        promise_through=through,
        promise_state=PromiseState.OPEN.value if through is not None else None,
        note=contact.note,
        order_id=new.order_id,
        source_key=new.source_key,
        recorded_at=work.at,
    )
    if through is not None:
        _replace(work, account.id, row)
    kind = _HOLDS.get(contact.result)
    counts = row.promise_state in (None, PromiseState.OPEN.value) and (through is None or through >= today)
    if kind is not None and counts:
        # What a spreadsheet tells of last year holds nothing back any more.
        said = NewHold(account_id=account.id, kind=kind, reason=_why(contact), through=through)
        row.hold_id = holds.place(work, said).id
    work.session.add(row)
    work.session.flush()
    journal.audit(work, "contact.log", "contact_attempt", row.id, after={"result": row.result, "channel": row.channel})
    return row


def settle_promises(work: Work, *, limit: int = 500) -> int:
    """Notes which open promises were kept and which were broken, and ends their holds; returns how many. By the clock.

    A promise is kept by what was paid since it was made, and broken when its last day is over.
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
    settled = (
        select(ContactAttempt, paid)
        .where(ContactAttempt.promise_state == PromiseState.OPEN.value)
        .where((ContactAttempt.promise_through < today) | (paid >= ContactAttempt.promise_cents))
        .order_by(ContactAttempt.promise_through, ContactAttempt.id)
        .limit(limit)
        .with_for_update(of=ContactAttempt, skip_locked=True)
    )
    found = work.session.execute(settled).all()
    for row, paid_cents in found:
        state = rules.promise_state(
            promised_cents=row.promise_cents, paid_cents=int(paid_cents), through=row.promise_through, today=today
        )
        row.promise_state = state.value
    work.session.flush()
    _end_holds(work, {row.hold_id: row.promise_state for row, _ in found if row.hold_id is not None})
    return len(found)


def _replace(work: Work, account_id: UUID, new: ContactAttempt) -> None:
    """Of two promises only the later one counts: a payment cannot keep both. An older one may be told later."""
    open_ones = select(ContactAttempt).where(
        ContactAttempt.account_id == account_id, ContactAttempt.promise_state == PromiseState.OPEN.value
    )
    earlier = []
    for row in work.session.scalars(open_ones.order_by(ContactAttempt.id).with_for_update()):
        older, _ = sorted((row, new), key=lambda one: one.at)
        older.promise_state = PromiseState.REPLACED.value
        if older is row:
            earlier.append(row)
    work.session.flush()
    _end_holds(work, {row.hold_id: PromiseState.REPLACED.value for row in earlier if row.hold_id is not None})


def _end_holds(work: Work, states: dict[UUID, str]) -> None:
    open_ones = select(Hold).where(Hold.id.in_(list(states)), Hold.ended_at.is_(None)).order_by(Hold.id)
    rows = list(work.session.scalars(open_ones.with_for_update()))
    for hold in rows:
        hold.ended_at, hold.ended_by_id = work.at, work.actor.staff_id
        hold.end_reason = f"promise {states[hold.id]}"
    if rows:
        journal.changed_many(work, rows, "hold.end")


def _why(contact: Contact) -> str:
    said = f"{contact.result.value} by {contact.channel.value}"
    return f"{said}: {contact.note}" if contact.note else said
