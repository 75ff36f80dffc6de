"""The final notices of a cut-off run as letters: drafted from its lines, heard of when they are mailed or come back."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import cut_off_lines, cut_off_notices, letters, policies
from curbstop.commands.cut_off_runs import load, require_billing
from curbstop.commands.letters import Wanted
from curbstop.commands.work import Work, get
from curbstop.domain.cut_off_runs import RunEvent
from curbstop.domain.cut_offs import Cause
from curbstop.domain.gate_questions import notice_ends
from curbstop.domain.letters import Language, LetterKind, day_in_words
from curbstop.domain.money import dollars
from curbstop.domain.policy import Policy
from curbstop.domain.problems import Problem
from curbstop.models.among import among
from curbstop.models.cut_off_run import CutOffLine, CutOffRun
from curbstop.models.letter import Letter
from curbstop.models.owed import NOT_MADE_GOOD
from curbstop.models.standing import Payment

SUBJECT: Final = "cut_off_line"
HEARING = {
    Language.EN: "You may ask for a hearing before that day.",
    Language.ES: "Puede pedir una audiencia antes de esa fecha.",
}


def draft(work: Work, run_id: UUID, *, mailed_on: date, if_version: int | None = None) -> list[Letter]:
    """A final notice for every line that is listed and has none yet; `mailed_on` is when they are to be in the mail.

    Problems: forbidden, impossible_transition (the list is not proofed), invalid (the notice's time would run beyond
    the day of the cut).
    """
    require_billing(work)
    run = get(work, CutOffRun, run_id)
    stage = run.stage
    load(work, run_id, RunEvent.NOTIFY, if_version)
    # Drafting alone sends nothing: the stage moves when they are mailed.
    run.stage = stage
    policy = policies.in_force(work.session).policy
    calendar = policies.closures(work.session, policy)
    last_day = notice_ends(policy, mailed_on, calendar)
    if run.cut_on <= last_day:
        earliest = last_day + timedelta(days=1)
        raise Problem(
            "invalid", f"Mailed on {mailed_on}, the notice lets nothing be cut before {earliest}.", field="mailed_on"
        )
    lines = [line for line in cut_off_lines.listed(work, run) if line.id not in _noted(work, run)]
    came_back = _came_back(work, run, lines)
    return letters.draft(work, [_wanted(run, line, policy, last_day, came_back.get(line.account_id)) for line in lines])


def mailed(work: Work, theirs: Sequence[Letter]) -> None:
    """The notices count from the day on which they were mailed."""
    for run, of_run in _runs(work, theirs).items():
        by_day: dict[tuple[date, str], list[Letter]] = defaultdict(list)
        for letter in of_run:
            assert letter.mailed_on is not None
            by_day[letter.mailed_on, letter.method or "first_class"].append(letter)
        for (mailed_on, method), together in by_day.items():
            proofs = {letter.account_id: letter.number for letter in together if letter.account_id is not None}
            cut_off_notices.note_mailed(work, run, proofs, mailed_on=mailed_on, method=method)
        cut_off_notices.moved_on(work, run)


def returned(work: Work, theirs: Sequence[Letter]) -> None:
    """What the post brought back counts no more."""
    for letter in theirs:
        if letter.account_id is not None and letter.ended_on is not None:
            cut_off_notices.note_returned(work, [letter.account_id], returned_on=letter.ended_on)


def _came_back(work: Work, run: CutOffRun, lines: Sequence[CutOffLine]) -> dict[UUID, date]:
    """When the latest payment of each came back, of a list that is about returned payments."""
    if run.cause != Cause.RETURNED_PAYMENT:
        return {}
    rows = work.session.execute(
        select(Payment.account_id, Payment.returned_on)
        .where(among(work.session, Payment.account_id, [line.account_id for line in lines]), NOT_MADE_GOOD)
        .order_by(Payment.returned_on)
    )
    return {account_id: returned_on for account_id, returned_on in rows if returned_on is not None}


def _wanted(run: CutOffRun, line: CutOffLine, policy: Policy, last_day: date, came_back: date | None) -> Wanted:
    fee = policy.fees.amounts_cents.get("cut_off", 0) + policy.fees.amounts_cents.get("reconnect", 0)

    def fields(language: Language) -> Mapping[str, str]:
        if came_back is not None:
            return {
                "amount": dollars(line.due_cents),
                "returned_on": day_in_words(came_back, language),
                "pay_by": day_in_words(last_day, language),
                "hearing": HEARING[language],
            }
        return {
            "past_due": dollars(line.due_cents),
            "pay_by": day_in_words(last_day, language),
            "cut_on": day_in_words(run.cut_on, language),
            "restoral_fee": dollars(fee) if fee else "",
            "hearing": HEARING[language],
        }

    return Wanted(
        kind=LetterKind.RETURNED_PAYMENT_NOTICE if came_back is not None else LetterKind.CUT_OFF_NOTICE,
        service_point_id=line.service_point_id,
        account_id=line.account_id,
        subject_kind=SUBJECT,
        subject_id=line.id,
        fields=fields,
    )


def _noted(work: Work, run: CutOffRun) -> set[UUID]:
    """The lines of the run that a letter was drafted for already, and is not void."""
    rows = work.session.scalars(
        select(Letter.subject_id)
        .join(CutOffLine, CutOffLine.id == Letter.subject_id)
        .where(Letter.subject_kind == SUBJECT, CutOffLine.run_id == run.id, Letter.state != "void")
    )
    return {line_id for line_id in rows if line_id is not None}


def _runs(work: Work, theirs: Sequence[Letter]) -> dict[CutOffRun, list[Letter]]:
    ids = [letter.subject_id for letter in theirs if letter.subject_id is not None]
    rows = work.session.execute(
        select(CutOffLine.id, CutOffRun)
        .join(CutOffRun, CutOffRun.id == CutOffLine.run_id)
        .where(among(work.session, CutOffLine.id, ids))
    )
    of = {line_id: run for line_id, run in rows}  # noqa: C416
    found: dict[CutOffRun, list[Letter]] = defaultdict(list)
    for letter in theirs:
        if letter.subject_id in of:
            found[of[letter.subject_id]].append(letter)
    return found
