"""`python -m api`: serves, and says in one line why it cannot."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.services.ports import free_port

ROOT = Path(__file__).parents[2]


def environment(url: str, folder: Path, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "CURBSTOP_DATABASE_URL": url,
        "CURBSTOP_DATA_DIR": str(folder),
        "CURBSTOP_SECRET_KEY": "a key for the tests that is long enough",
        **more,
    }


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def start(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "api", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)


def one_line(ended: subprocess.CompletedProcess[str]) -> str:
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    return ended.stderr


def test_a_port_in_use_is_one_line(database_url: str, tmp_path: Path) -> None:
    with taken_port() as port:
        assert str(port) in one_line(start(environment(database_url, tmp_path), "--port", str(port)))


def test_an_unmigrated_database_is_one_line(empty_database_url: str, tmp_path: Path) -> None:
    assert "curbstop migrate" in one_line(start(environment(empty_database_url, tmp_path)))


def test_an_unreachable_database_is_one_line(tmp_path: Path) -> None:
    url = f"postgresql://nobody:hidden@127.0.0.1:{free_port()}/none"
    said = one_line(start(environment(url, tmp_path)))
    assert "CURBSTOP_DATABASE_URL" in said
    assert "hidden" not in said


def test_a_bad_setting_is_one_line(tmp_path: Path) -> None:
    env = environment("sqlite:///x.db", tmp_path, CURBSTOP_API_THREADS="many")
    assert "CURBSTOP_API_THREADS" in one_line(start(env))


def test_it_serves_until_it_is_told_to_stop(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    env = environment(database_url, tmp_path)
    command = [sys.executable, "-m", "api", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True) as server:
        try:
            base = f"http://127.0.0.1:{port}"
            assert _answer(f"{base}/readyz", server).json() == {"status": "ok"}
            # A body that comes in pieces, without a length.
            pieces = iter([b'{"login": "nobody", ', b'"password": "guess"}'])
            headers = {"Content-Type": "application/json"}
            wrong = requests.post(f"{base}/auth/sign-in", data=pieces, headers=headers, timeout=10)
            assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_credentials")
        finally:
            server.send_signal(signal.SIGTERM)
            said = server.communicate(timeout=30)[1]
    assert server.returncode == 0
    assert '"path": "/auth/sign-in"' in said
    assert "Traceback" not in said


def _answer(url: str, server: subprocess.Popen[str]) -> requests.Response:
    ends = time.monotonic() + 30
    while time.monotonic() < ends and server.poll() is None:
        try:
            return requests.get(url, timeout=5)
        except requests.ConnectionError:
            # Starting; asking is the only way to learn when it is there.
            time.sleep(0.05)
    raise AssertionError("the server did not answer")
