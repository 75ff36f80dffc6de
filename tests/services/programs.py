"""Finds the server programs that this machine already has, and says plainly what is missing."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")
HOMEBREW = (Path("/opt/homebrew/opt"), Path("/usr/local/opt"))
QUEUE_PROGRAMS = ("redis-server", "valkey-server")


@dataclass(frozen=True, slots=True)
class Postgres:
    """One installed PostgreSQL: its programs, and whether PostGIS lies beside it."""

    bin: Path
    major: int
    has_postgis: bool


@cache
def postgres_installations() -> tuple[Postgres, ...]:
    """Every PostgreSQL found, those with PostGIS first, the newest first among equals."""
    found = {}
    for folder in _candidate_bins():
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists() and folder not in found:
            major = _major(folder)
            if major:
                found[folder] = Postgres(folder, major, _has_postgis(folder, major))
    return tuple(sorted(found.values(), key=lambda one: (one.has_postgis, one.major), reverse=True))


@cache
def queue_server() -> Path | None:
    """redis-server or valkey-server, if installed."""
    for name in QUEUE_PROGRAMS:
        for place in (None, *(str(prefix / name.split("-", maxsplit=1)[0] / "bin") for prefix in HOMEBREW)):
            path = shutil.which(name, path=place)
            if path:
                return Path(path)
    return None


def missing() -> list[str]:
    """What stands in the way of the services half, one sentence a reason; empty when nothing does."""
    reasons = []
    installations = postgres_installations()
    if not installations:
        reasons.append("no PostgreSQL server was found")
    elif not installations[0].has_postgis:
        reasons.append(f"PostgreSQL {installations[0].major} has no PostGIS")
    if queue_server() is None:
        reasons.append("no redis-server or valkey-server was found")
    return reasons


def forget() -> None:
    """Looks again next time: something was installed."""
    postgres_installations.cache_clear()
    queue_server.cache_clear()


def _candidate_bins() -> Iterator[Path]:
    # The real folders come before PATH, whose programs may be symlinks into one of them.
    if DEBIAN.is_dir():
        yield from DEBIAN.glob("*/bin")
    for prefix in HOMEBREW:
        yield from prefix.glob("postgresql*/bin")
    on_path = shutil.which("pg_ctl")
    if on_path:
        yield Path(on_path).resolve().parent


def _major(folder: Path) -> int | None:
    try:
        answer = subprocess.run([folder / "pg_ctl", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    digits = re.search(r"\d+", answer.stdout)
    return int(digits.group()) if digits else None


def _has_postgis(folder: Path, major: int) -> bool:
    return any((share / "extension" / "postgis.control").exists() for share in _share_folders(folder, major))


def _share_folders(folder: Path, major: int) -> Iterator[Path]:
    if folder.is_relative_to(DEBIAN):
        yield Path("/usr/share/postgresql") / str(major)
        return
    try:
        answer = subprocess.run([folder / "pg_config", "--sharedir"], capture_output=True, text=True, check=True)
        yield Path(answer.stdout.strip())
    except (OSError, subprocess.CalledProcessError):
        yield from (folder.parent / "share" / name for name in ("postgresql", f"postgresql@{major}"))
