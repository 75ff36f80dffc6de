"""Cut-off runs in the office: the list is built, proofed, notified, finalised after payments and approved."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from curbstop.commands import (
    cut_off_candidates,
    cut_off_lines,
    gate_overrides,
    journal,
    numbering,
    policies,
    standings,
)
from curbstop.commands.cut_off_candidates import NewRun
from curbstop.commands.cut_off_lines import ids
from curbstop.commands.work import Work, check_version, get
from curbstop.domain import gate_questions
from curbstop.domain.closures import Closures
from curbstop.domain.cut_off_runs import (
    LineState,
    RunEvent,
    RunStage,
    check_approver,
    next_stage,
)
from curbstop.domain.cut_offs import Cause, Facts, Moment, Stage
from curbstop.domain.gates import Answer, Asked, Ruling
from curbstop.domain.numbers import Prefix
from curbstop.domain.permissions import Action, Grant, Role, require
from curbstop.domain.problems import Problem
from curbstop.models.cut_off_run import CutOffLine, CutOffRun
from curbstop.models.ids import new_id

# Accounts that are looked at together.
SLICE = 2_000
BY_HAND, ABANDONED = "by_hand", "abandoned"
Moved = tuple[RunStage, RunStage]


def build(work: Work, new: NewRun) -> CutOffRun:
    """Lists every account that owes enough, asks the gates about each, and leaves out what they block, with the reason.

    Problems: forbidden, invalid (a day that is over, a cause that is no debt), conflict (nobody to list).
    """
    granted = require(work.actor, Action.CREATE_CUT_OFF_NP)
    if not granted & {Grant.YES, Grant.PROPOSE}:
        raise Problem("forbidden", "A list is built by billing, or proposed by a CSR.", allowed_roles=["CSR", "BIL"])
    if new.cause is Cause.VIOLATION:
        raise Problem("invalid", "A violation is cut off by an order of its own, not by a list.", field="cause")
    _check_day(work, new.cut_on)
    policy = policies.in_force(work.session)
    run = CutOffRun(
        id=new_id(),
        number=numbering.next_numbers(work, Prefix.CUT_OFF_RUN)[0],
        cause=new.cause.value,
        cut_on=new.cut_on,
        stage=RunStage.BUILT.value,
        taken_from=_taken_from(new),
        policy_number=policy.number,
        built_by_id=work.actor.staff_id,
        created_at=work.at,
    )
    work.session.add(run)
    journal.changed(work, run, "build")
    found = cut_off_candidates.find(work, new, policy.policy)
    cut_off_lines.add(work, run, found)
    if not found:
        raise Problem("conflict", "Nobody owes enough, or everybody who does is on another list already.")
    return run


def exclude(work: Work, run_id: UUID, reasons: Mapping[UUID, str], *, if_version: int | None = None) -> CutOffRun:
    """Takes lines off the list, each with its reason. Problems: forbidden, not_found (names the lines), conflict."""
    require(work.actor, Action.CREATE_CUT_OFF_NP)
    run = load(work, run_id, RunEvent.EXCLUDE, if_version)
    lines = cut_off_lines.of_run(work, run, list(reasons))
    gone = [line for line in lines if line.state != LineState.LISTED]
    if gone:
        raise Problem("conflict", f"{len(gone)} of these lines are not on the list any more.", lines=ids(gone))
    cut_off_lines.exclude(work, [(line, BY_HAND, reasons[line.id]) for line in lines])
    _back_to_finalising(run)
    journal.changed(work, run, "exclude")
    return run


def include(work: Work, run_id: UUID, line_ids: Sequence[UUID], *, if_version: int | None = None) -> CutOffRun:
    """Puts lines back that somebody had taken off; what a gate or a payment took off stays off.

    Problems: forbidden, not_found (names the lines), conflict.
    """
    require(work.actor, Action.CREATE_CUT_OFF_NP)
    run = load(work, run_id, RunEvent.EXCLUDE, if_version)
    lines = cut_off_lines.of_run(work, run, line_ids)
    others = [line for line in lines if line.excluded_code != BY_HAND]
    if others:
        raise Problem("conflict", f"{len(others)} of these lines were not taken off by hand.", lines=ids(others))
    for line in lines:
        line.state = LineState.LISTED.value
        line.excluded_code = line.excluded_reason = line.excluded_by_id = line.ended_at = None
    work.session.flush()
    journal.audit_many(work, "include", "cut_off_line", [(line.id, None, {"state": "listed"}) for line in lines])
    _back_to_finalising(run)
    journal.changed(work, run, "include")
    return run


def proof(work: Work, run_id: UUID, *, if_version: int | None = None) -> CutOffRun:
    """Billing has gone through the list; from now on its notices may go out."""
    require_billing(work)
    run = load(work, run_id, RunEvent.PROOF, if_version)
    run.proofed_by_id = work.actor.staff_id
    journal.changed(work, run, "proof")
    return run


def finalise(
    work: Work,
    run_id: UUID,
    *,
    payments_as_of: datetime,
    cut_on: date | None = None,
    if_version: int | None = None,
) -> CutOffRun:
    """Looks again at every line after the payments that are in as of that moment, and asks the gates for the day.

    Who has paid, or is blocked by now, comes off with the reason; `cut_on` moves the day. Problems: forbidden,
    gate_blocked (the payments are not fresh), invalid, impossible_transition.
    """
    require_billing(work)
    run = load(work, run_id, RunEvent.FINALISE, if_version)
    if cut_on is not None:
        _check_day(work, cut_on)
        run.cut_on = cut_on
    run.payments_as_of = standings.keep_mark(work, payments_as_of)
    run.finalised_by_id, run.finalised_at = work.actor.staff_id, work.at
    run.approved_by_id = run.approved_at = None
    _check_fresh(work, run)
    cut_off_lines.look_again(work, run, Stage.APPROVE)
    journal.changed(work, run, "finalise")
    return run


def approve(work: Work, run_id: UUID, *, exclude_awaiting: bool = False, if_version: int | None = None) -> CutOffRun:
    """Somebody else than the builder answers for the list; the gates are asked once more.

    Lines that need somebody's override are named in the refusal, or excluded where the approver says so. Problems:
    forbidden, four_eyes, gate_blocked (the payments are not fresh: finalise again), override_needed (`lines`),
    conflict (nothing is left).
    """
    require(work.actor, Action.APPROVE_CUT_OFF_RUN)
    run = load(work, run_id, RunEvent.APPROVE, if_version)
    check_approver(work.actor.staff_id, built_by=run.built_by_id, finalised_by=run.finalised_by_id)
    _check_fresh(work, run)
    cut_off_lines.look_again(work, run, Stage.APPROVE)
    lines = cut_off_lines.listed(work, run)
    waiting = [line for line in lines if line.awaits]
    if waiting and not exclude_awaiting:
        detail = f"{len(waiting)} lines need somebody's override; give it, or exclude them."
        raise Problem("override_needed", detail, lines=ids(waiting), objections=[])
    unsaid = "Nobody overrode it before the list was approved."
    cut_off_lines.exclude(work, [(line, str(line.awaits[0]), unsaid) for line in waiting])
    if len(waiting) == len(lines):
        raise Problem("conflict", "Nobody is left on the list; abandon it.")
    run.approved_by_id, run.approved_at = work.actor.staff_id, work.at
    journal.changed(work, run, "approve")
    return run


def override(work: Work, run_id: UUID, line_id: UUID, gate: str, *, reason: str) -> CutOffLine:
    """Lets one line go ahead past a gate, for the run's day. Problems: as of gates.override, and not_found."""
    require(work.actor, Action.OVERRIDE_GATE)
    run = get(work, CutOffRun, run_id)
    [line] = cut_off_lines.of_run(work, run, [line_id])
    question = cut_off_lines.question_of(run, line, cut_off_lines.planned_before(work, run, line))
    gate_overrides.override(work, question, gate, stage=Stage.APPROVE, reason=reason)
    line.awaits = [one for one in line.awaits if one != gate]
    work.session.flush()
    return line


