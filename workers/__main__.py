"""`python -m workers`: the relay, a worker and the clock in one process, or those of them that the flags name."""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Callable

import click
from redis import Redis
from rq import Queue

from curbstop.domain.problems import Problem
from curbstop.models.engine import Sessions, make_engine
from curbstop.settings import Settings, load
from workers import queue as queues
from workers import worker
from workers.clock import Clock
from workers.relay import Relay


def main(arguments: list[str]) -> int:
    """The exit code: 0 after a stop that was asked for, 1 with one line when something is missing."""
    options = _options(arguments)
    try:
        settings = load()
        logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(message)s")
        with queues.connected(settings) as connection:
            if options.failed or options.retry:
                return _dead_letters(queues.queue_on(connection), options.retry)
            engine = make_engine(settings.database_url)
            sessions = Sessions(engine)
            sessions.check()
            every = not (options.relay or options.worker or options.clock)
            _serve(settings, sessions, connection, options if not every else None)
            engine.dispose()
    except Problem as problem:
        click.echo(f"curbstop: {problem.detail}", err=True)
        return 1
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument("--relay", action="store_true", help="carry jobs from the outbox to the queue")
    parser.add_argument("--worker", action="store_true", help="carry out jobs")
    parser.add_argument("--clock", action="store_true", help="do what is due by the clock")
    parser.add_argument("--failed", action="store_true", help="list the jobs that failed for good, and end")
    parser.add_argument("--retry", metavar="ID", help="try a failed job again, or `all`, and end")
    return parser.parse_args(arguments)


def _serve(settings: Settings, sessions: Sessions, connection: Redis, only: argparse.Namespace | None) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    loops: list[Callable[[threading.Event], None]] = []
    if only is None or only.relay:
        loops.append(Relay(sessions, queues.queue_on(queues.impatient(connection))).run)
    if only is None or only.clock:
        loops.append(Clock(sessions, settings).run)
    threads = [threading.Thread(target=loop, args=[stop]) for loop in loops]
    for thread in threads:
        thread.start()
    click.echo("curbstop: workers are running")
    try:
        if only is None or only.worker:
            worker.work(connection, settings, sessions, stop)
        else:
            stop.wait()
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _dead_letters(queue: Queue, retry: str | None) -> int:
    for letter in queues.dead_letters(queue):
        if retry is None:
            click.echo(f"{letter.id} {letter.topic} {letter.failed_at} {letter.error}")
        elif retry in ("all", letter.id):
            queues.try_again(queue, letter.id)
            click.echo(f"{letter.id} {letter.topic}: will be tried again")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
