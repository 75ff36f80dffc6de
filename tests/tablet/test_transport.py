"""What the tablet makes of an answer: a server without time is a reason to wait, not a refusal."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from curbstop.tablet import Busy, Offline, Refused, Transport


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        _, status, retry = self.path.split("/")
        self.send_response(int(status))
        if retry:
            self.send_header("Retry-After", retry)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing: the test says what went wrong."""


@pytest.fixture
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("path", "wait_s"), [("/503/7", 7), ("/429/2", 2), ("/503/", 5), ("/503/soon", 5)])
def test_a_server_without_time_says_when_to_come_back(url: str, path: str, wait_s: float) -> None:
    """Clause 1.6."""
    with pytest.raises(Busy) as busy:
        Transport(url).send("GET", path)
    assert busy.value.retry_after_s == wait_s
    assert isinstance(busy.value, Offline)


def test_any_other_refusal_stays_one(url: str) -> None:
    with pytest.raises(Refused) as refused:
        Transport(url).send("GET", "/403/")
    assert (refused.value.status, refused.value.code) == (403, "unknown")
