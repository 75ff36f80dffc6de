"""Final notices of a cut-off: mailed with proof, brought back by the post, used up by payment in full."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select, update

from curbstop.commands import cut_off_lines, cut_off_runs, journal
from curbstop.commands.many import insert_many
from curbstop.commands.work import Work
from curbstop.domain.cut_off_runs import RunEvent, RunStage
from curbstop.domain.problems import Problem
from curbstop.models.among import among
from curbstop.models.cut_off_run import CutOffNotice, CutOffRun
from curbstop.models.ids import new_id


def note_notices(
    work: Work,
    run_id: UUID,
    *,
    mailed_on: date,
    method: str,
    proof: str,
    line_ids: Sequence[UUID] | None = None,
    if_version: int | None = None,
) -> CutOffRun:
    """The final notices of the list, or of some of its lines, were mailed; `proof` is what a hearing would be shown.

    A line that has one since its debt began gets no second. Problems: forbidden, invalid (a day still to come),
    not_found, impossible_transition.
    """
    cut_off_runs.require_billing(work)
    if mailed_on > cut_off_runs.today(work):
        raise Problem("invalid", "mailed_on must not lie in the future.", field="mailed_on")
    run = cut_off_runs.load(work, run_id, RunEvent.NOTIFY, if_version)
    lines = cut_off_lines.listed(work, run) if line_ids is None else cut_off_lines.of_run(work, run, line_ids)
    note_mailed(work, run, {line.account_id: proof for line in lines}, mailed_on=mailed_on, method=method)
    journal.changed(work, run, "notify")
    return run


def moved_on(work: Work, run: CutOffRun) -> None:
    """Notices went out: a proofed list moves on; one that is further along stays where it is."""
    if run.stage == RunStage.PROOFED:
        run.stage = RunStage.NOTIFIED.value
        journal.changed(work, run, "notify")


def note_mailed(work: Work, run: CutOffRun, proofs: Mapping[UUID, str], *, mailed_on: date, method: str) -> None:
    """Keeps notices with their proofs by account, for those that have none of this run; again changes nothing."""
    there = select(CutOffNotice.account_id).where(
        CutOffNotice.run_id == run.id, CutOffNotice.returned_on.is_(None), CutOffNotice.used_up_at.is_(None)
    )
    known = set(work.session.scalars(there))
    rows = [
        {
            "id": new_id(),
            "account_id": account_id,
            "cause": run.cause,
            "run_id": run.id,
            "mailed_on": mailed_on,
            "method": method,
            "proof": proof,
            "recorded_at": work.at,
            "recorded_by_id": work.actor.staff_id,
            "returned_on": None,
            "used_up_at": None,
        }
        for account_id, proof in proofs.items()
        if account_id not in known
    ]
    insert_many(work.session, CutOffNotice, rows)
    journal.audit(work, "notify", "cut_off_run", run.id, after={"notices": len(rows), "mailed_on": str(mailed_on)})


def note_returned(work: Work, account_ids: Sequence[UUID], *, returned_on: date) -> None:
    """The post brought final notices back: they count no more, and the gates say so."""
    open_ones = (
        update(CutOffNotice)
        .where(
            among(work.session, CutOffNotice.account_id, account_ids),
            CutOffNotice.returned_on.is_(None),
            CutOffNotice.used_up_at.is_(None),
        )
        .values(returned_on=returned_on)
        .returning(CutOffNotice.id)
    )
    ids = list(work.session.scalars(open_ones))
    after = {"returned_on": returned_on.isoformat()}
    journal.audit_many(work, "return", "cut_off_notice", [(one, None, after) for one in ids])
