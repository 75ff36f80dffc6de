"""Starts the processes of an installation on this machine (API, workers), waits until they serve, and stops them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from curbstop.domain.problems import Problem
from curbstop.settings import Settings

START_S = 60.0
STOP_S = 15.0


class Stack:
    """The API and the workers as child processes; a context manager, so that none is left behind."""

    def __init__(
        self, settings: Settings, environ: Mapping[str, str] | None = None, *, logs: Path | None = None
    ) -> None:
        self.settings = settings
        self.url = f"http://{settings.host}:{settings.port}"
        self._environ = {**os.environ, **(environ or {}), **as_environ(settings)}
        self._logs = logs
        self._open = ExitStack()
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        check_port(self.settings.host, self.settings.port)
        try:
            self._start("workers")
            self._start("api")
            self.wait()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._children.values():
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in self._children.values():
            try:
                child.wait(STOP_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._open.close()

    def check(self) -> None:
        """Raises Problem(unavailable) when one of the processes has ended."""
        for name, child in self._children.items():
            if child.poll() is not None:
                raise Problem("unavailable", f"{name} ended with code {child.returncode}{self._said(name)}")

    def _start(self, name: str) -> None:
        if self._logs is not None:
            self._logs.mkdir(parents=True, exist_ok=True)
            out = self._open.enter_context((self._logs / f"{name}.log").open("ab"))
        else:
            out = None
        # A session of their own: Ctrl-C reaches this process, which then stops them in order.
        self._children[name] = subprocess.Popen(
            [sys.executable, "-m", name], env=self._environ, stdout=out, stderr=out, start_new_session=True
        )

    def wait(self) -> None:
        """Until the API serves. Problem(unavailable) when a process has ended, or after a minute."""
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            self.check()
            try:
                if requests.get(f"{self.url}/readyz", timeout=2).ok:
                    return
            except (requests.ConnectionError, requests.Timeout):
                # Not there yet, or too busy starting to answer.
                pass
            time.sleep(0.1)
        raise Problem("unavailable", f"The API did not answer on {self.url} within {START_S:.0f} s.")

    def _said(self, name: str) -> str:
        """The last line of a child's log, which says why it ended."""
        if self._logs is None:
            return "; see above."
        lines = (self._logs / f"{name}.log").read_text(errors="replace").strip().splitlines()
        return f": {lines[-1]}" if lines else "."


def as_environ(settings: Settings) -> dict[str, str]:
    """The settings as a child process reads them."""
    return {
        "CURBSTOP_DATA_DIR": str(settings.data_dir),
        "CURBSTOP_DATABASE_URL": settings.database_url,
        "CURBSTOP_REDIS_URL": settings.redis_url,
        "CURBSTOP_SECRET_KEY": settings.secret_key,
        "CURBSTOP_HOST": settings.host,
        "CURBSTOP_PORT": str(settings.port),
        "CURBSTOP_FILES_URL": settings.files_url,
        "CURBSTOP_FILES_ENDPOINT": settings.files_endpoint,
    }


def check_port(host: str, port: int) -> None:
    """Raises Problem(port_in_use) when somebody listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Problem(
                "port_in_use", f"Port {port} on {host} cannot be used ({error.strerror}): choose another with --port."
            ) from None
