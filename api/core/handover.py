"""Takes an event stream's connection away from the WSGI server, so that it holds no thread of it.

gunicorn's threaded worker gives the connection as `gunicorn.socket`. The answer's head and first piece go out through
the server; then its descriptor is pointed at a socket that is closed at the other end, so that the server finds its
client gone, and tidies up as it always does, while the connection lives on under a descriptor of ours. Any other
server (the tests', a developer's) keeps a thread that passes on what it reads from a pair of sockets.
"""

import os
import socket
import ssl
from collections.abc import Iterator
from typing import Any

from api.core.listeners import Listener, hello


class Stream:
    """The body of the answer; closed before its connection was taken over, the listener goes."""

    def __init__(self, listener: Listener, environ: dict[str, Any]) -> None:
        self._listener = listener
        self._connection = takeable(environ)
        # HTTP/1.1 without a length is sent in chunks, and what follows must be, too.
        self._framed = environ.get("SERVER_PROTOCOL") == "HTTP/1.1"
        self._pieces = self._made()

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        """Called by the server at the end of its part, however it ends."""
        self._pieces.close()  # type: ignore[attr-defined] # a generator
        if not self._listener.attached:
            self._listener.board.drop(self._listener)

    def _made(self) -> Iterator[bytes]:
        yield hello()
        if self._connection is not None:
            self._listener.board.attach(self._listener, take(self._connection), framed=self._framed)
            return
        ours, theirs = socket.socketpair()
        with theirs:
            self._listener.board.attach(self._listener, ours, framed=False)
            while piece := theirs.recv(4096):
                yield piece


def takeable(environ: dict[str, Any]) -> socket.socket | None:
    """The request's connection, where it is a plain one that the server shows."""
    found = environ.get("gunicorn.socket")
    plain = isinstance(found, socket.socket) and not isinstance(found, ssl.SSLSocket)
    return found if plain and environ.get("SERVER_PROTOCOL") in {"HTTP/1.0", "HTTP/1.1"} else None


def take(connection: socket.socket) -> socket.socket:
    """The connection under a descriptor of our own; the server is left with one that is closed at the other end."""
    ours = connection.dup()
    dead, other = socket.socketpair()
    with dead, other:
        os.dup2(dead.fileno(), connection.fileno(), inheritable=False)
    return ours
