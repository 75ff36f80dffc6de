"""`curbstop simulate`: many reference tablets against a running server."""

import click

from curbstop.cli.progress import bar
from curbstop.demo import simulate as simulation


@click.command()
@click.option("--url", default="http://127.0.0.1:8080", show_default=True, help="A server with the demo's utility.")
@click.option("--tablets", type=click.IntRange(1, 500), default=20, show_default=True)
@click.option("--days", type=click.IntRange(1, 30), default=1, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
def simulate(url: str, tablets: int, days: int, seed: int) -> int:
    """Plays days of many tablets on a bad network and prints what arrived; 1 when anything was lost or doubled."""
    with bar() as progress:
        summary = simulation.simulate(url, tablets=tablets, days=days, seed=seed, progress=progress)
    for name, value in summary.items():
        click.echo(f"{name}: {value}")
    return 1 if summary["lost"] or summary["doubled"] else 0
