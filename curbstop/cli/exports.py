"""`curbstop export`: files out, each change once."""

from pathlib import Path

import click

from curbstop import exporting
from curbstop.cli.database import opened
from curbstop.commands.work import Work
from curbstop.domain.problems import Problem
from curbstop.importing import OPERATOR
from curbstop.settings import load


@click.group(name="export")
def exports() -> None:
    """Writes files for other systems: what changed since the last one. GET /exports has the log of them."""


@exports.command(name="change-outs")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def change_outs(file: Path) -> None:
    """Writes the change-outs that no file has had yet to FILE; docs/imports.md says what is in it."""
    settings = load()
    if file.exists():
        raise Problem("file_unreadable", f"{file} is there already; name a new file.")
    with opened(settings) as sessions, sessions.write() as session:
        run, text = exporting.change_outs(Work(session, OPERATOR, settings))
        # Before the commit: what cannot be written has not gone out.
        try:
            file.write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            raise Problem("file_unreadable", f"{file} cannot be written to ({error.strerror}).") from None
        said = f"Run {run.number}: {run.rows:,} rows in {file}, sha256 {run.sha256}"
    click.echo(said)
