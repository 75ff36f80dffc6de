"""Ports for servers that the tests start, and start again on the same port."""

import random
import socket
from typing import Final

# Below what systems give to outgoing connections: such a one, of whoever, would take the port of a server that is down.
_FIRST, _LAST = 10_240, 32_000
_DRAW: Final = random.SystemRandom()


def free_port() -> int:
    """A port of the loopback that nobody has at this moment."""
    for _ in range(100):
        port = _DRAW.randint(_FIRST, _LAST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("a hundred ports of the loopback are taken")
