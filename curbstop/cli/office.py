"""`curbstop migrate` and `curbstop staff`: what an installation needs before anybody can sign in."""

import click

from curbstop.cli.database import opened, prepare
from curbstop.commands import staff as staff_commands
from curbstop.commands.work import system_work
from curbstop.domain.permissions import Role
from curbstop.settings import load


@click.command()
def migrate() -> None:
    """Brings the database to the newest schema and loads the catalogue of order types."""
    settings = load()
    prepare(settings)
    click.echo("The database is up to date.")


@click.group()
def staff() -> None:
    """The people who may sign in."""


@staff.command("add")
@click.argument("login")
@click.option("--name", required=True, help="Their full name.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice([role.value for role in Role]))
@click.option("--skill", "skills", multiple=True, help="Skills that order types ask for, such as valves or meters.")
@click.password_option(help="Asked for when it is not given.")
def add(login: str, name: str, roles: tuple[str, ...], skills: tuple[str, ...], password: str) -> None:
    """Adds somebody who may sign in, for example the first administrator."""
    settings = load()
    with opened(settings) as sessions, sessions.write() as session:
        made = staff_commands.create(
            system_work(session, settings),
            login=login,
            name=name,
            roles=[Role(role) for role in roles],
            skills=list(skills),
            password=password,
        )
    click.echo(f"{made.login} may sign in.")
