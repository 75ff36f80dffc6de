"""A network that breaks: a TCP proxy on loopback that cuts each connection after so many bytes, or refuses midway."""

import contextlib
import itertools
import socket
import threading
from types import TracebackType
from typing import Self

PIECE = 64 * 1024
_REFUSAL = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class CuttingProxy:
    """Passes connections on to `port`; `sent` counts what clients sent, arrived or not.

    Every connection ends after `cut_after` bytes from the client. Every `refuse_every`th one is answered 503 after
    half of that, in the middle of whatever is being sent.
    """

    def __init__(self, port: int, *, cut_after: int, refuse_every: int = 0) -> None:
        self.port, self.cut_after, self.refuse_every = port, cut_after, refuse_every
        self.sent, self.cuts, self.refusals = 0, 0, 0
        self._numbers, self._lock = itertools.count(1), threading.Lock()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Closing alone does not wake whoever waits in accept.
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client, next(self._numbers)), daemon=True).start()

    def _serve(self, client: socket.socket, number: int) -> None:
        with client, socket.create_connection(("127.0.0.1", self.port)) as server:
            back = threading.Thread(target=_copy, args=(server, client), daemon=True)
            back.start()
            refused = bool(self.refuse_every) and number % self.refuse_every == 0
            with contextlib.suppress(OSError):
                self._forward(client, server, self.cut_after // 2 if refused else self.cut_after, refused=refused)
            for side in (client, server):
                with contextlib.suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)
            back.join(5)

    def _forward(self, client: socket.socket, server: socket.socket, room: int, *, refused: bool) -> None:
        while room:
            piece = client.recv(min(PIECE, room))
            if not piece:
                return
            room -= len(piece)
            with self._lock:
                self.sent += len(piece)
            server.sendall(piece)
        with self._lock:
            self.cuts += not refused
            self.refusals += refused
        if refused:
            client.sendall(_REFUSAL)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(PIECE):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
