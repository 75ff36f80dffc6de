"""Starts real worker processes, and a Redis in the middle that can stop answering at the worst moment."""

import contextlib
import os
import selectors
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from curbstop.settings import Settings


def start(settings: Settings, *flags: str, redis_url: str | None = None) -> subprocess.Popen[str]:
    """`python -m workers` with these settings, once it says that it runs."""
    environ = {
        **os.environ,
        "CURBSTOP_DATABASE_URL": settings.database_url,
        "CURBSTOP_REDIS_URL": settings.redis_url if redis_url is None else redis_url,
        "CURBSTOP_DATA_DIR": str(settings.data_dir),
        "CURBSTOP_SECRET_KEY": settings.secret_key,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "workers", *flags],
        cwd=Path(__file__).parents[2],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "running" in line, line + process.communicate()[0]
    return process


def end(process: subprocess.Popen[str]) -> str:
    """SIGTERM; what it had still to say. It must end well."""
    process.terminate()
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output
    return output


class Middle:
    """A TCP proxy to Redis that stops at the first enqueue: before Redis gets it, or before its answer gets back."""

    def __init__(self, port: int, *, forward: bool) -> None:
        self.target, self.forward = port, forward
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.enqueued = threading.Event()
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    def close(self) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()
        self.listener.close()

    def _accept(self) -> None:
        self.listener.settimeout(0.05)
        while not self.stop.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self.listener.accept()
                thread = threading.Thread(target=self._pass_on, args=[client])
                self.threads.append(thread)
                thread.start()

    def _pass_on(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self.target))
        with client, server, selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            while not self.stop.is_set():
                for key, _ in ready.select(0.05):
                    source, target = key.fileobj, key.data
                    assert isinstance(source, socket.socket)
                    try:
                        data = source.recv(65536)
                    except OSError:
                        data = b""
                    if not data:
                        return
                    if source is client and b"PUSH" in data:
                        if self.forward:
                            self._hand_over(client, server, data)
                        self.enqueued.set()
                        self.stop.wait()
                        return
                    target.sendall(data)

    @staticmethod
    def _hand_over(client: socket.socket, server: socket.socket, data: bytes) -> None:
        """The whole transaction reaches Redis, in however many packets it comes."""
        server.sendall(data)
        while b"EXEC" not in data:
            data = data[-3:] + client.recv(65536)
            server.sendall(data[3:])
        answer = b""
        while answer.count(b"+QUEUED") == 0 or answer.endswith(b"+QUEUED\r\n"):
            answer += server.recv(65536)


@contextlib.contextmanager
def middle(redis_url: str, *, forward: bool) -> Iterator[tuple[Middle, str]]:
    """The proxy and the URL to reach Redis through it."""
    address, database = redis_url.removeprefix("redis://").split("/")
    made = Middle(int(address.split(":")[1]), forward=forward)
    try:
        yield made, f"redis://127.0.0.1:{made.port}/{database}"
    finally:
        made.close()
