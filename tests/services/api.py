"""A real server: `python -m api` in a process of its own, on a free port of this machine."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import requests

from curbstop.cli.stack import as_environ
from curbstop.settings import Settings
from tests.services.forked import Forked
from tests.services.ports import free_port

PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class ApiProcess:
    """A server that answers: where, and as which process."""

    url: str
    port: int
    process: Forked


@contextmanager
def api_process(settings: Settings, **environ: str) -> Iterator[ApiProcess]:
    """The server until the block ends, when it must end well; settings may be given by `environ`, too."""
    port = free_port()
    given = {**os.environ, **as_environ(replace(settings, port=port)), "CURBSTOP_LOG_LEVEL": "ERROR", **environ}
    # A file: a pipe that nobody reads would stop a server that has much to say.
    with tempfile.NamedTemporaryFile("r+") as log:
        process, url = Forked("api", given, Path(log.name)), f"http://127.0.0.1:{port}"
        try:
            ends = time.monotonic() + PATIENCE_S
            while not answers(url):
                assert process.poll() is None, _said(log)
                assert time.monotonic() < ends, "the server did not answer"
                time.sleep(0.02)
            yield ApiProcess(url, port, process)
        finally:
            process.terminate()
            process.wait(PATIENCE_S)
            said = _said(log)
    assert process.returncode == 0, said
    assert "Traceback" not in said, said


def _said(log: IO[str]) -> str:
    log.seek(0)
    return log.read()


def answers(url: str) -> bool:
    """Whether a server is there and ready."""
    try:
        return requests.get(f"{url}/readyz", timeout=5).ok
    except requests.ConnectionError:
        return False
