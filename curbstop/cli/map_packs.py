"""`curbstop map-packs`: makes the maps that tablets carry, now and here."""

import click

from curbstop.cli.database import opened
from curbstop.cli.progress import bar
from curbstop.settings import load
from sync import map_packs


@click.command(name="map-packs")
def make_map_packs() -> None:
    """Makes the map packs of the squares where streets or hydrants changed. A server does so by itself."""
    settings = load()
    with opened(settings) as sessions, bar() as progress:
        count = map_packs.build_all(sessions, settings, lambda done, of: progress("map packs", done, of))
    click.echo(f"{count:,} squares of the map made anew" if count else "Every map pack is as it should be")
