"""Makes VFLEX files: what an AMI system has to hear of meters, places and customers, whole or what changed.

A row that does not fit its layout is left out, with the reason in the run, and comes with the next file; nothing is
cut. The file is kept: what is asked for later is the same to the byte.
"""

import csv
import hashlib
import io
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, Final, Literal, Self
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from curbstop.blobs import blobs_of
from curbstop.commands import exports
from curbstop.commands.exports import Sent
from curbstop.commands.work import Work
from curbstop.domain.actors import Actor
from curbstop.domain.problems import Problem
from curbstop.files.record_layout import RecordError, RecordLayout, shipped
from curbstop.files.rejects import guard
from curbstop.models.change_out import ExportRun
from curbstop.queries import vflex as queries
from curbstop.settings import Settings

Form = Literal["fixed", "csv"]
Scope = Literal["changed", "all"]
KIND: Final = exports.VFLEX
# The run lists this many faults; its count has them all.
MOST_FAULTS: Final = 1000
GONE: Final = (
    "It has no meter with a radio and an active account any more. The file has no row that says so: take it out of the "
    "AMI system by hand."
)


@dataclass(slots=True)
class VflexFile:
    """A file that was made and not yet kept: its bytes lie at `path` until the block that it is used in ends."""

    path: Path
    form: Form
    scope: Scope
    started: float
    sha256: str = ""
    rows: int = 0
    unchanged: int = 0
    sent: list[Sent] = field(default_factory=list)
    left_out: list[UUID] = field(default_factory=list)
    gone: list[UUID] = field(default_factory=list)
    faults: list[dict[str, str]] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.path.unlink(missing_ok=True)

    def blame(self, place: str, name: str, reason: str, detail: str) -> None:
        """Adds to the list of what somebody has to look at."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append({"service_point": place, "field": name, "reason": reason, "detail": detail})


def make(session: Session, actor: Actor, settings: Settings, *, scope: Scope, form: Form) -> VflexFile:
    """Writes the rows to a file beside the store; nothing is noted until `keep`. Problem: forbidden."""
    settings.parts_dir.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("wb", dir=settings.parts_dir, prefix="vflex-", delete=False) as file:
        made = VflexFile(Path(file.name), form, scope, time.monotonic())
        try:
            _write(made, file, queries.rows(session, actor))
            for place in queries.gone(session, actor):
                made.gone.append(place.id)
                made.blame(place.number, "record", "gone", GONE)
        except BaseException:
            made.path.unlink()
            raise
    return made


def keep(work: Work, made: VflexFile) -> ExportRun:
    """Puts the file into the store and notes what was sent, in one transaction.

    Problems: forbidden, nothing_to_export (which says how many rows were left out).
    """
    if not made.rows and not made.gone:
        left = f" {len(made.left_out)} rows do not fit: {made.faults[0]['detail']}" if made.left_out else ""
        raise Problem("nothing_to_export", f"Nothing has changed since the last VFLEX file.{left}")
    run = exports.new_run(work, exports.VFLEX)
    store = blobs_of(work.settings)
    if store.size(made.sha256) is None:
        store.take(made.path, made.sha256)
    run.form, run.scope, run.unchanged = made.form, made.scope, made.unchanged
    run.left_out, run.gone, run.faults = len(made.left_out), len(made.gone), made.faults
    run.seconds = round(time.monotonic() - made.started, 3)
    exports.keep_sent(work, run, made.sent, gone=made.gone, left_out=made.left_out)
    exports.close_run(work, run, rows=made.rows, sha256=made.sha256)
    return run


def _write(made: VflexFile, file: IO[bytes], found: Iterable[tuple[Row[Any], bytes | None]]) -> None:
    layout = shipped(KIND)
    write, line = layout.writer(queries.NAMES), _lines(layout, made.form)
    digest = hashlib.sha256()

    def add(text: str) -> None:
        content = text.encode(layout.encoding)
        digest.update(content)
        file.write(content)

    if made.form == "csv":
        add(_csv_line(layout.headings))
    seen: set[str] = set()
    for row, before in found:
        values = queries.row_of(row)
        try:
            record = write(values)
        except RecordError as error:
            made.left_out.append(row.id)
            for fault in error.faults:
                made.blame(row.number, fault.field, fault.reason, fault.detail)
            continue
        keys = {f"meter {row.serial}", f"radio {row.radio_id}"}
        if twice := keys & seen:
            made.left_out.append(row.id)
            made.blame(row.number, "record", "twice", f"{min(twice)} is in the file already, at another place.")
            continue
        seen |= keys
        row_hash = hashlib.sha256(record.encode(layout.encoding)).digest()[:16]
        if made.scope == "changed" and before == row_hash:
            made.unchanged += 1
            continue
        add(line(values, record))
        made.rows += 1
        made.sent.append((row.id, row_hash, before is not None))
    made.sha256 = digest.hexdigest()


def _lines(layout: RecordLayout, form: Form) -> Callable[[Mapping[str, Any], str], str]:
    if form == "fixed":
        return lambda _values, record: record + layout.line_end
    cells = layout.cells(queries.NAMES)
    return lambda values, _record: _csv_line([guard(cell) for cell in cells(values)])


def _csv_line(cells: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
