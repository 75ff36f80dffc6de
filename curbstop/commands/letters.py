"""Letters: drafted many at once, proofed, approved and thereby frozen, mailed, and what the post made of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import (
    access_agreements,
    journal,
    letter_addresses,
    letter_photos,
    letter_templates,
    numbering,
)
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.letters import (
    ESCALATING,
    FIELDS,
    GIVEN,
    Language,
    LetterEvent,
    LetterKind,
    LetterState,
    Recipient,
    check_fields,
    step,
)
from curbstop.domain.numbers import Prefix
from curbstop.domain.permissions import Action, require
from curbstop.domain.policy import LetterPolicy
from curbstop.domain.problems import Problem
from curbstop.models.among import among
from curbstop.models.ids import new_id
from curbstop.models.letter import Letter
from curbstop.typesetting import Manuscript

APPROVED = "letter.approved"
# Letters that one job sets: a worker that dies loses no more than their time.
SLICE = 50
MOST = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A letter that is to be written. Without a language it is the addressee's own."""

    kind: LetterKind
    service_point_id: UUID
    fields: Mapping[str, str] | Callable[[Language], Mapping[str, str]]
    recipient: Recipient = Recipient.OCCUPANT
    account_id: UUID | None = None
    language: Language | None = None
    subject_kind: str | None = None
    subject_id: UUID | None = None
    photos: Sequence[str] = field(default_factory=tuple)  # hashes of stored photos


def draft(work: Work, wanted: Sequence[Wanted]) -> list[Letter]:
    """Drafts, in a fixed number of statements. `fields` may be made for the language once that is known.

    Problems: forbidden, invalid (a field outside the whitelist, an owner unknown), not_found, too_large.
    """
    require(work.actor, Action.WRITE_LETTER)
    if len(wanted) > MOST:
        raise Problem("too_large", f"At most {MOST} letters are drafted at once.")
    if not wanted:
        return []
    to = letter_addresses.addressees(work, [(one.recipient, one.service_point_id, one.account_id) for one in wanted])
    numbers = numbering.next_numbers(work, Prefix.LETTER, len(wanted))
    letters, writer = [], letter_addresses.writer(work)
    for one, addressee, number in zip(wanted, to, numbers, strict=True):
        language = one.language or addressee.language
        fields = one.fields(language) if callable(one.fields) else one.fields
        letter = Letter(
            id=new_id(),
            number=number,
            kind=one.kind.value,
            language=language.value,
            state=LetterState.DRAFT.value,
            recipient=one.recipient.value,
            account_id=one.account_id,
            service_point_id=one.service_point_id,
            subject_kind=one.subject_kind,
            subject_id=one.subject_id,
            fields=check_fields(one.kind, fields),
            given={},
            photos=list(one.photos),
            street="",
            drafted_by_id=work.actor.staff_id,
            created_at=work.at,
        )
        _address(work, writer, letter, addressee)
        letters.append(letter)
    work.session.add_all(letters)
    journal.changed_many(work, letters, "draft")
    return letters


def proof(work: Work, letter_id: UUID) -> Manuscript:
    """The letter as it would be set today, with a PROOF mark; nothing is stored. `typesetting.sheet_of` sets it,
    which takes its time: when the transaction has ended.
    """
    require(work.actor, Action.VIEW_LETTERS)
    letter = get(work, Letter, letter_id, lock=False)
    key = letter.kind, letter.language
    version = (*key, letter_templates.numbers(work.session, [key])[key])
    [to] = letter_addresses.addressees(work, [_who(letter)])
    given = letter_addresses.given_words(work, letter_addresses.writer(work), letter, to)
    source = letter_templates.sources(work.session, [version])[version]
    words = whole_words(LetterKind(letter.kind), letter.fields, given)
    return Manuscript(source, words, work.at, letter_photos.prints(work.settings, letter.photos), proof=True)


def approve(work: Work, letter_ids: Sequence[UUID], *, if_version: int | None = None) -> list[Letter]:
    """From now on nothing of them changes: the words, the address, the template's version. Workers then set them.

    Problems: forbidden (a final notice is approved by billing or a supervisor), four_eyes (of an access issue by two of
    them), not_found, impossible_transition.
    """
    require(work.actor, Action.WRITE_LETTER)
    letters = load(work, letter_ids, if_version)
    if any(LetterKind(letter.kind) in ESCALATING for letter in letters):
        require(work.actor, Action.ESCALATE_LETTER)
    access_agreements.check(work, letters)
    to = letter_addresses.addressees(work, [_who(letter) for letter in letters])
    versions = letter_templates.numbers(work.session, {(letter.kind, letter.language) for letter in letters})
    writer = letter_addresses.writer(work)
    for letter, addressee in zip(letters, to, strict=True):
        move(letter, LetterEvent.APPROVE)
        _address(work, writer, letter, addressee)
        letter.template_number = versions[letter.kind, letter.language]
        letter.approved_by_id, letter.approved_at = work.actor.staff_id, work.at
    journal.changed_many(work, letters, "approve")
    for start in range(0, len(letters), SLICE):
        ids = [str(letter.id) for letter in letters[start : start + SLICE]]
        journal.enqueue(work, APPROVED, {"letter_ids": ids})
    return letters


def void(work: Work, letter_id: UUID, *, reason: str, if_version: int | None = None) -> Letter:
    """A letter that is not to be sent after all. Problems: forbidden, not_found, impossible_transition."""
    require(work.actor, Action.WRITE_LETTER)
    [letter] = load(work, [letter_id], if_version)
    move(letter, LetterEvent.VOID)
    letter.reason = reason
    journal.changed(work, letter, "void")
    return letter


def load(work: Work, letter_ids: Sequence[UUID], if_version: int | None = None) -> list[Letter]:
    """The letters, locked in one order as every locker takes them, given back in the caller's; Problem(`not_found`)."""
    wanted = list(dict.fromkeys(letter_ids))
    locked = select(Letter).where(among(work.session, Letter.id, wanted)).order_by(Letter.id).with_for_update()
    found = {row.id: row for row in work.session.scalars(locked.execution_options(populate_existing=True))}
    missing = [str(one) for one in wanted if one not in found]
    if missing:
        raise Problem("not_found", f"{len(missing)} of these letters are not there.", missing=missing[:20])
    if if_version is not None:
        check_version(found[wanted[0]], if_version)
    return [found[one] for one in wanted]


def move(letter: Letter, event: LetterEvent) -> None:
    """The letter's next state, or Problem(`impossible_transition`)."""
    letter.state = step(LetterState(letter.state), event).value


def whole_words(kind: LetterKind, fields: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """All that a template may name: what a letter may go without is empty text."""
    return dict.fromkeys([*GIVEN, *FIELDS[kind]], "") | dict(given) | dict(fields)


def _who(letter: Letter) -> tuple[Recipient, UUID, UUID | None]:
    return Recipient(letter.recipient), letter.service_point_id, letter.account_id


def _address(work: Work, writer: LetterPolicy, letter: Letter, to: letter_addresses.Addressee) -> None:
    letter.given = letter_addresses.given_words(work, writer, letter, to)
    letter.postal_code, letter.street, letter.house_number = to.postal_code, to.street, to.house_number
