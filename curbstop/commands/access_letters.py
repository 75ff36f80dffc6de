"""The letters of an access issue: written to owner and occupant, sent again when they come back, and their clock."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import access_steps, journal, letter_addresses, letters, policies
from curbstop.commands.access_agreements import SUBJECT
from curbstop.commands.access_steps import Steps
from curbstop.commands.letters import Wanted
from curbstop.commands.work import Work, check_version, get
from curbstop.domain import access_notices as rules
from curbstop.domain import access_words as words
from curbstop.domain.access_issues import STAGE, AccessEvent, AccessState
from curbstop.domain.access_notices import STAGE_NAMES
from curbstop.domain.letters import Language, LetterKind, LetterState, Recipient, day_in_words
from curbstop.domain.permissions import Action, may, require
from curbstop.domain.problems import Problem
from curbstop.models.access_issue import AccessIssue, AccessNotice
from curbstop.models.account import Account
from curbstop.models.attachment import Attachment
from curbstop.models.ids import new_id
from curbstop.models.letter import Letter, PropertyOwner

KINDS: Final = {1: LetterKind.ACCESS_NOTICE_1, 2: LetterKind.ACCESS_NOTICE_2, 3: LetterKind.ACCESS_FINAL}
_MOST_PHOTOS = 2


def write(
    work: Work, access_issue_id: UUID, *, mailed_on: date | None = None, if_version: int | None = None
) -> list[Letter]:
    """Drafts the next letter to occupant and owner, to each that has none of this stage; one where both are the same.

    `mailed_on` is when they are to be in the mail (today), which the dates in them go by. Who may escalate agrees to a
    final notice by writing it. Problems: forbidden, not_found, version_mismatch, invalid (the day), conflict (they are
    written), impossible_transition (says what it waits for).
    """
    require(work.actor, Action.WRITE_LETTER)
    issue = get(work, AccessIssue, access_issue_id)
    check_version(issue, if_version)
    stage = rules.next_stage(AccessState(issue.state), confirmed=issue.confirmed_at is not None)
    known = _notices(work, issue)
    live = {
        notice.recipient
        for notice, letter in known
        if (notice.round, notice.stage) == (issue.round, stage) and letter.state != LetterState.VOID.value
    }
    to = [one for one in _recipients(work, issue) if one.value not in live]
    if not to:
        raise Problem("conflict", f"The {STAGE_NAMES[stage]} is written already; approve it, or void it first.")
    if stage == 3 and may(work.actor, Action.ESCALATE_LETTER) and issue.final_agreed_by_id is None:
        issue.final_agreed_by_id = work.actor.staff_id
    drafted = _draft(work, issue, stage, to, mailed_on)
    for notice, letter in known:
        if (
            letter.state == LetterState.VOID.value
            and notice.stage == stage
            and notice.recipient in {r.value for r in to}
        ):
            notice.replaced = True
    journal.changed(work, issue, "write_letters")
    facts = {"stage": stage, "letters": [letter.number for letter in drafted]}
    access_steps.note(work, issue, "write_letters", came_from=issue.state, facts=facts)
    return drafted


def send_again(
    work: Work,
    access_issue_id: UUID,
    letter_id: UUID,
    *,
    recipient: Recipient | None = None,
    mailed_on: date | None = None,
    if_version: int | None = None,
) -> Letter:
    """Drafts a letter anew that the post brought back: to its recipient's new address, or to the owner of record.

    The clock stands still until it is mailed. Problems: forbidden, not_found, version_mismatch, conflict (it did not
    come back, or was sent again), invalid (the address is the one that it came back from; the owner is not known).
    """
    require(work.actor, Action.WRITE_LETTER)
    issue = get(work, AccessIssue, access_issue_id)
    check_version(issue, if_version)
    known = {letter.id: (notice, letter) for notice, letter in _notices(work, issue)}
    if letter_id not in known:
        raise Problem("not_found", "That letter is not of this access issue.")
    notice, letter = known[letter_id]
    again = {one.replaces_id for one, other in known.values() if other.state != LetterState.VOID.value}
    if letter.state != LetterState.RETURNED.value or notice.replaced or notice.id in again:
        raise Problem("conflict", f"{letter.number} is {letter.state}: it needs no other, or has one already.")
    to = recipient or Recipient(notice.recipient)
    [where] = letter_addresses.addressees(work, [(to, issue.service_point_id, _account(work, issue))])
    if letter.given.get("address") == "\n".join(where.lines):
        detail = "It came back from that very address. Correct the address, or send it to the owner of record."
        raise Problem("invalid", detail, field="recipient")
    [drafted] = _draft(work, issue, notice.stage, [to], mailed_on, replaces=notice)
    journal.changed(work, issue, "send_again")
    facts = {"letter": letter.number, "again": drafted.number, "recipient": to.value}
    access_steps.note(work, issue, "send_again", came_from=issue.state, facts=facts)
    return drafted


def mailed(work: Work, theirs: Sequence[Letter]) -> None:
    """The letters are in the mail: their issues move on, and the customer's time begins. Heard from the post's log."""
    policy = policies.in_force(work.session).policy.access
    subjects = _subjects(work, theirs)
    steps = Steps(work, [issue for issue, _, _ in subjects])
    for issue, notice, letter in subjects:
        assert letter.mailed_on is not None
        latest = letter.mailed_on + timedelta(days=policy.days(notice.stage))
        notice.until = max(latest, notice.respond_by)
        facts = {"letter": letter.number, "mailed_on": letter.mailed_on.isoformat(), "recipient": notice.recipient}
        if not _in_turn(issue, notice):
            notice.out_of_turn = True
            steps.note(issue, "mailed_out_of_turn", came_from=issue.state, facts=facts)
            continue
        for other, _ in steps.notices[issue.id]:
            if other.id == notice.replaces_id:
                other.replaced = True
        if STAGE.get(AccessState(issue.state)) != notice.stage:
            issue.confirmed_at = issue.check_order_id = None
        if STAGE.get(AccessState(issue.state), 0) > notice.stage:
            # An earlier stage's letter, sent again: the later one's time is over no sooner.
            steps.set_clock(issue)
            steps.change(issue, "mail_again")
            steps.note(issue, "mail_again", came_from=issue.state, facts=facts)
        else:
            steps.move(issue, AccessEvent.MAIL_LETTER, action="mail_letter", facts=facts)
    steps.write()


def returned(work: Work, theirs: Sequence[Letter]) -> None:
    """The post brought letters back: the clock of their issues stands still, and what followed from them waits."""
    subjects = _subjects(work, theirs)
    steps = Steps(work, [issue for issue, _, _ in subjects])
    for issue, notice, letter in subjects:
        said: dict[str, Any] = {
            "reason": letter.reason,
            "facts": {"letter": letter.number, "recipient": notice.recipient},
        }
        counts = not notice.replaced and not notice.out_of_turn and AccessState(issue.state) in STAGE
        if not counts:
            steps.note(issue, "return_mail", came_from=issue.state, **said)
            continue
        issue.confirmed_at, issue.proposal = None, None
        steps.move(issue, AccessEvent.RETURN_MAIL, action="return_mail", **said)
    steps.write()


def _in_turn(issue: AccessIssue, notice: AccessNotice) -> bool:
    """Whether the issue waits for this letter: the next stage's, its own stage's, or one of before sent again."""
    state = AccessState(issue.state)
    if notice.stage == 1 and notice.replaces_id is not None and state in STAGE:
        return True
    if notice.round != issue.round:
        return False
    own = STAGE.get(state, 0)
    if state is AccessState.OPEN or (state in (AccessState.RECHECK1, AccessState.RECHECK2) and issue.confirmed_at):
        return notice.stage in (own + 1, own) or notice.replaces_id is not None
    return own > 0 and (notice.stage == own or notice.replaces_id is not None)


def _draft(
    work: Work,
    issue: AccessIssue,
    stage: int,
    to: Sequence[Recipient],
    mailed_on: date | None,
    *,
    replaces: AccessNotice | None = None,
) -> list[Letter]:
    here = access_steps.today(work)
    mailed_on = mailed_on or here
    if not here <= mailed_on <= here + timedelta(days=30):
        raise Problem("invalid", "mailed_on is today, or a day of the next thirty.", field="mailed_on")
    respond_by = mailed_on + timedelta(days=policies.in_force(work.session).policy.access.days(stage))
    account_id, photos, first = _account(work, issue), _photos(work, issue), _first_mailed(work, issue) or mailed_on
    seen_on = issue.last_seen_at.astimezone(work.settings.zone).date()

    def fields(language: Language) -> Mapping[str, str]:
        said = {
            "category": words.label(issue.category, language),
            "remedy": words.remedy(issue.category, language),
            "seen_on": day_in_words(seen_on, language),
            "respond_by": day_in_words(respond_by, language),
            "consequence": words.CONSEQUENCES[stage][language],
        }
        if stage > 1:
            said["first_notice_on"] = day_in_words(first, language)
        if stage == 3:
            said["consequence_on"] = day_in_words(respond_by + timedelta(days=1), language)
            said["hearing"] = words.HEARING[language]
        return said

    drafted = letters.draft(
        work,
        [
            Wanted(
                kind=KINDS[stage],
                service_point_id=issue.service_point_id,
                account_id=account_id,
                recipient=one,
                subject_kind=SUBJECT,
                subject_id=issue.id,
                fields=fields,
                photos=photos,
            )
            for one in to
        ],
    )
    work.session.add_all(
        AccessNotice(
            id=new_id(),
            access_issue_id=issue.id,
            letter_id=letter.id,
            stage=stage,
            # A letter of the round before, sent again, stays that round's.
            round=replaces.round if replaces is not None else issue.round,
            recipient=letter.recipient,
            respond_by=respond_by,
            replaces_id=replaces.id if replaces is not None else None,
            replaced=False,
            out_of_turn=False,
            created_at=work.at,
        )
        for letter in drafted
    )
    work.session.flush()
    return drafted


def _recipients(work: Work, issue: AccessIssue) -> list[Recipient]:
    """Whoever lives there, and the owner of record where that is somebody else."""
    owner = letter_addresses.owners_of(work, [issue.service_point_id]).get(issue.service_point_id)
    if owner is None:
        return [Recipient.OCCUPANT]
    account_id = _account(work, issue)
    [occupant] = letter_addresses.addressees(work, [(Recipient.OCCUPANT, issue.service_point_id, account_id)])
    if _same(owner, occupant):
        return [Recipient.OCCUPANT]
    return [Recipient.OCCUPANT, Recipient.OWNER]


def _same(owner: PropertyOwner, occupant: letter_addresses.Addressee) -> bool:
    theirs = (owner.name, owner.address)
    return tuple(map(_plain, theirs)) == tuple(map(_plain, (occupant.name, occupant.lines[0])))


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace(".", " ").replace(",", " ").split())


def _account(work: Work, issue: AccessIssue) -> UUID | None:
    here = select(Account.id).where(
        Account.service_point_id == issue.service_point_id, Account.status.not_in(["finaled", "vacant"])
    )
    return work.session.scalar(here.order_by(Account.id.desc()).limit(1))


def _photos(work: Work, issue: AccessIssue) -> list[str]:
    """The newest photos of it that are here."""
    there = select(Attachment.sha256).where(
        Attachment.access_issue_id == issue.id,
        Attachment.stored_at.is_not(None),
        Attachment.media_type == "image/jpeg",
    )
    return list(work.session.scalars(there.order_by(Attachment.noted_at.desc(), Attachment.id).limit(_MOST_PHOTOS)))


def _first_mailed(work: Work, issue: AccessIssue) -> date | None:
    mailed_on = [letter.mailed_on for notice, letter in _notices(work, issue) if notice.stage == 1 and letter.mailed_on]
    return min(mailed_on, default=None)


def _notices(work: Work, issue: AccessIssue) -> list[tuple[AccessNotice, Letter]]:
    rows = work.session.execute(
        select(AccessNotice, Letter)
        .join(Letter, Letter.id == AccessNotice.letter_id)
        .where(AccessNotice.access_issue_id == issue.id)
        .order_by(AccessNotice.created_at, AccessNotice.id)
    )
    return [(notice, letter) for notice, letter in rows]


def _subjects(work: Work, theirs: Sequence[Letter]) -> list[tuple[AccessIssue, AccessNotice, Letter]]:
    """Each letter with its notice and its issue, locked in one order as every locker takes them."""
    by_id = {letter.id: letter for letter in theirs}
    rows = work.session.execute(
        select(AccessIssue, AccessNotice)
        .join(AccessNotice, AccessNotice.access_issue_id == AccessIssue.id)
        .where(AccessNotice.letter_id.in_(list(by_id)))
        .order_by(AccessIssue.id, AccessNotice.id)
        .with_for_update(of=AccessIssue)
    )
    return [(issue, notice, by_id[notice.letter_id]) for issue, notice in rows]
