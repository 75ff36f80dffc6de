"""A network that can be replayed: a TCP proxy for HTTP that loses, doubles, delays, cuts and reorders by a seed.

One `Lane` lies between one client and the server. The fault of the n-th request of a lane follows from the seed, the
lane's name and n alone, so a seed that fails is the same trouble again, whatever the other lanes do.
"""

import contextlib
import random
import selectors
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

# What can happen to a request, with the share of requests that it happens to.
ROUGH: Mapping[str, float] = {
    "drop_request": 0.06,  # it never arrives
    "drop_reply": 0.10,  # it arrives and is carried out; the answer never comes back
    "twice": 0.06,  # it arrives twice, one after the other; the second answer comes back
    "delay": 0.08,
    "truncate_request": 0.04,  # the line breaks in the middle of the body
    "truncate_reply": 0.08,  # the line breaks in the middle of the answer
    "late": 0.05,  # the client has given up; it arrives after later ones: that is how requests change their order
    "partition": 0.02,  # nothing goes through for the next few requests
}
CALM: Mapping[str, float] = {}
LONGEST_DELAY_S = 0.05
MOST_REFUSED = 4
PATIENCE_S = 60.0
_PART = 65_536


@dataclass(frozen=True, slots=True)
class Event:
    """What a lane did with its n-th request."""

    n: int
    fault: str
    request: str

    def __str__(self) -> str:
        return f"#{self.n} {self.fault}: {self.request}"


@dataclass
class Lane:
    """Listens on a port of its own and passes on to `target`, faithfully or not."""

    target: int
    seed: int
    name: str
    odds: Mapping[str, float] = field(default_factory=lambda: ROUGH)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cut = False  # True: a partition that lasts until it is healed
        self._refuse = 0
        self._late: list[bytes] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, name=f"lane {self.name}", daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)
        self._listener.close()

    def calm(self) -> None:
        """From now on everything passes; requests that are still under way arrive first."""
        with self._lock:
            self.odds, self._refuse, self.cut = CALM, 0, False
            late, self._late = self._late, []
        for request in late:
            self._ask(request)

    def _accept(self) -> None:
        self._listener.settimeout(0.05)
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=[client], daemon=True)
                self._threads = [one for one in self._threads if one.is_alive()] + [thread]
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        """One connection: one request, one answer, closed. Clients open another, which is what a bad network means."""
        with client, contextlib.suppress(OSError):
            client.settimeout(PATIENCE_S)
            request = _read_request(client)
            if request is not None:
                self._pass(client, request, *self._draw(request))

    def _draw(self, request: bytes) -> tuple[str, random.Random]:
        """The fault of this request, and the chance that decides its details."""
        with self._lock:
            n = len(self.events) + 1
            chance = random.Random(f"{self.seed}/{self.name}/{n}")
            fault = "pass"
            if self.cut or self._refuse:
                fault, self._refuse = "refused", max(0, self._refuse - 1)
            else:
                left = chance.random()
                for name, share in self.odds.items():
                    left -= share
                    if left < 0:
                        fault = name
                        break
            self.events.append(Event(n, fault, request.split(b"\r\n", 1)[0].decode("latin-1")))
            return fault, chance

    def _pass(self, client: socket.socket, request: bytes, fault: str, chance: random.Random) -> None:
        if fault == "partition":
            self._refuse = chance.randint(1, MOST_REFUSED)
        if fault in ("partition", "refused", "drop_request"):
            return
        if fault == "late":
            with self._lock:
                self._late.append(request)
            return
        if fault == "truncate_request":
            self._begin(request, chance)
            return
        if fault == "delay":
            time.sleep(chance.random() * LONGEST_DELAY_S)
        self._deliver(client, request, fault, chance)
        with self._lock:
            late, self._late = self._late, []
        for earlier in late:
            self._ask(earlier)

    def _deliver(self, client: socket.socket, request: bytes, fault: str, chance: random.Random) -> None:
        """The request arrives; what comes back is the fault's business."""
        if fault not in ("drop_reply", "twice", "truncate_reply"):
            for part in self._answer(request, client):
                client.sendall(part)
            return
        answer = self._ask(request)
        if fault == "twice":
            client.sendall(self._ask(request))
        elif fault == "truncate_reply":
            client.sendall(answer[: chance.randrange(max(1, len(answer)))])

    def _begin(self, request: bytes, chance: random.Random) -> None:
        """The head and a part of the body arrive, then the line is dead."""
        head = request.index(b"\r\n\r\n") + 4
        with contextlib.suppress(OSError), self._connected() as server:
            server.sendall(request[: chance.randrange(head, len(request))] if len(request) > head else request)

    def _ask(self, request: bytes) -> bytes:
        """The whole answer; empty when the server was not there."""
        return b"".join(self._answer(request))

    def _answer(self, request: bytes, client: socket.socket | None = None) -> Iterator[bytes]:
        """The answer as it comes; ends when the server or the client hangs up."""
        with contextlib.suppress(OSError), self._connected() as server, selectors.DefaultSelector() as ready:
            server.sendall(request)
            ready.register(server, selectors.EVENT_READ)
            if client is not None:
                ready.register(client, selectors.EVENT_READ)
            while not self._stop.is_set():
                found = {key.fileobj for key, _ in ready.select(0.2)}
                if server in found:
                    part = server.recv(_PART)
                    if not part:
                        return
                    yield part
                elif found:
                    return  # nothing more is due from a client, so it has hung up

    def _connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.target), timeout=PATIENCE_S)


def _read_request(client: socket.socket) -> bytes | None:
    """A request of known length, made to close its connection at the end; None when the client went away."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = client.recv(_PART)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    length = next((int(line[15:]) for line in lines if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        part = client.recv(_PART)
        if not part:
            return None
        body += part
    kept = [line for line in lines if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*kept, b"Connection: close"]) + b"\r\n\r\n" + body
