"""Takes a file from its first byte to its rows in the database: reads it by its layout, writes it in batches, reports.

Preview and commit run the same code; a preview undoes each batch, so what it counts is what a commit would do.
"""

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import shapely
from sqlalchemy import select

from curbstop.commands import imports
from curbstop.commands.import_rows import Outcome
from curbstop.commands.work import Work
from curbstop.domain.actors import Actor
from curbstop.domain.import_rows import StreetRow
from curbstop.domain.permissions import Role
from curbstop.files.layouts import layout_named
from curbstop.files.preview import Preview
from curbstop.files.reading import Reading, street_index
from curbstop.files.rejects import RejectFile, extend, warnings_path
from curbstop.files.rows import Options, Progress, Rejected
from curbstop.models.asset import Street
from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from geo.geocode import StreetIndex

# Whoever imports at the command line: billing and the systems around it, whose orders the office may make, too.
OPERATOR = Actor(staff_id=None, name="command line", roles=frozenset({Role.INT, Role.CSR, Role.BIL}))


@dataclass(slots=True)
class Report:
    """What became of a file: what reading it gave, what the database said to the accepted rows."""

    preview: Preview
    outcome: Outcome = field(default_factory=Outcome)
    committed: bool = False

    def counts(self) -> dict[str, Any]:
        refused = len(self.outcome.refused)
        told = {"added": self.outcome.added, "changed": self.outcome.changed, "same": self.outcome.same}
        return {**self.preview.counts(), **told, "refused": refused, "warned": len(self.outcome.warned)}

    def lines(self) -> list[str]:
        """What a person reads."""
        done, o = ("Written" if self.committed else "A commit would write"), self.outcome
        lines = [*self.preview.lines()]
        lines.append(
            f"{done}: {o.added:,} new, {o.changed:,} changed, {o.same:,} as they are, {len(o.refused):,} refused."
        )
        lines += [f"  line {row.line}: {row.detail} ({row.reason})" for row in o.refused[:10]]
        if o.refused:
            lines.append(f"Refused rows are in {self.preview.rejects_path}")
        lines += [f"Look at line {row.line}: {row.detail} ({row.reason})" for row in o.warned[:10]]
        if o.warned:
            lines.append(f"{len(o.warned):,} warnings are in {warnings_path(self.preview.rejects_path)}")
        return lines


class _Undo(Exception):  # noqa: N818 - it is no error: it is how a preview's batch is rolled back
    pass


def import_file(
    sessions: Sessions,
    settings: Settings,
    actor: Actor,
    kind: str,
    path: Path,
    *,
    options: Options | None = None,
    streets: Path | None = None,
    commit: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Imports a file of one kind, which is a layout's name such as meters, or previews it.

    Each batch is a transaction, and a row that is here already changes nothing: an import that was cut off is simply
    run again. Rows that cannot be read or do not fit are in the file of rejects. Problems: forbidden, file_unreadable,
    file_columns, crs_missing, crs_unknown, crs_wrong.
    """
    layout = layout_named(kind)
    index = _streets(sessions, streets) if kind == "addresses" else None
    reading = Reading(path, layout, options, index, progress)
    report = Report(reading.preview, committed=commit)
    rows = iter(reading)
    while batch := [(row.line, row.value) for row in itertools.islice(rows, imports.BATCH)]:
        try:
            with sessions.write() as session:
                report.outcome.include(imports.write(Work(session, actor, settings), kind, batch))
                if not commit:
                    raise _Undo
        except _Undo:
            continue
    report.preview = reading.preview
    _note_refused(reading, report)
    _note_warned(reading, report)
    if commit:
        with sessions.write() as session:
            file = imports.File(path.name, _sha256(path), report.counts())
            imports.record(Work(session, actor, settings), kind, file)
    return report


def _streets(sessions: Sessions, path: Path | None) -> StreetIndex | None:
    """The streets to place addresses on: a file's, else the database's, else none."""
    if path is not None:
        values = (row.value for row in Reading(path, layout_named("streets")))
        return street_index(value for value in values if isinstance(value, StreetRow))
    index = street_index(_known_streets(sessions))
    return index if len(index) else None


def _known_streets(sessions: Sessions) -> Iterator[StreetRow]:
    with sessions.read() as session:
        for street in session.scalars(select(Street).order_by(Street.id).execution_options(yield_per=1000)):
            line = shapely.get_coordinates(shapely.from_wkb(bytes(street.line.data)))
            yield StreetRow(
                source_key=street.source_key or str(street.id),
                name=street.name,
                left_from=street.left_from,
                left_to=street.left_to,
                right_from=street.right_from,
                right_to=street.right_to,
                left_zip=street.left_zip,
                right_zip=street.right_zip,
                from_node=street.from_node,
                to_node=street.to_node,
                line=tuple((float(x), float(y)) for x, y in line),
            )


def _note_refused(reading: Reading, report: Report) -> None:
    """Rows that the database refused join the file of rejects, with their text."""
    refused = {refusal.line: refusal for refusal in report.outcome.refused}
    if refused:
        texts = reading.texts(set(refused))
        extend(
            report.preview.rejects_path,
            [Rejected(line, r.reason, r.detail, texts.get(line, "")) for line, r in refused.items()],
        )


def _note_warned(reading: Reading, report: Report) -> None:
    """Rows that somebody should look at have a file of their own, of this run alone."""
    texts = reading.texts({row.line for row in report.outcome.warned}) if report.outcome.warned else {}
    with RejectFile(warnings_path(report.preview.rejects_path)) as file:
        for row in sorted(report.outcome.warned, key=lambda row: row.line):
            file.add(Rejected(row.line, row.reason, row.detail, texts.get(row.line, "")))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
