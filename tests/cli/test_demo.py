"""The demo as a stranger runs it: a utility, a technician's day through HTTP, a summary that a script can check."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.services.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
CITY = ROOT.parent / "shared" / "data" / "cambridge_ma"


def environ(folder: Path, backend: str, database_url: str, redis_url: str) -> dict[str, str]:
    """The embedded half runs on what the demo makes itself, the other on the services of the test."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CURBSTOP_")}
    plain["CURBSTOP_DATA_DIR"] = str(folder)
    if backend == "services":
        plain["CURBSTOP_DATABASE_URL"] = database_url.replace("postgresql+psycopg://", "postgresql://")
        plain["CURBSTOP_REDIS_URL"] = redis_url
        plain["CURBSTOP_SECRET_KEY"] = "a secret key that is long enough for a demo"
    return plain


def play(folder: Path, env: dict[str, str], *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "curbstop.cli", "demo", "--once", "--port", str(free_port()), *arguments]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    summary: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return summary


def test_a_stranger_plays_the_day_with_one_command(
    tmp_path: Path, backend: str, database_url: str, redis_url: str
) -> None:
    env = environ(tmp_path, backend, database_url, redis_url)
    summary = play(tmp_path, env, "--points", "1000")
    assert summary["ok"]
    assert summary["failed"] == []
    assert summary["utility"]["service_point"] == 1000
    assert summary["orders_created"] == 3


def test_a_real_city_is_loaded(tmp_path: Path) -> None:
    """Every fifth of its addresses: the whole of it is measured by `make bench ONLY='maps.*'`."""
    if not CITY.exists():
        pytest.skip(f"the real city's files are not at {CITY}")
    part = tmp_path / "part"
    shutil.copytree(CITY, part)
    lines = (CITY / "addresses.csv").read_text(encoding="utf-8").splitlines(keepends=True)[::5]
    # The header's line is fused with the first row, and a byte order mark stands before it.
    (part / "addresses.csv").write_text("".join(lines), encoding="utf-8")
    summary = play(tmp_path, environ(tmp_path, "embedded", "", ""), "--city", str(part))
    made = summary["utility"]
    assert summary["ok"]
    assert made["addresses_read"] == len(lines)
    streets_and_numbers = {tuple(row[1:6]) for row in csv.reader(lines[1:])}
    assert made["addresses_placed"] / len(streets_and_numbers) > 0.94
    assert made["stop"] == made["addresses"]


def test_the_readmes_day_of_each_can_be_lived(tmp_path: Path) -> None:
    """Runs the README's commands for dispatcher, technician and CSR against a demo server that is left running."""
    port = free_port()
    env = environ(tmp_path, "embedded", "", "")
    server = subprocess.Popen(
        [sys.executable, "-m", "curbstop.cli", "demo", "--points", "1000", "--port", str(port)],
        cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        for line in server.stdout:
            if "Ctrl-C stops the server" in line:
                break
        assert requests.get(f"http://127.0.0.1:{port}/openapi.json", timeout=30).json()["openapi"].startswith("3.1")
        for command in readme_commands():
            done = subprocess.run(
                ["bash", "-c", command],
                env={**env, "CURBSTOP_PORT": str(port), "PATH": f"{Path(sys.executable).parent}:{env['PATH']}"},
                cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
            )  # fmt: skip
            assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            if "/search" in command:
                assert "Larsen" in done.stdout, f"{command} finds nobody\n{done.stdout[-2000:]}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=30)
    assert server.returncode == 0


def readme_commands() -> list[str]:
    """The README's commands that talk to the demo's server."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"^curbstop (?:ask|simulate) .*$", text, flags=re.MULTILINE)
    assert len(found) >= 5
    return found
