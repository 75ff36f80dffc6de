"""Makes files of the change-outs that no file has had yet: a run, its rows, and the bytes."""

import csv
import hashlib
import io
from uuid import UUID

from sqlalchemy.orm import Session

from curbstop.commands import exports
from curbstop.commands.work import Work
from curbstop.domain.actors import Actor
from curbstop.files import change_outs as layout
from curbstop.models.change_out import ExportRun
from curbstop.queries import exports as queries


def make(work: Work) -> tuple[ExportRun, str]:
    """A file of the change-outs that no file has had yet, with its run.

    Each goes out once; the run's file can be had again. Problems: forbidden, nothing_to_export.
    """
    run = exports.open_run(work, exports.MCO)
    text, rows = _text(work.session, work.actor, run.id)
    exports.close_run(work, run, rows=rows, sha256=hashlib.sha256(text.encode()).hexdigest())
    return run, text


def again(session: Session, actor: Actor, run_id: UUID) -> str:
    """The file of an earlier run. Problems: forbidden, not_found."""
    queries.run(session, actor, run_id)
    return _text(session, actor, run_id)[0]


def _text(session: Session, actor: Actor, run_id: UUID) -> tuple[str, int]:
    text, rows = io.StringIO(), 0
    writer = csv.writer(text)
    writer.writerow(layout.heading())
    for number, row in enumerate(queries.change_outs(session, actor, run_id), 1):
        writer.writerow(layout.cells(number, row))
        rows = number
    return text.getvalue(), rows
