"""`curbstop ask`: one request to a running server as one of its people, for trying things out and for support."""

import json
import os
from typing import Any

import click

from curbstop.demo.office import Desk, OfficeError
from curbstop.demo.people import PASSWORD, Person
from curbstop.domain.problems import Problem
from curbstop.settings import local_url


@click.command()
@click.argument("login")
@click.argument("path")
@click.argument("query", nargs=-1)
@click.option("--url", default=local_url, show_default="this machine, CURBSTOP_PORT")
def ask(login: str, path: str, query: tuple[str, ...], url: str) -> None:
    """Signs in as LOGIN and prints what GET PATH answers; QUERY are name=value pairs.

    The password is CURBSTOP_PASSWORD, or the demo's.
    """
    person = Person(login, login, (), password=os.environ.get("CURBSTOP_PASSWORD", PASSWORD))
    pairs: dict[str, Any] = {}
    for pair in query:
        name, sign, value = pair.partition("=")
        if not sign:
            raise click.UsageError(f"{pair!r} is not a name=value pair.")
        pairs.setdefault(name, []).append(value)
    try:
        desk = Desk(url, person)
        answer = desk.get(path, **pairs)
        desk.close()
    except OfficeError as error:
        raise Problem("bad_request", str(error)) from None
    except OSError as error:
        raise Problem(
            "unavailable", f"No server answers at {url} ({type(error).__name__}); start one with make serve."
        ) from None
    click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
