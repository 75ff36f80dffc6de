"""`curbstop serve`: the whole installation on one machine, until it is stopped."""

import signal
import threading
from dataclasses import replace

import click

from curbstop.cli.database import opened
from curbstop.cli.stack import Stack
from curbstop.settings import load


@click.command()
@click.option("--host", help="Address to listen on; CURBSTOP_HOST otherwise.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on; CURBSTOP_PORT otherwise.")
def serve(host: str | None, port: int | None) -> None:
    """Runs the API, the worker and the relay on the database of CURBSTOP_DATABASE_URL."""
    settings = load()
    settings = replace(settings, host=host or settings.host, port=port or settings.port)
    with opened(settings):
        pass
    with Stack(settings) as stack:
        click.echo(f"Curbstop serves {stack.url} (documentation at {stack.url}/docs). Ctrl-C stops it.")
        wait(stack)


def wait(stack: Stack) -> None:
    """Blocks until Ctrl-C or SIGTERM, or until a child ends by itself (which is a Problem)."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.wait(1.0):
        stack.check()
