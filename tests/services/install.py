"""Installs the servers with apt where that is allowed: as root on Debian and its kin."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.services import programs

POLICY = Path("/usr/sbin/policy-rc.d")


def install_missing() -> list[str]:
    """Installs what is missing if it may; returns what is missing still."""
    if not programs.missing():
        return []
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return programs.missing()
    print("curbstop: installing the test servers with apt: " + "; ".join(programs.missing()), file=sys.stderr)
    with _services_kept_stopped():
        _apt("update")
        wanted = _packages()
        if wanted:
            _apt("install", "-y", "--no-install-recommends", *wanted)
    programs.forget()
    return programs.missing()


def _packages() -> list[str]:
    installations = programs.postgres_installations()
    majors = [one.major for one in installations if one.bin.is_relative_to(programs.DEBIAN)]
    offered = _offered()
    wanted = []
    if not (installations and installations[0].has_postgis):
        with_postgis = [major for major in offered if not majors or major in majors] or offered
        if with_postgis:
            major = max(with_postgis)
            wanted += [f"postgresql-{major}", f"postgresql-{major}-postgis-3"]
    if programs.queue_server() is None:
        known = set(_names("redis-server")) | set(_names("valkey-server"))
        wanted += [name for name in programs.QUEUE_PROGRAMS if name in known][:1]
    return wanted


def _offered() -> list[int]:
    """The PostgreSQL versions that this release offers PostGIS for."""
    matches = (re.fullmatch(r"postgresql-(\d+)-postgis-3", name) for name in _names("postgresql-"))
    return [int(match.group(1)) for match in matches if match]


def _names(prefix: str) -> list[str]:
    answer = subprocess.run(["apt-cache", "pkgnames", prefix], capture_output=True, text=True, check=False)
    return answer.stdout.split()


def _apt(*arguments: str) -> bool:
    done = subprocess.run(
        ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", *arguments],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        print(f"curbstop: apt-get {arguments[0]} failed: {last}", file=sys.stderr)
    return done.returncode == 0


@contextlib.contextmanager
def _services_kept_stopped() -> Iterator[None]:
    """Debian starts what it installs; the tests start their own, so nothing else shall listen."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)
