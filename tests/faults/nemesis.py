"""Real API and worker processes, and the hands that kill them, cut the database's connections and fill disks.

Every process is started here and ended by its id, and only those.
"""

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import psycopg
import requests

from curbstop.cli.stack import as_environ
from curbstop.settings import Settings
from curbstop.tablet import Store
from tests.services.forked import Forked
from tests.services.ports import free_port

PATIENCE_S = 90.0


class Program:
    """`python -m <name>` as a child that can be killed and started again."""

    def __init__(self, name: str, settings: Settings, log: Path, environ: Mapping[str, str] | None = None) -> None:
        self.name, self.log = name, log
        self._environ = {**os.environ, **as_environ(settings), **(environ or {}), "CURBSTOP_LOG_LEVEL": "WARNING"}
        self._process: Forked | None = None
        self.kills = 0

    def start(self) -> None:
        self._process = Forked(self.name, self._environ, self.log, session=True)

    def stop(self) -> None:
        """SIGTERM, and a kill for whoever does not listen."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """`kill -9` of the whole program: the parent first, so that it starts no new children."""
        assert self._process is not None
        children = self.children()
        self._process.kill()
        self._process.wait()
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.kills += 1

    def kill_a_child(self, chance: random.Random) -> None:
        """`kill -9` of one process that serves; its parent starts another. A program without children dies whole."""
        children = self.children()
        if children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(chance.choice(children), signal.SIGKILL)
                self.kills += 1
        else:
            self.kill()
            self.start()

    def children(self) -> list[int]:
        assert self._process is not None
        found = subprocess.run(
            ["pgrep", "-P", str(self._process.pid)], capture_output=True, text=True, check=False
        ).stdout
        return [int(line) for line in found.split()]

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None


@dataclass
class Server:
    """The API with the product's own server, and a worker beside it, on a database."""

    settings: Settings
    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    api: Program = field(init=False)
    workers: Program = field(init=False)
    port: int = field(init=False)

    def __post_init__(self) -> None:
        self.port = free_port()
        settings = replace(self.settings, host="127.0.0.1", port=self.port)
        self.folder.mkdir(parents=True, exist_ok=True)
        # Two processes where the database allows it: then a kill hits some of the requests, as in earnest.
        more = {"CURBSTOP_API_PROCESSES": "1" if settings.is_embedded else "2", "CURBSTOP_API_THREADS": "16"}
        more |= {"CURBSTOP_ACCESS_MINUTES": str(settings.access_minutes), **self.environ}
        self.api = Program("api", settings, self.folder / "api.log", more)
        self.workers = Program("workers", settings, self.folder / "workers.log", more)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.api.start()
        self.workers.start()
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.api.stop()
        self.workers.stop()

    def wait(self) -> None:
        """Until it serves; the last words of its log if it never does."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.url}/readyz", timeout=5).ok:
                    return
            if not self.api.is_running:
                break
            time.sleep(0.1)
        raise RuntimeError(f"the API does not serve: {self.api.log.read_text()[-2000:]}")

    def kill_api(self) -> None:
        """The API dies whole, and somebody starts it again."""
        self.api.kill()
        self.api.start()
        self.wait()

    def kill_workers(self) -> None:
        self.workers.kill()
        self.workers.start()


def terminate_connections(database_url: str, *, committing: bool = False) -> int:
    """Ends the connections of a PostgreSQL database that are at work, or only those in COMMIT; how many."""
    # `query` is also what an idle connection did last.
    busy = "state <> 'idle'" + (" AND query = 'COMMIT'" if committing else "")
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as connection:
        found = connection.execute(
            "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            f" AND application_name <> 'nemesis' AND {busy}"
        ).fetchone()
    return int(found[0]) if found else 0


@contextlib.contextmanager
def full_disk(store: Store, *, pages: int = 0) -> Iterator[None]:
    """The tablet's disk has room for so many pages more; SQLite then says what it says on a full disk."""
    # Free pages within the file would let small writes through, as they would on a disk; a vacuum gives them back.
    store.query("VACUUM")
    (used,) = store.query("PRAGMA page_count")[0]
    (most,) = store.query("PRAGMA max_page_count")[0]
    store.query(f"PRAGMA max_page_count = {used + pages}")
    try:
        yield
    finally:
        store.query(f"PRAGMA max_page_count = {most}")


def harass(stop: threading.Event, deeds: list[tuple[float, Callable[[], object]]], seed: int) -> threading.Thread:
    """Does each deed every so many seconds, give or take a half, until it is told to stop."""

    def run() -> None:
        chance = random.Random(f"{seed}/nemesis")
        now = time.monotonic()
        due = [now + every * chance.uniform(0.5, 1.5) for every, _ in deeds]
        while not stop.wait(0.05):
            for number, (every, deed) in enumerate(deeds):
                if time.monotonic() >= due[number]:
                    deed()
                    due[number] = time.monotonic() + every * chance.uniform(0.5, 1.5)

    thread = threading.Thread(target=run, name="nemesis")
    thread.start()
    return thread
