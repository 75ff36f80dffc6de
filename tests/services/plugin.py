"""The pytest side of the servers: one folder a run, sockets closed to the world, and honest last lines."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.services import programs, servers

FOLDER = pytest.StashKey[Path]()
KEEPER = pytest.StashKey[subprocess.Popen[bytes]]()


def is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def services_required() -> bool:
    return os.environ.get("CURBSTOP_REQUIRE_SERVICES") == "1"


def pytest_configure(config: pytest.Config) -> None:
    sys.addaudithook(_loopback_only)
    # A hundred and more servers are started; each would compile every module anew, half of its start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if is_worker(config):
        config.stash[FOLDER] = Path(config.workerinput["curbstop_folder"])  # type: ignore[attr-defined]
    else:
        config.stash[FOLDER] = servers.new_folder()
        config.stash[KEEPER] = servers.start_keeper(config.stash[FOLDER])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist's word for: a worker is about to start."""
    node.workerinput["curbstop_folder"] = str(node.config.stash[FOLDER])


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not is_worker(session.config) and programs.missing() and services_required():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    keeper = config.stash.get(KEEPER, None)
    if keeper is None:
        return
    keeper.communicate()
    reasons = programs.missing()
    if reasons:
        print("\ncurbstop: only the embedded half ran. The services half (PostgreSQL with PostGIS, Redis) did NOT run:")
        print(f"curbstop: {'; '.join(reasons)}.")
        if services_required():
            print("curbstop: CURBSTOP_REQUIRE_SERVICES=1 asks for both halves, so this run has failed.")


def _loopback_only(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuses every connection from Python that leaves this machine."""
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and not str(address[0]).startswith(("127.", "::1", "localhost")):
            raise PermissionError(f"tests talk to loopback only, not to {address[0]}")
