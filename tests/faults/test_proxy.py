"""The fault proxy does what it says, and the same seed is the same trouble again."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from tests.faults.proxy import ROUGH, Lane


class _Handler(BaseHTTPRequestHandler):
    """Keeps every body that arrived whole, and answers with it."""

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            return
        self.server.heard.append(body.decode())  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.heard = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def send(lane: Lane, *bodies: str) -> list[str | None]:
    """What came back for each body; None where nothing good did."""
    answers: list[str | None] = []
    for body in bodies:
        try:
            text = requests.post(lane.url, data=body.encode(), timeout=10).text
            answers.append(text if text == body else None)
        except requests.RequestException:
            answers.append(None)
    return answers


@pytest.mark.parametrize(
    ("fault", "answers", "heard"),
    [
        ("drop_request", [None], []),
        ("drop_reply", [None], ["one"]),
        ("twice", ["one"], ["one", "one"]),
        ("delay", ["one"], ["one"]),
        ("truncate_request", [None], []),
        ("truncate_reply", [None], ["one"]),
        ("partition", [None], []),
    ],
)
def test_each_fault_does_what_it_is_called(
    server: ThreadingHTTPServer, fault: str, answers: list[str | None], heard: list[str]
) -> None:
    lane = Lane(server.server_port, 1, "a", {fault: 1.0})
    assert send(lane, "one") == answers
    lane.calm()
    lane.close()
    assert server.heard == heard  # type: ignore[attr-defined]


def test_a_late_request_arrives_after_the_next_one(server: ThreadingHTTPServer) -> None:
    lane = Lane(server.server_port, 1, "a", {"late": 1.0})
    assert send(lane, "one") == [None]
    lane.odds = {}
    assert send(lane, "two") == ["two"]
    lane.close()
    assert server.heard == ["two", "one"]  # type: ignore[attr-defined]


def test_a_cut_line_stays_cut_until_it_is_healed(server: ThreadingHTTPServer) -> None:
    lane = Lane(server.server_port, 1, "a", {})
    lane.cut = True
    assert send(lane, "one", "two") == [None, None]
    lane.calm()
    assert send(lane, "three") == ["three"]
    lane.close()


def test_the_same_seed_is_the_same_trouble_and_another_one_is_not(server: ThreadingHTTPServer) -> None:
    def faults(seed: int, name: str) -> list[str]:
        lane = Lane(server.server_port, seed, name, ROUGH)
        send(lane, *map(str, range(60)))
        lane.close()
        return [event.fault for event in lane.events]

    first = faults(7, "tom")
    assert faults(7, "tom") == first
    assert faults(8, "tom") != first
    assert faults(7, "tess") != first
    assert len(set(first)) > 3


def test_bytes_are_passed_on_as_they_are(server: ThreadingHTTPServer) -> None:
    lane = Lane(server.server_port, 1, "a", {})
    text = json.dumps({"a": "é" * 100_000})
    assert send(lane, text) == [text]
    lane.close()
