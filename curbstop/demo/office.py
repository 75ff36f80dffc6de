"""Somebody of the office at the API: signs in, and sends what the office's screens would send."""

import time
import uuid
from typing import Any

import requests

from curbstop.demo.people import Person

_PATIENCE_S = 60.0


class OfficeError(Exception):
    """The API answered otherwise than the office expects; `code` is the problem's."""

    def __init__(self, what: str, answer: str, code: str = "unknown") -> None:
        super().__init__(f"{what}: {answer}")
        self.code = code


class Desk:
    """One person's session at the API."""

    def __init__(self, base_url: str, person: Person) -> None:
        self.base_url = base_url.rstrip("/")
        self.person = person
        self._session = requests.Session()
        self._session.trust_env = False
        self._sign_in()

    def _sign_in(self) -> None:
        answer = self._session.post(
            f"{self.base_url}/auth/sign-in",
            json={"login": self.person.login, "password": self.person.password},
            timeout=_PATIENCE_S,
        )
        _check(answer, f"{self.person.login} signs in")
        session = answer.json()
        self.id: str = session["staff"]["id"]
        self._session.headers["Authorization"] = f"Bearer {session['access_token']}"
        # A little before it ends, so that no request meets the end.
        self._fresh_until = time.monotonic() + session["expires_in"] * 0.8

    def close(self) -> None:
        self._session.close()

    def get(self, path: str, **query: Any) -> Any:
        """What is at a path."""
        return self._send("GET", path, params=query).json()

    def every(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """All items of a list, page by page."""
        items: list[dict[str, Any]] = []
        page = self.get(path, **query)
        items += page["items"]
        while page.get("next_cursor"):
            page = self.get(path, **query, cursor=page["next_cursor"])
            items += page["items"]
        return items

    def create(self, path: str, **body: Any) -> dict[str, Any]:
        """A creating POST, with an Idempotency-Key of its own."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        made: dict[str, Any] = self._send("POST", path, json=body, headers=headers).json()
        return made

    def put(self, path: str, **body: Any) -> Any:
        """What another system would send, whole."""
        return self._send("PUT", path, json=body).json()

    def change(self, path: str, version: int, **body: Any) -> dict[str, Any]:
        """An edit of a row of which `version` was seen."""
        headers = {"If-Match": f'"v{version}"'}
        done: dict[str, Any] = self._send("PATCH", path, json=body, headers=headers).json()
        return done

    def file(self, path: str) -> bytes | None:
        """A file's bytes; None while it is not there yet."""
        answer = self._session.get(self.base_url + path, timeout=_PATIENCE_S)
        if answer.status_code == requests.codes.not_found:
            return None
        _check(answer, f"{self.person.login}: GET {path}")
        return answer.content

    def act(self, path: str, version: int, **body: Any) -> dict[str, Any]:
        """An action on a row of which `version` was seen."""
        headers = {"If-Match": f'"v{version}"'}
        done: dict[str, Any] = self._send("POST", path, json=body, headers=headers).json()
        return done

    def _send(self, method: str, path: str, **how: Any) -> requests.Response:
        if time.monotonic() > self._fresh_until:
            self._sign_in()
        answer = self._session.request(method, self.base_url + path, timeout=_PATIENCE_S, **how)
        _check(answer, f"{self.person.login}: {method} {path}")
        return answer


def _check(answer: requests.Response, what: str) -> None:
    if answer.status_code < 400:
        return
    try:
        problem = answer.json()
    except requests.JSONDecodeError:
        problem = {}
    code = str(problem.get("code", "unknown"))
    raise OfficeError(what, f"{answer.status_code} {problem.get('detail') or answer.text[:200]}", code)
