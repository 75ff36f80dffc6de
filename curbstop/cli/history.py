"""`curbstop new-history`: to be run after a backup was restored."""

import click

from curbstop.cli.database import opened
from curbstop.commands import history
from curbstop.commands.work import system_work
from curbstop.settings import load


@click.command(name="new-history")
@click.option("--why", default="a backup was restored", show_default=True, help="Kept in the audit trail.")
def new_history(why: str) -> None:
    """Says that the database was restored from a backup: every tablet fetches everything anew, and sends its work."""
    settings = load()
    with opened(settings) as sessions, sessions.write() as session:
        made = history.begin_anew(system_work(session, settings), why)
    click.echo(f"This database's history is {made} now; tablets notice it at their next pull.")
