"""`curbstop demo`: a utility to look at, a technician's day played through it, and the server left running."""

import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click
from sqlalchemy import select

from curbstop.cli.database import opened
from curbstop.cli.progress import bar
from curbstop.cli.serve import wait
from curbstop.cli.stack import Stack, check_port
from curbstop.demo.city import load_city
from curbstop.demo.day import play_day
from curbstop.demo.people import PEOPLE
from curbstop.demo.summary import Step
from curbstop.demo.utility import generate
from curbstop.domain.permissions import ROLE_NAMES
from curbstop.domain.problems import Problem
from curbstop.models import ServicePoint
from curbstop.models.engine import Sessions
from curbstop.settings import Settings, load


@click.command()
@click.option("--points", type=click.IntRange(1_000, 200_000), default=5_000, show_default=True, help="Service points.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same utility.")
@click.option(
    "--city", type=click.Path(path_type=Path), help="A folder with addresses.csv and streets.geojson instead."
)
@click.option("--once", is_flag=True, help="End after the day, with a summary in JSON as the last line.")
@click.option("--port", type=click.IntRange(1, 65535), help="CURBSTOP_PORT otherwise (8080).")
def demo(points: int, seed: int, city: Path | None, once: bool, port: int | None) -> int:
    """Makes a utility, plays a technician's day through HTTP, and leaves the server running.

    Its data lies in a folder of its own (demo, in CURBSTOP_DATA_DIR) and is made anew each time. With
    CURBSTOP_DATABASE_URL it goes into that database, which must be empty.
    """
    settings = _settings(port)
    check_port(settings.host, settings.port)
    with opened(settings) as sessions:
        made = _make(sessions, settings, points, seed, city)
    logs = settings.data_dir / "logs"
    with Stack(settings, logs=logs) as stack:
        click.echo(f"\nThe server runs on {stack.url}; its logs are in {logs}.\n")
        summary = play_day(stack.url, PEOPLE, tell, papers=settings.data_dir / "papers")
        click.echo()
        if once:
            click.echo(json.dumps({**summary.to_json(), "utility": made}))
            return summary.exit_code
        _show_logins(stack.url)
        wait(stack)
    return summary.exit_code


def _settings(port: int | None) -> Settings:
    """The settings, with the embedded database in a folder that is the demo's own and may be emptied."""
    settings = load()
    if not os.environ.get("CURBSTOP_DATABASE_URL"):
        folder = settings.data_dir / "demo"
        shutil.rmtree(folder, ignore_errors=True)
        settings = load({**os.environ, "CURBSTOP_DATA_DIR": str(folder)})
    return replace(settings, port=port or settings.port)


def _make(sessions: Sessions, settings: Settings, points: int, seed: int, city: Path | None) -> dict[str, int]:
    with sessions.read() as session:
        if session.scalar(select(ServicePoint.id).limit(1)) is not None:
            raise Problem("bad_setting", "The demo needs an empty database; this one has service points already.")
    begun = time.monotonic()
    with bar() as progress:
        made = (
            load_city(sessions, settings, city, seed=seed, progress=progress)
            if city is not None
            else generate(sessions, settings, points, seed, progress)
        )
    click.echo(f"Made in {time.monotonic() - begun:.1f} s: {counted(made)}.")
    return made


def counted(made: Mapping[str, int]) -> str:
    """The rows that were made, by table, in words."""
    return ", ".join(f"{count:,} {_words(what, count)}" for what, count in made.items() if count)


def _words(what: str, count: int) -> str:
    """`service_point` as words, in the plural where there are several."""
    words = what.replace("_", " ")
    if count == 1 or words == "staff" or "addresses" in words or words.endswith("s"):
        return words
    return words.removesuffix("y") + "ies" if words.endswith("y") else words + "s"


def tell(step: Step) -> None:
    """Prints one step of a day: what happened, and whether it was what should have."""
    mark = click.style("ok  ", fg="green") if step.ok else click.style("FAIL", fg="red", bold=True)
    click.echo(f"{mark} {step.title}: {step.detail}")


def _show_logins(url: str) -> None:
    click.echo("Sign in with (every password is the one shown):")
    for person in PEOPLE:
        roles = ", ".join(ROLE_NAMES[role] for role in person.roles)
        click.echo(f"  {person.login:<6} {person.password:<18} {person.name}, {roles}")
    click.echo(f"\nThe API's documentation: {url}/docs\nCtrl-C stops the server.")
