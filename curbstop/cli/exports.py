"""`curbstop export`: files out, each change once."""

import shutil
from pathlib import Path

import click

from curbstop.cli.database import opened
from curbstop.commands.work import Work
from curbstop.domain.problems import Problem
from curbstop.exporting import change_outs as change_out_files
from curbstop.exporting import vflex as vflex_files
from curbstop.importing import OPERATOR
from curbstop.models.engine import Sessions
from curbstop.settings import Settings, load


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
        run, text = change_out_files.make(Work(session, OPERATOR, settings))
        # Before the commit: what cannot be written has not gone out.
        try:
            file.write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            raise Problem("file_unreadable", f"{file} cannot be written to ({error.strerror}).") from None
        said = f"Run {run.number}: {run.rows:,} rows in {file}, sha256 {run.sha256}"
    click.echo(said)


@exports.command(name="vflex")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--all", "everything", is_flag=True, help="Every row, and not only what is new since the last file.")
@click.option("--csv", "as_csv", is_flag=True, help="With a heading, and not at fixed positions.")
def vflex(file: Path, *, everything: bool, as_csv: bool) -> None:
    """Writes what the AMI system has to hear of meters, places and customers to FILE; docs/record-layouts.md has it."""
    settings = load()
    if file.exists():
        raise Problem("file_unreadable", f"{file} is there already; name a new file.")
    scope: vflex_files.Scope = "all" if everything else "changed"
    with opened(settings) as sessions:
        with sessions.read() as session:
            made = vflex_files.make(session, OPERATOR, settings, scope=scope, form="csv" if as_csv else "fixed")
        with made:
            said = _keep(sessions, settings, made, file)
    click.echo(said)
    for fault in made.faults:
        click.echo(f"  {fault['service_point']} {fault['field']}: {fault['detail']}", err=True)


def _keep(sessions: Sessions, settings: Settings, made: vflex_files.VflexFile, file: Path) -> str:
    """Writes the file and notes the run; what to say of it. What cannot be written has not gone out."""
    try:
        shutil.copyfile(made.path, file)
    except OSError as error:
        raise Problem("file_unreadable", f"{file} cannot be written to ({error.strerror}).") from None
    try:
        with sessions.write() as session:
            run = vflex_files.keep(Work(session, OPERATOR, settings), made)
            counts = f"{run.rows:,} rows in {file}, {run.unchanged:,} as they were, {run.left_out:,} left out"
            return f"Run {run.number}: {counts}, sha256 {run.sha256}"
    except BaseException:
        file.unlink()
        raise
