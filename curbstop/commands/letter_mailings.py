"""Letters in the mail: who hears of it, what the contact log says, and what the post made of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Final
from uuid import UUID

from curbstop.commands import contacts, journal, letter_followers, letters
from curbstop.commands.contacts import NewAttempt
from curbstop.commands.work import Work
from curbstop.domain.actors import SYSTEM
from curbstop.domain.contacts import Channel, Contact, Reason
from curbstop.domain.letters import LetterEvent, LetterKind, Recipient
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.letter import Letter

_REASONS: Final = {
    LetterKind.CUT_OFF_NOTICE: Reason.DELINQUENT,
    LetterKind.CURB_STOP_NOTICE: Reason.DELINQUENT,
    LetterKind.DOOR_TAG: Reason.DELINQUENT,
    LetterKind.RETURNED_PAYMENT_NOTICE: Reason.RETURNED_PAYMENT,
}


def mark_mailed(
    work: Work, letter_ids: Sequence[UUID], *, mailed_on: date, method: str, tracking: str | None = None
) -> list[Letter]:
    """They are in the mail: their subjects hear of it, and the contact log gets a line for each account.

    Problems: forbidden, not_found, invalid (a day still to come, a letter that is not set yet), impossible_transition.
    """
    require(work.actor, Action.WRITE_LETTER)
    if mailed_on > work.at.astimezone(work.settings.zone).date():
        raise Problem("invalid", "mailed_on must not lie in the future.", field="mailed_on")
    theirs = letters.load(work, letter_ids)
    unset = [letter.number for letter in theirs if letter.pdf_sha256 is None]
    if unset:
        raise Problem("invalid", f"{len(unset)} of these letters are not set yet: {', '.join(unset[:3])}.")
    for letter in theirs:
        letters.move(letter, LetterEvent.MAIL)
        letter.mailed_on, letter.method, letter.tracking = mailed_on, method, tracking
    journal.changed_many(work, theirs, "mail")
    _log(work, theirs, mailed_on)
    letter_followers.mailed(work, theirs)
    return theirs


def mark_delivered(work: Work, letter_id: UUID, *, on: date, if_version: int | None = None) -> Letter:
    """The post says that it was delivered."""
    require(work.actor, Action.WRITE_LETTER)
    [letter] = letters.load(work, [letter_id], if_version)
    letters.move(letter, LetterEvent.DELIVER)
    letter.ended_on = on
    journal.changed(work, letter, "deliver")
    return letter


def mark_returned(work: Work, letter_id: UUID, *, on: date, reason: str, if_version: int | None = None) -> Letter:
    """The post brought it back: what counted from its mailing counts no more, until it is sent again."""
    require(work.actor, Action.WRITE_LETTER)
    [letter] = letters.load(work, [letter_id], if_version)
    letters.move(letter, LetterEvent.RETURN)
    letter.ended_on, letter.reason = on, reason
    journal.changed(work, letter, "return")
    letter_followers.returned(work, [letter])
    return letter


def _log(work: Work, theirs: Sequence[Letter], mailed_on: date) -> None:
    """One line of the contact log for each letter to whoever has the account."""
    noon = datetime.combine(mailed_on, time(12), tzinfo=work.settings.zone).astimezone(UTC)
    # A consequence: whoever may mail a letter need not be one of those who write the log.
    made = contacts.log_many(
        replace(work, actor=SYSTEM, authority=None),
        [
            NewAttempt(
                account_id=letter.account_id,
                contact=Contact(
                    # Not before it was written: a letter of this afternoon is not in the log as of noon.
                    at=min(max(noon, letter.created_at), work.at),
                    channel=Channel.LETTER,
                    reason=_REASONS.get(LetterKind(letter.kind), Reason.ACCESS),
                    note=f"{letter.number} ({letter.kind}) mailed.",
                ),
                by_name=work.actor.name,
            )
            for letter in theirs
            if letter.account_id is not None and letter.recipient == Recipient.OCCUPANT
        ],
    )
    for one in made:
        if isinstance(one, Problem):
            raise one