def abandon(work: Work, run_id: UUID, *, reason: str, if_version: int | None = None) -> CutOffRun:
    """Ends a list that made no orders; its lines end as excluded."""
    require(work.actor, Action.CREATE_CUT_OFF_NP)
    run = load(work, run_id, RunEvent.ABANDON, if_version)
    cut_off_lines.exclude(work, [(line, ABANDONED, reason) for line in cut_off_lines.listed(work, run)])
    run.ended_by_id, run.ended_at, run.end_reason = work.actor.staff_id, work.at, reason
    journal.changed(work, run, "abandon")
    return run


def load(work: Work, run_id: UUID, event: RunEvent, if_version: int | None) -> CutOffRun:
    """The run, locked and moved to the event's stage; the caller asked for permission. Everything of one run comes one
    after the other by this lock. Problems: not_found, version_mismatch, impossible_transition.
    """
    run = get(work, CutOffRun, run_id)
    check_version(run, if_version)
    run.stage = next_stage(RunStage(run.stage), event).value
    return run


def _check_day(work: Work, cut_on: date) -> None:
    """Problem(`invalid`) for a day that is over, or beyond a year: its accounts are on no other list until then."""
    if not today(work) <= cut_on <= today(work) + timedelta(days=366):
        raise Problem("invalid", "cut_on must not lie in the past, nor beyond a year.", field="cut_on")


def _check_fresh(work: Work, run: CutOffRun) -> None:
    """Problem(`gate_blocked`) for a whole list whose payments are not in: it would lose every line."""
    policy = policies.in_force(work.session).policy
    moment = Moment(Stage.APPROVE, work.at.astimezone(work.settings.zone), run.cut_on, Closures(frozenset()))
    as_of = run.payments_as_of.astimezone(work.settings.zone) if run.payments_as_of else None
    objection = gate_questions.freshness(policy, Facts(payments_as_of=as_of), moment)
    if objection is not None:
        code, detail = objection
        answer = Answer("freshness", Ruling.BLOCK, code, f"{detail} Finalise the list again.")
        Asked(Ruling.BLOCK, (answer,)).require()


def _back_to_finalising(run: CutOffRun) -> None:
    # What was approved was another list.
    if run.stage == RunStage.APPROVED:
        run.stage = RunStage.FINALISED.value
        run.approved_by_id = run.approved_at = None


def require_billing(work: Work) -> None:
    """Problem(`forbidden`) for everybody who may only propose or approve."""
    if Grant.YES not in require(work.actor, Action.CREATE_CUT_OFF_NP):
        raise Problem("forbidden", "That step of a cut-off run is billing's.", allowed_roles=[Role.BIL.value])


def _taken_from(new: NewRun) -> dict[str, Any]:
    named = {
        "cycle_id": str(new.cycle_id) if new.cycle_id else None,
        "service_class": new.service_class,
        "accounts": len(new.account_ids) or None,
    }
    return {name: value for name, value in named.items() if value is not None}


def today(work: Work) -> date:
    """The day by the utility's clock."""
    return work.at.astimezone(work.settings.zone).date()
