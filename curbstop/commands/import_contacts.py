"""Imports of contact logs out of spreadsheets, through the same command as a call that is logged by hand."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import or_, select

from curbstop.commands import contacts as log
from curbstop.commands.contacts import NewAttempt
from curbstop.commands.import_rows import Numbered, Outcome, Refusal
from curbstop.commands.work import Work, lock_many
from curbstop.domain.contacts import Channel, Contact, Direction, Reached, Reason, Result
from curbstop.domain.import_rows import ContactRow
from curbstop.domain.problems import Problem
from curbstop.models.account import Account
from curbstop.models.contact_attempt import ContactAttempt


def contacts(work: Work, rows: Sequence[Numbered]) -> Outcome:
    """An attempt for each line that is not in the log yet; what the log itself gave out is known by its id.

    In a fixed number of statements. Problem(`forbidden`) for whoever may not write the log.
    """
    values = [(line, cast(ContactRow, row)) for line, row in rows]
    accounts = _accounts(work, {row.account_number for _, row in values})
    # First, so that the same file that is brought in twice at once finds what the other one wrote.
    lock_many(work, Account, set(accounts.values()))
    there = _there(work, [row for _, row in values])
    outcome = Outcome()
    new: list[tuple[int, NewAttempt]] = []
    for line, row in values:
        account_id = accounts.get(row.account_number)
        if row.source_key in there or (row.attempt_id or "") in there:
            outcome.same += 1
        elif account_id is None:
            outcome.refused.append(Refusal(line, "no_such_account", f"There is no account {row.account_number}."))
        else:
            new.append((line, _attempt(work, row, account_id)))
            there.add(row.source_key)
    for (line, _), kept in zip(new, log.log_many(work, [one for _, one in new]), strict=True):
        if isinstance(kept, Problem):
            outcome.refused.append(Refusal(line, kept.code, kept.detail))
        else:
            outcome.added += 1
    outcome.refused.sort(key=lambda refusal: refusal.line)
    return outcome


def _attempt(work: Work, row: ContactRow, account_id: UUID) -> NewAttempt:
    contact = Contact(
        at=row.at if row.at.tzinfo else row.at.replace(tzinfo=work.settings.zone),
        channel=Channel(row.channel),
        direction=Direction(row.direction),
        reached=Reached(row.reached),
        reason=Reason(row.reason),
        result=Result(row.result),
        promise_cents=row.promise_cents,
        promise_on=row.promise_on,
        note=row.note,
    )
    return NewAttempt(account_id=account_id, contact=contact, by_name=row.by_name, source_key=row.source_key)


def _accounts(work: Work, numbers: set[str]) -> dict[str, UUID]:
    rows = work.session.execute(select(Account.number, Account.id).where(Account.number.in_(numbers)))
    return {row.number: row.id for row in rows}


def _there(work: Work, rows: Sequence[ContactRow]) -> set[str]:
    """The source keys and the ids, as text, that the log has already."""
    ids = [known for row in rows if (known := _as_id(row.attempt_id)) is not None]
    either = select(ContactAttempt.source_key, ContactAttempt.id).where(
        or_(ContactAttempt.source_key.in_([row.source_key for row in rows]), ContactAttempt.id.in_(ids))
    )
    found = work.session.execute(either).all()
    return {part for key, attempt_id in found for part in (key, str(attempt_id)) if part is not None}


def _as_id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
