"""A real API process in front of a database, with its photos in a folder or in a bucket."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import requests

from curbstop.blobs import blobs_of
from curbstop.commands import attachments, staff, tablets
from curbstop.models.engine import Sessions
from curbstop.models.ids import new_id
from curbstop.settings import Settings
from tests.services.api import api_process
from tests.town import Town

PASSWORD = "water under the bridge"


@dataclass
class Utility:
    """A town behind a running server, with Tom's tablet and an order of his."""

    town: Town
    port: int
    order_id: UUID

    @property
    def settings(self) -> Settings:
        return self.town.settings

    def code(self) -> str:
        with self.town.work("sue") as work:
            return tablets.make_code(work, "Truck 12").code

    def sign_in(self) -> tuple[UUID, str]:
        """A tablet of Tom's, and its access token."""
        with self.town.work() as work:
            tablet = tablets.enrol(work, tablets.make_code(work, "Truck 12").code, install_id=str(new_id()))
        said = {"login": "tom", "password": PASSWORD}
        device = {"tablet_id": str(tablet.tablet_id), "tablet_key": tablet.tablet_key}
        url = f"http://127.0.0.1:{self.port}/auth/sign-in"
        answer = requests.post(url, json={**said, **device}, timeout=60)
        answer.raise_for_status()
        return tablet.tablet_id, answer.json()["access_token"]

    def declare(self, tablet_id: UUID, sha256: str, size: int) -> UUID:
        with self.town.work("tom", tablet_id) as work:
            return attachments.declare(
                work, new_id(), order_id=self.order_id, access_issue_id=None, label="photo",
                media_type="image/jpeg", sha256=sha256, size=size, noted_at=work.at,
            ).id  # fmt: skip

    def content(self, sha256: str) -> bytes:
        return b"".join(blobs_of(self.settings).read(sha256))


@contextlib.contextmanager
def utility(sessions: Sessions, settings: Settings) -> Iterator[Utility]:
    """A settled town whose Tom can sign in."""
    town = Town(sessions, settings).settle()
    with town.work() as work:
        staff.reset_password(work, town.staff["tom"], PASSWORD)
    with api_process(settings) as api:
        yield Utility(town, api.port, town.order("GEN", town.place(), to="tom"))
