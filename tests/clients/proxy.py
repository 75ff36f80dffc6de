"""A proxy between a client and the server that cuts answers short, or alters them on their way."""

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

PIECE = 16 * 1024
Alter = Callable[[bytes], bytes]


class Proxy:
    """Passes bytes on until it is told otherwise. Answers are kept plain, so that they can be read on their way."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._to = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        # How many more bytes of answers pass before the line is cut; None: all.
        self.left: int | None = None
        self.refuses = False
        self.alter: Alter = bytes
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def cut(self) -> None:
        """Ends what is open."""
        for one in list(self._open):
            self._end(one)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            if self.refuses:
                client.close()
                continue
            server = socket.create_connection(self._to)
            self._open |= {client, server}
            for source, target, way in ((client, server, self._asked), (server, client, self._answered)):
                threading.Thread(target=self._pass, args=(source, target, way), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, way: Alter) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE):
                target.sendall(way(piece))
                if self.left == 0 and way == self._answered:
                    self.left = None
                    break
        self._end(source)
        self._end(target)

    def _asked(self, piece: bytes) -> bytes:
        # As long as before: the body may follow in the same piece.
        return piece.replace(b"accept-encoding: gzip", b"accept-encoding: none").replace(
            b"gzip, deflate", b"none, deflate"
        )

    def _answered(self, piece: bytes) -> bytes:
        if self.left is not None:
            piece = piece[: self.left]
            self.left -= len(piece)
        return self.alter(piece)

    def _end(self, one: socket.socket) -> None:
        self._open.discard(one)
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listening.close()
        self.cut()
