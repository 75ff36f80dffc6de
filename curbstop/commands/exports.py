"""What other systems still have to hear: changed places are marked, and the next file takes the marks."""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, select, update

from curbstop.commands import journal
from curbstop.commands.many import insert_many, update_many
from curbstop.commands.work import Work
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.among import among
from curbstop.models.change_out import ExportMark, ExportRun, ExportSent
from curbstop.models.ids import new_id

MCO: Final = "mco"
VFLEX: Final = "vflex"
_AT_ONCE: Final = 2000
# A place, the hash of its row, and whether the other system knew the place before.
Sent = tuple[UUID, bytes, bool]


def mark(work: Work, kind: str, places: Sequence[tuple[UUID, UUID | None]]) -> None:
    """The next file of this kind takes these places (service point, change-out where it was one): one statement."""
    rows = [
        {
            "id": new_id(),
            "kind": kind,
            "service_point_id": place_id,
            "change_out_id": change_out_id,
            "marked_at": work.at,
            "run_id": None,
        }
        for place_id, change_out_id in places
    ]
    insert_many(work.session, ExportMark, rows)


def open_run(work: Work, kind: str) -> ExportRun:
    """A run that takes every mark of its kind which no file has had yet, in one statement.

    Problems: forbidden, nothing_to_export. `close_run` says what came of it, in the same transaction.
    """
    run = new_run(work, kind)
    taken = work.session.execute(
        update(ExportMark)
        .where(ExportMark.kind == kind, ExportMark.run_id.is_(None))
        .values(run_id=run.id)
        .returning(ExportMark.id)
        .execution_options(synchronize_session=False)
    ).all()
    if not taken:
        raise Problem("nothing_to_export", f"Nothing has changed since the last {kind.upper()} file.")
    return run


def new_run(work: Work, kind: str) -> ExportRun:
    """A run without anything in it. Problem: forbidden."""
    require(work.actor, Action.EXPORT_FILES)
    # Two at once go one after the other: the number is unique, and the second finds no marks.
    last = work.session.scalar(select(func.max(ExportRun.number)).where(ExportRun.kind == kind))
    run = ExportRun(
        id=new_id(),
        kind=kind,
        number=(last or 0) + 1,
        rows=0,
        sha256="",
        staff_id=work.actor.staff_id,
        recorded_at=work.at,
    )
    work.session.add(run)
    work.session.flush()
    return run


def keep_sent(
    work: Work, run: ExportRun, sent: Sequence[Sent], *, gone: Collection[UUID], left_out: Collection[UUID]
) -> None:
    """Remembers what the other system was told of each place; marks are taken but for places that were left out."""
    for start in range(0, len(sent), _AT_ONCE):
        part = sent[start : start + _AT_ONCE]
        rows = [
            {"kind": run.kind, "service_point_id": place_id, "row_hash": row_hash, "run_id": run.id}
            for place_id, row_hash, _ in part
        ]
        known = [row for row, (_, _, before) in zip(rows, part, strict=True) if before]
        new = [row for row, (_, _, before) in zip(rows, part, strict=True) if not before]
        insert_many(work.session, ExportSent, new)
        update_many(work.session, ExportSent, known, keys=("kind", "service_point_id"))
    if gone:
        theirs = among(work.session, ExportSent.service_point_id, gone)
        work.session.execute(delete(ExportSent).where(ExportSent.kind == run.kind, theirs))
    waiting = update(ExportMark).where(ExportMark.kind == run.kind, ExportMark.run_id.is_(None))
    if left_out:
        waiting = waiting.where(~among(work.session, ExportMark.service_point_id, left_out))
    work.session.execute(waiting.values(run_id=run.id).execution_options(synchronize_session=False))


def close_run(work: Work, run: ExportRun, *, rows: int, sha256: str) -> None:
    """How many rows the file has, and the hash of its bytes: what comes of it later is the same to the byte."""
    run.rows, run.sha256 = rows, sha256
    work.session.flush()
    after = {"kind": run.kind, "number": run.number, "rows": rows, "sha256": sha256}
    journal.audit(work, "export", "export_run", run.id, after=after)
