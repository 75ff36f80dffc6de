"""A real server: `python -m api` on a test's database, and what asks it over real connections."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import requests

from api.core.tokens import Claims, Tokens
from curbstop.settings import Settings
from tests.services.api import answers, api_process
from tests.services.forked import Forked

PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: where, and as which process."""

    url: str
    process: Forked
    settings: Settings

    def workers(self) -> list[int]:
        """The processes that answer requests."""
        listed = subprocess.run(
            ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        return [int(one) for one in listed]

    def kill_worker(self) -> None:
        """kill -9; returns when another one answers."""
        before = self.workers()
        os.kill(before[0], signal.SIGKILL)
        ends = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends:
            if set(self.workers()) - set(before) and answers(self.url):
                return
            # Only asking tells.
            time.sleep(0.05)
        raise AssertionError("no worker took the place of the one that was killed")

    def headers(self, staff_id: UUID, tablet_id: UUID) -> dict[str, str]:
        """The headers of somebody on a tablet."""
        tokens = Tokens(self.settings.secret_key, self.settings.access_minutes)
        return {"Authorization": f"Bearer {tokens.access_token(Claims(staff_id, tablet_id), [])}"}

    def post(self, path: str, body: Any, headers: dict[str, str], timeout: float = PATIENCE_S) -> requests.Response:
        return requests.post(self.url + path, json=body, headers=headers, timeout=timeout)


@contextmanager
def served(settings: Settings, **environ: str) -> Iterator[Server]:
    """The server, until the block ends; it must end well."""
    with api_process(settings, **environ) as api:
        yield Server(api.url, api.process, settings)


class Stream:
    """An event stream over a real connection; what it says is read by `next`."""

    def __init__(self, server: Server, headers: dict[str, str], **more: str) -> None:
        self.answer = requests.get(
            f"{server.url}/sync/v1/stream", headers={**headers, **more}, stream=True, timeout=PATIENCE_S
        )
        self.answer.raise_for_status()
        self.pieces = self.answer.iter_content(None)
        self.left = b""

    def next(self) -> bytes:
        """The next event or comment."""
        while b"\n\n" not in self.left:
            self.left += next(self.pieces)
        event, _, self.left = self.left.partition(b"\n\n")
        return event

    def begin(self) -> "Stream":
        assert self.next().endswith(b": listening")
        return self

    def poke(self) -> int:
        event = self.next().decode()
        assert event.startswith("id: "), event
        return int(json.loads(event.split("data: ")[1])["seq"])

    def close(self) -> None:
        self.answer.close()
