"""Where a figure is measured: a fresh database of one backend, and a real API process in front of it."""

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests
from sqlalchemy import text

from curbstop.commands import staff
from curbstop.commands.work import Work, system_work
from curbstop.domain.permissions import Role
from curbstop.models.engine import Sessions, make_engine
from curbstop.settings import Settings, load
from tests.services import databases, servers
from tests.services.api import api_process

PASSWORD = "a long password for the figures"  # noqa: S105 - of a database that is thrown away
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """One backend, and the folder that everything lies in."""

    backend: str
    folder: Path
    quick: bool

    @property
    def processes(self) -> str:
        """API processes for figures of many tablets at once: PostgreSQL lets two share the two cores."""
        return "1" if self.backend == "embedded" else "2"

    def amount(self, whole: int, quick: int) -> int:
        """How much is measured, so that QUICK ends within a few minutes."""
        return quick if self.quick else whole


@dataclass(frozen=True, slots=True)
class Database:
    """A migrated database that nobody has touched."""

    settings: Settings
    sessions: Sessions

    @contextlib.contextmanager
    def work(self) -> Iterator[Work]:
        with self.sessions.write() as session:
            yield system_work(session, self.settings)

    def settle(self) -> None:
        """What the database does by itself in the quiet hours: statistics."""
        engine = self.sessions.engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("ANALYZE" if self.sessions.is_sqlite else "VACUUM ANALYZE"))


@contextlib.contextmanager
def database(place: Place) -> Iterator[Database]:
    """A database, removed afterwards."""
    url = databases.new_database(place.folder, place.backend)
    environ = {
        "CURBSTOP_DATABASE_URL": url,
        "CURBSTOP_DATA_DIR": str(place.folder / "data"),
        "CURBSTOP_SECRET_KEY": "a key for the figures that is long enough",
        "CURBSTOP_REDIS_URL": servers.redis_url(place.folder, place.backend, 0),
    }
    settings = load(environ)
    engine = make_engine(settings.database_url)
    try:
        yield Database(settings, Sessions(engine))
    finally:
        engine.dispose()
        databases.drop_database(place.folder, url)


@contextlib.contextmanager
def api(base: Database, **environ: str) -> Iterator[str]:
    """The URL of `python -m api` on the database; settings may be given by `environ`."""
    with served(base, **environ) as (url, _):
        yield url


@contextlib.contextmanager
def served(base: Database, **more: str) -> Iterator[tuple[str, int]]:
    """The same, with the id of its first process."""
    with api_process(base.settings, **more) as api:
        yield api.url, api.process.pid


def memory_mb(pid: int) -> float:
    """What the process and its children hold in memory."""
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()
    held = subprocess.run(
        ["ps", "-o", "rss=", "-p", ",".join([str(pid), *children])], capture_output=True, text=True, check=True
    ).stdout.split()
    return sum(int(kilobytes) for kilobytes in held) / 1024


def signed_in(base: Database, url: str, role: Role) -> requests.Session:
    """A client signed in as somebody with the role."""
    login = f"bench-{role.value.lower()}"
    with base.work() as work:
        person = staff.create(work, login=login, name="Bench", roles=[role])
        staff.reset_password(work, person.id, PASSWORD)
    client = requests.Session()
    answer = client.post(f"{url}/auth/sign-in", json={"login": login, "password": PASSWORD}, timeout=30)
    answer.raise_for_status()
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client
