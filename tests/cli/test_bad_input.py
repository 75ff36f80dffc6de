"""Bad input at the command line: one line that says what to do, a non-zero exit, never a traceback."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ADDRESSES = "number,street,x,y\n1,Main St,-79,35\n"


def curbstop(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Runs the command as somebody at a terminal does, in a folder of its own."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CURBSTOP_")}
    return subprocess.run(
        [sys.executable, "-m", "curbstop.cli", *arguments],
        cwd=folder,
        env={**plain, "CURBSTOP_DATA_DIR": str(folder / "var"), **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def refused(result: subprocess.CompletedProcess[str], *words: str) -> None:
    lines = result.stderr.strip().splitlines()
    assert result.returncode != 0
    assert "Traceback" not in result.stderr + result.stdout
    assert lines
    assert lines[-1].startswith("curbstop: "), result.stderr
    for word in words:
        assert word in lines[-1]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    refused(curbstop(tmp_path, "import", "addresses", "nowhere.csv"), "nowhere.csv")


def test_a_file_that_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"%PDF-1.7 ...")
    refused(curbstop(tmp_path, "import", "addresses", "a.csv"), "PDF")


def test_a_wrong_coordinate_system(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(ADDRESSES)
    refused(curbstop(tmp_path, "import", "addresses", "a.csv", "--crs", "EPSG:999999"), "EPSG:999999")


def test_coordinates_that_lie_nowhere(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("number,street,x,y\n1,Main St,2000000,700000\n2,Main St,2000010,700000\n")
    refused(curbstop(tmp_path, "import", "addresses", "a.csv"), "--crs")


def test_a_mapping_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(ADDRESSES)
    refused(curbstop(tmp_path, "import", "addresses", "a.csv", "--map", "street_name"), "--map")


def test_a_database_that_cannot_be_reached(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    key = "a secret key that is long enough for this"
    result = curbstop(tmp_path, "serve", CURBSTOP_DATABASE_URL=url, CURBSTOP_SECRET_KEY=key)
    refused(result, "CURBSTOP_DATABASE_URL")


def test_a_database_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "not.db").write_text("this is a letter, not a database, and it is long enough to be looked at")
    refused(curbstop(tmp_path, "serve", CURBSTOP_DATABASE_URL=f"sqlite:///{tmp_path}/not.db"), "CURBSTOP_DATABASE_URL")


def test_a_missing_secret(tmp_path: Path) -> None:
    refused(curbstop(tmp_path, "serve", CURBSTOP_DATABASE_URL="postgresql://x@127.0.0.1/x"), "CURBSTOP_SECRET_KEY")


@pytest.mark.parametrize(
    ("name", "value"),
    [("CURBSTOP_PORT", "eighty"), ("CURBSTOP_TIMEZONE", "Mars/Base"), ("CURBSTOP_WORK_WINDOW", "always"),
     ("CURBSTOP_SECRET_KEY", "short"), ("CURBSTOP_DATABASE_URL", "oracle://x"), ("CURBSTOP_API_PROCESSES", "4")],
)  # fmt: skip
def test_a_setting_that_is_wrong(tmp_path: Path, name: str, value: str) -> None:
    refused(curbstop(tmp_path, "serve", **{name: value}), name)


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused(curbstop(tmp_path, "demo", "--once", "--port", str(taken.getsockname()[1])), "--port")


def test_a_city_without_its_files(tmp_path: Path) -> None:
    refused(curbstop(tmp_path, "demo", "--once", "--port", "18099", "--city", str(tmp_path)), "streets.geojson")


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    refused(curbstop(tmp_path, "ask", "carla", "/me", "--url", "http://127.0.0.1:1"), "make serve")


def test_a_command_that_is_none(tmp_path: Path) -> None:
    result = curbstop(tmp_path, "frobnicate")
    assert result.returncode == 2
    assert "No such command" in result.stderr
