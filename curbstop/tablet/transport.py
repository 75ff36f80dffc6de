"""HTTP as a tablet has it: one session, short patience, and a network that comes and goes."""

import gzip
import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import requests

from curbstop.tablet.errors import Busy, Offline, Refused

PATIENCE_S = (5.0, 60.0)  # to connect, and between two parts of an answer
_WORTH_PACKING = 1_000  # bytes
_PIECE = 16 * 1024


# Refusals of the moment, not of what was asked.
_NO_TIME = frozenset({429, 503})
_SOON_S = 5.0


class Transport:
    """Sends to one server. `online` is the switch of the tablet; the faults are those a real network has.

    `lose_replies`: so many requests arrive, and their answers do not. `break_streams`: so many streams end early.
    """

    def __init__(self, base_url: str, *, patience_s: tuple[float, float] = PATIENCE_S) -> None:
        self.base_url = base_url.rstrip("/")
        self.online = True
        self.lose_replies = 0
        self.break_streams = 0
        self._patience_s = patience_s
        # requests' sessions are not for two threads, and a listener runs beside the sync.
        self._local = threading.local()

    @property
    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            # A proxy or .netrc of the machine must not speak for the tablet.
            session.trust_env = False
            self._local.session = session
        return session

    def close(self) -> None:
        """Lets go of the connections of this thread."""
        self._session.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        media_type: str = "application/json",
        token: str | None = None,
        stream: bool = False,
        accept: str = "*/*",
        last_event_id: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """The answer if it is a good one; raises Refused or Busy for any other, and Offline when none came."""
        if not self.online:
            raise Offline("the network is off")
        sent = {"Accept": accept, "Accept-Encoding": "gzip", **(headers or {})}
        if last_event_id is not None:
            sent["Last-Event-ID"] = str(last_event_id)
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            sent["Content-Type"] = media_type
            if media_type == "application/json" and len(body) > _WORTH_PACKING:
                sent["Content-Encoding"] = "gzip"
                body = gzip.compress(body, 6)
        try:
            response = self._session.request(
                method, self.base_url + path, data=body, headers=sent, timeout=self._patience_s, stream=stream
            )
        except requests.RequestException as error:
            raise Offline(f"{self.base_url} did not answer ({type(error).__name__})") from error
        if self.lose_replies:
            self.lose_replies -= 1
            response.close()
            raise Offline("the answer was lost on its way")
        if response.status_code >= 400:
            with response:
                raise _refused(response)
        if not stream and not is_whole(response):
            raise Offline("the line broke in the middle of the answer's head")
        return response

    def lines(self, response: requests.Response) -> Iterator[bytes]:
        """The lines of an answer as they come; raises Offline when the connection breaks."""
        left = -1
        if self.break_streams:
            self.break_streams -= 1
            left = 1
        with response:
            try:
                for line in response.iter_lines(chunk_size=65_536):
                    if left == 0:
                        raise Offline("the stream broke")
                    left -= 1
                    yield line
            except requests.RequestException as error:
                raise Offline(f"the stream broke ({type(error).__name__})") from error

    def pieces(self, response: requests.Response) -> Iterator[bytes]:
        """The bytes of an answer as they come; raises Offline when the connection breaks or closes too early."""
        breaks = self.break_streams > 0
        self.break_streams -= breaks
        left = int(response.headers.get("Content-Length", 0))
        with response:
            try:
                for piece in response.iter_content(_PIECE):
                    if breaks:
                        yield piece[: len(piece) // 2]
                        raise Offline("the stream broke")
                    left -= len(piece)
                    yield piece
            except requests.RequestException as error:
                raise Offline(f"the stream broke ({type(error).__name__})") from error
        if left > 0:
            raise Offline(f"the stream ended {left} bytes early")


def is_whole(response: requests.Response) -> bool:
    """Whether the head arrived with its last lines: without a length, no end of the body could be missed."""
    if response.status_code == 204:
        return True
    length = response.headers.get("Content-Length", "")
    return length.isdigit() or response.headers.get("Transfer-Encoding", "").lower() == "chunked"


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _refused(response: requests.Response) -> Refused | Busy:
    if response.status_code in _NO_TIME:
        return Busy("the server has no time now", _seconds(response.headers.get("Retry-After")))
    try:
        problem = response.json()
    except requests.RequestException:  # no JSON, or the connection went with it
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    code = str(problem.get("code", "unknown"))
    detail = str(problem.get("detail") or problem.get("title") or response.reason)
    return Refused(response.status_code, code, detail, problem)


def _seconds(text: str | None) -> float:
    """A Retry-After of seconds; our own guess for none, or for a date."""
    return float(text) if text is not None and text.isdigit() else _SOON_S
