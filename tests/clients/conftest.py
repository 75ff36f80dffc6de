"""A town, the server in front of it, and people who sign in on tablets."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
import requests

from curbstop.commands import staff, tablets
from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from tests.clients import npm
from tests.town import Town

PASSWORD = "correct horse battery"
STARTS_S = 60.0


@pytest.fixture(scope="session", autouse=True)
def _clients() -> None:
    npm.require()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session on a tablet."""

    url: str
    tablet_id: UUID
    token: str


@dataclass
class World:
    """The town and its server."""

    town: Town
    url: str

    def sign_in(self, name: str) -> SignedIn:
        """A new tablet in somebody's hands."""
        with self.town.work("sue") as work:
            code = tablets.make_code(work, f"{name}'s tablet").code
        with self.town.work() as work:
            enrolled = tablets.enrol(work, code, install_id=f"{name} {code}")
            staff.reset_password(work, self.town.staff[name], PASSWORD)
        said = {"login": name, "password": PASSWORD}
        device = {"tablet_id": str(enrolled.tablet_id), "tablet_key": enrolled.tablet_key}
        answer = requests.post(f"{self.url}/auth/sign-in", json={**said, **device}, timeout=60)
        answer.raise_for_status()
        return SignedIn(self.url, enrolled.tablet_id, answer.json()["access_token"])


@pytest.fixture
def world(sessions: Sessions, settings: Settings) -> Iterator[World]:
    """A settled town behind `python -m api`."""
    town = Town(sessions, settings).settle()
    with served(settings) as url:
        yield World(town, url)


@contextlib.contextmanager
def served(settings: Settings) -> Iterator[str]:
    """The URL of a server of its own process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {
        **os.environ,
        "CURBSTOP_DATABASE_URL": settings.database_url,
        "CURBSTOP_REDIS_URL": settings.redis_url,
        "CURBSTOP_DATA_DIR": str(settings.data_dir),
        "CURBSTOP_SECRET_KEY": settings.secret_key,
        "CURBSTOP_PORT": str(port),
        "CURBSTOP_LOG_LEVEL": "WARNING",
    }
    process = subprocess.Popen([sys.executable, "-m", "api"], env=environ, cwd=Path(__file__).parents[2])
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + STARTS_S
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("the server did not start")
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _answers(url: str) -> bool:
    try:
        requests.get(f"{url}/", timeout=5)
    except requests.ConnectionError:
        return False
    return True
