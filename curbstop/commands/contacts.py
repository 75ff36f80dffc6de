"""Writes the contact log: what was said takes effect at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import holds, journal, policies, promises
from curbstop.commands.holds import NewHold
from curbstop.commands.work import Work, get, lock_many
from curbstop.domain import contacts as rules
from curbstop.domain.contacts import Contact, PromiseState, Result
from curbstop.domain.holds import HoldKind
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.account import Account
from curbstop.models.among import among
from curbstop.models.contact_attempt import ContactAttempt
from curbstop.models.ids import new_id
from curbstop.models.service_order import ServiceOrder

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
    get(work, Account, new.account_id)
    [kept] = log_many(work, [new])
    if isinstance(kept, Problem):
        raise kept
    return kept


def log_many(work: Work, new: Sequence[NewAttempt]) -> list[ContactAttempt | Problem]:
    """Keeps what makes sense of several attempts, in a fixed number of statements; of the others, why they do not.

    Problem(`forbidden`) for all of them.
    """
    require(work.actor, Action.WRITE_CONTACT_LOG)
    lock_many(work, Account, {one.account_id for one in new})
    grace = timedelta(days=policies.in_force(work.session).policy.contact.promise_grace_days)
    theirs = _accounts_of_orders(work, [one.order_id for one in new if one.order_id is not None])
    made: list[ContactAttempt | Problem] = []
    for one in new:
        try:
            _check(work, one, theirs)
            made.append(_row(work, one, grace))
        except Problem as problem:
            made.append(problem)
    kept = [(row, one) for row, one in zip(made, new, strict=True) if isinstance(row, ContactAttempt)]
    rows = [row for row, _ in kept]
    promises.replace_older(work, rows)
    _hold_back(work, kept)
    work.session.add_all(rows)
    work.session.flush()
    said = [(row.id, None, {"result": row.result, "channel": row.channel}) for row in rows]
    journal.audit_many(work, "contact.log", "contact_attempt", said)
    return made


def _check(work: Work, new: NewAttempt, theirs: dict[UUID, UUID | None]) -> None:
    today, made_on = _day(work, work.at), _day(work, new.contact.at)
    rules.check(new.contact, now=work.at, today=today, made_on=made_on)
    if new.order_id is None:
        return
    if new.order_id not in theirs:
        raise Problem("not_found", f"There is no service order with id {new.order_id}.")
    if theirs[new.order_id] != new.account_id:
        raise Problem("invalid", "That order is another account's.", field="order_id")


def _row(work: Work, new: NewAttempt, grace: timedelta) -> ContactAttempt:
    contact = new.contact
    through = contact.promise_on + grace if contact.promise_on is not None else None
    return ContactAttempt(
        id=new_id(),
        account_id=new.account_id,
        # A browser's clock may be ahead of ours, by a little.
        at=min(contact.at, work.at),
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


def _hold_back(work: Work, kept: Sequence[tuple[ContactAttempt, NewAttempt]]) -> None:
    """Places the holds of what was said; what a spreadsheet tells of last year holds nothing back any more."""
    today = _day(work, work.at)
    holding, said = [], []
    for row, new in kept:
        kind = _HOLDS.get(new.contact.result)
        counts = row.promise_state != PromiseState.REPLACED.value and rules.holds_back(
            made_on=_day(work, row.at), through=row.promise_through, today=today
        )
        if kind is not None and counts:
            why = _why(new.contact)
            said.append(NewHold(account_id=row.account_id, kind=kind, reason=why, through=row.promise_through))
            holding.append(row)
    for row, hold in zip(holding, holds.place_many(work, said), strict=True):
        row.hold_id = hold.id


def _accounts_of_orders(work: Work, order_ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    if not order_ids:
        return {}
    found = select(ServiceOrder.id, ServiceOrder.account_id).where(among(work.session, ServiceOrder.id, order_ids))
    return dict(work.session.execute(found).all())


def _day(work: Work, at: datetime) -> date:
    return at.astimezone(work.settings.zone).date()


def _why(contact: Contact) -> str:
    said = f"{contact.result.value} by {contact.channel.value}"
    return f"{said}: {contact.note}" if contact.note else said
