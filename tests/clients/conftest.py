"""A town, the server in front of it, and people who sign in on tablets."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
import requests

from curbstop.commands import staff, tablets
from curbstop.models.engine import Sessions
from curbstop.settings import Settings
from tests.clients import npm
from tests.services.api import api_process
from tests.town import Town

PASSWORD = "correct horse battery"


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
    with api_process(settings) as api:
        yield World(town, api.url)
