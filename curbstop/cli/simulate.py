"""`curbstop simulate`: many reference tablets against a running server."""

import json

import click

from curbstop.cli.demo import tell
from curbstop.demo import simulate as simulation
from curbstop.settings import local_url


@click.command()
@click.option(
    "--url",
    default=local_url,
    show_default="this machine, CURBSTOP_PORT",
    help="A server with the demo's utility.",
)
@click.option("--tablets", type=click.IntRange(1, 500), default=20, show_default=True)
@click.option("--days", type=click.IntRange(1, 30), default=1, show_default=True)
@click.option(
    "--loss", type=click.FloatRange(0, 0.9), default=0.2, show_default=True, help="Pushes whose reply is lost."
)
@click.option("--seed", type=int, default=1, show_default=True)
def simulate(url: str, tablets: int, days: int, loss: float, seed: int) -> int:
    """Plays days of many tablets on a bad network and prints what arrived; 1 when anything was lost or doubled."""
    summary = simulation.simulate(url, tablets, days, loss=loss, seed=seed, progress=tell)
    click.echo(json.dumps(summary.to_json()))
    return summary.exit_code
