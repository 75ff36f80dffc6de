"""Serves the API with gunicorn, or says in one line why it cannot."""

import argparse
import gc
import logging
import resource
import socket
import sys
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker
from sqlalchemy.exc import SQLAlchemyError

from api.app import make_app
from api.core.context import EXTENSION
from curbstop.commands import history
from curbstop.commands.work import system_work
from curbstop.domain.problems import Problem
from curbstop.models import migrate
from curbstop.models.engine import Sessions, make_engine
from curbstop.settings import Settings, load

log = logging.getLogger("curbstop.api")


class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn carries no types
    """A threaded worker whose open streams end when it is told to stop; otherwise it would wait for them in vain."""

    def handle_exit(self, sig: int, frame: Any) -> None:
        super().handle_exit(sig, frame)
        application = getattr(self, "wsgi", None)
        if application is not None:
            application.extensions[EXTENSION].live.end()


class Server(BaseApplication):  # type: ignore[misc] # gunicorn carries no types
    """gunicorn, set up by our settings instead of its command line."""

    def __init__(self, settings: Settings, host: str, port: int) -> None:
        self.settings, self.bind = settings, f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": self.bind,
            "workers": self.settings.api_processes,
            "worker_class": Worker,
            "threads": self.settings.api_threads,
            # The worker's own loop says that it lives, also while its threads are busy.
            "timeout": 120,
            "graceful_timeout": 10,
            "preload_app": False,
            "proc_name": "curbstop-api",
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        application = make_app(self.settings)
        # What was loaded stays; without this each full collection walks through all of it, while requests wait.
        gc.collect()
        gc.freeze()
        return application


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 after a signal to stop, 1 when it could not start."""
    parser = argparse.ArgumentParser(prog="python -m api", description="Serves the HTTP API.")
    parser.add_argument("--host", help="the address to listen on (CURBSTOP_HOST)")
    parser.add_argument("--port", type=int, help="the port to listen on (CURBSTOP_PORT)")
    given = parser.parse_args(arguments)
    try:
        settings = load()
        host, port = given.host or settings.host, settings.port if given.port is None else given.port
        check_database(settings)
        check_port(host, port)
        notice_restored_backup(settings)
    except Problem as problem:
        print(f"curbstop: {problem.detail}", file=sys.stderr)  # noqa: T201 - the one line that says what to do
        return 1
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    make_room(settings)
    Server(settings, host, port).run()
    return 0


def make_room(settings: Settings) -> None:
    """As many open files as the listeners may need, where the system lets us; its usual 1,024 are soon used up."""
    # Beside the listeners: the database's connections, requests, and what Python itself holds open.
    wanted = settings.api_listeners + 4 * settings.api_threads + 1_100
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < wanted:
        log.warning("only %d files may be open; CURBSTOP_API_LISTENERS asks for %d", most, wanted)


def check_database(settings: Settings) -> None:
    """Problem(`database_unreachable`, `database_not_migrated`) before anything is served."""
    engine = make_engine(settings.database_url)
    try:
        with Sessions(engine).read() as session:
            there = migrate.current_revision(session.connection())
    except SQLAlchemyError as error:
        raise Problem("database_unreachable", f"The database cannot be used ({type(error).__name__}).") from None
    finally:
        engine.dispose()
    if there != migrate.newest_revision():
        raise Problem("database_not_migrated")


def notice_restored_backup(settings: Settings) -> None:
    """Before the first tablet is answered: cursors of a history that this database does not have are refused."""
    engine = make_engine(settings.database_url)
    try:
        with Sessions(engine).write() as session:
            history.notice(system_work(session, settings))
    finally:
        engine.dispose()


def check_port(host: str, port: int) -> None:
    """Problem(`port_in_use`) in one line, where gunicorn would try five times and tell at length."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, OverflowError) as error:
        raise Problem("port_in_use", f"{host}:{port} cannot be listened on ({error}); choose another --port.") from None
