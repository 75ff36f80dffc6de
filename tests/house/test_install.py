"""Installs the built wheel far from the checkout and runs it there: nothing may be missing and nothing left behind."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.house.source import ROOMS, ROOT

WHERE = "import api, curbstop, geo, sync, workers; print(*(m.__file__ for m in (api, curbstop, geo, sync, workers)))"
MIGRATIONS = "from curbstop.models.migrate import migrations_folder; print(migrations_folder())"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without the network by the locked hatchling."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the wheel, and our libraries by a link, but not the checkout."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    paths = {"base": str(folder / "venv"), "platbase": str(folder / "venv")}
    site = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # The libraries alone: the editable install's own link to the checkout is a .pth, and those are read
    # only in site folders proper, which a folder named by a .pth is not.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "venv" / "bin" / "python"


def _run(python: Path, *words: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, *words], cwd=python.parents[2], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_carries_the_migrations_and_the_tablets_schema(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "curbstop/_migrations/env.py" in names
    assert any(name.startswith("curbstop/_migrations/versions/") for name in names)
    carried = {name.removeprefix("sync/_mobile_schema/") for name in names if name.startswith("sync/_mobile_schema/")}
    schema = ROOT / "mobile-schema"
    assert {str(path.relative_to(schema)) for path in schema.rglob("*") if path.is_file()} == carried
    assert carried


def test_the_wheel_carries_every_data_file_of_the_packages(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    there = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert there <= names


def test_the_five_packages_come_from_one_folder(installed: Path) -> None:
    """Names as plain as `api` collide silently with another wheel's."""
    homes = {Path(file).parents[1] for file in _run(installed, "-c", WHERE).split()}
    assert len(homes) == 1
    assert not homes.pop().is_relative_to(ROOT)


def test_the_checkouts_five_packages_come_from_one_folder() -> None:
    homes = {Path(file).parents[1] for file in _run(Path(sys.executable), "-c", WHERE).split()}
    assert homes == {ROOT}


def test_the_installed_command_runs_far_from_the_checkout(installed: Path) -> None:
    assert "Usage" in _run(installed, "-m", "curbstop.cli", "--help")


def test_the_installed_migrations_are_the_wheels(installed: Path) -> None:
    assert _run(installed, "-c", MIGRATIONS).strip().endswith("curbstop/_migrations")
