"""What follows by itself when the bank sends a payment back: a letter at once, and a list once its grace is over."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import Date, func, select

from curbstop.commands import cut_off_candidates, cut_off_runs, gates, journal, letters, policies
from curbstop.commands.cut_off_candidates import NewRun
from curbstop.commands.cut_off_letters import HEARING
from curbstop.commands.gates import Question
from curbstop.commands.letters import Wanted
from curbstop.commands.work import Work
from curbstop.domain.actors import SYSTEM
from curbstop.domain.clocks import AHEAD
from curbstop.domain.cut_offs import Cause, ReturnedPayment, Stage
from curbstop.domain.gate_questions import grace_of
from curbstop.domain.gates import Ruling
from curbstop.domain.holds import HoldKind
from curbstop.domain.letters import Language, LetterKind, day_in_words
from curbstop.domain.money import dollars
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.account import Account
from curbstop.models.among import among
from curbstop.models.cut_off_run import CutOffLine, CutOffRun
from curbstop.models.standing import Hold, Payment

SUBJECT: Final = "payment"
# Somebody took it off the list, or gave the list up: the clock does not know better.
_BY_SOMEBODY = (cut_off_runs.BY_HAND, cut_off_runs.ABANDONED)


def tell(work: Work, source_key: str, *, returned_on: date, reason: str) -> Payment:
    """The bank sent a payment back. What it had recalled stays recalled; a cut-off for it is an order of its own.

    A letter says at once until when it is to be made good; the clock lists whoever has not done so (`list_due`).

    The same again changes nothing. Problems: forbidden, not_found, conflict (told before, otherwise), invalid (a day
    still to come).
    """
    require(work.actor, Action.EXCHANGE_BILLING)
    if returned_on > (work.at + AHEAD).astimezone(work.settings.zone).date():
        raise Problem("invalid", "A payment has come back by now, not in the future.", field="returned_on")
    payment = work.session.scalar(select(Payment).where(Payment.source_key == source_key).with_for_update())
    if payment is None:
        raise Problem("not_found", f"There is no payment {source_key!r}.")
    before = (payment.returned_on, payment.return_reason)
    if before == (returned_on, reason):
        return payment
    if before != (None, None):
        raise Problem("conflict", f"It was told as returned on {payment.returned_on}: {payment.return_reason}.")
    payment.returned_on, payment.return_reason = returned_on, reason
    after = {"returned_on": returned_on.isoformat(), "return_reason": reason}
    journal.audit(work, "payment.return", "payment", payment.id, after=after)
    if policies.in_force(work.session).policy.returned_payment.voids_plan:
        _void_plans(work, payment.account_id)
    _write(work, payment)
    return payment


def list_due(work: Work) -> int:
    """Makes a list of the accounts whose grace is over and that no gate keeps back, for the next day of cut-offs.

    Billing proofs it and another approves it, as any list. Who is held back today is asked about tomorrow; who was
    taken off by hand since the payment came back is not listed again. How many were listed; a fixed number of
    statements.
    """
    work = _as_system(work)
    day = gates.next_cut_day(work)
    new = NewRun(cause=Cause.RETURNED_PAYMENT, cut_on=day)
    owing = [one.account_id for one in cut_off_candidates.find(work, new, policies.in_force(work.session).policy)]
    left = _without_taken_off(work, owing)
    questions = [Question(cause=new.cause, cut_on=day, account_id=account_id) for account_id in left]
    answers = gates.ask(work, questions, Stage.BUILD, keep=False)
    due = [
        one.question.account_id
        for one in answers
        if one.question.account_id is not None and one.asked.ruling is not Ruling.BLOCK
    ]
    if due:
        cut_off_runs.build(work, replace(new, account_ids=tuple(due)))
    return len(due)


def _void_plans(work: Work, account_id: UUID) -> None:
    """A plan whose payment came back is broken: it holds no cut-off any more (Wilmington OH)."""
    mine = select(Hold).where(Hold.account_id == account_id, Hold.kind == HoldKind.PLAN, Hold.ended_at.is_(None))
    for hold in work.session.scalars(mine.with_for_update()):
        hold.ended_at, hold.ended_by_id, hold.end_reason = work.at, work.actor.staff_id, "a payment came back"
        journal.changed(work, hold, "hold.end")


def _write(work: Work, payment: Payment) -> None:
    """Drafts the letter that says until when it is to be made good; none where there is no grace.

    A letter that cannot be addressed is a line in the audit: the bank's word is kept all the same.
    """
    assert payment.returned_on is not None
    policy = policies.in_force(work.session).policy
    returned = ReturnedPayment(payment.returned_on, payment.return_reason or "", payment.paid_a_restoral)
    last_day, at_once = grace_of(policy, returned, policies.closures(work.session, policy))
    if at_once:
        return
    day = payment.returned_on

    def fields(language: Language) -> dict[str, str]:
        return {
            "amount": dollars(payment.cents),
            "returned_on": day_in_words(day, language),
            "pay_by": day_in_words(last_day, language),
            "hearing": HEARING[language],
        }

    account = work.session.get_one(Account, payment.account_id)
    wanted = Wanted(
        kind=LetterKind.RETURNED_PAYMENT_NOTICE,
        service_point_id=account.service_point_id,
        account_id=account.id,
        subject_kind=SUBJECT,
        subject_id=payment.id,
        fields=fields,
    )
    try:
        letters.draft(_as_system(work), [wanted])
    except Problem as problem:
        journal.audit(work, "payment.letter", "payment", payment.id, after={"problem": problem.code})


def _without_taken_off(work: Work, account_ids: Sequence[UUID]) -> list[UUID]:
    gone = set(
        work.session.scalars(
            select(CutOffLine.account_id)
            .join(CutOffRun, CutOffRun.id == CutOffLine.run_id)
            .join(Payment, Payment.account_id == CutOffLine.account_id)
            .where(
                among(work.session, CutOffLine.account_id, account_ids),
                CutOffRun.cause == Cause.RETURNED_PAYMENT.value,
                CutOffLine.excluded_code.in_(_BY_SOMEBODY),
                func.date(CutOffRun.created_at, type_=Date()) >= Payment.returned_on,
            )
        )
    )
    return [account_id for account_id in account_ids if account_id not in gone]


def _as_system(work: Work) -> Work:
    """A consequence: whoever tells of the payment need not be one who may write letters or lists."""
    return replace(work, actor=SYSTEM, authority=None)
