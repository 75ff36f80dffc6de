"""The tablet's side of the protocol: enrol, sign in, push, pull, and the loop that does them in order."""

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import requests

from curbstop.tablet import clock, first_sync, integrity, map_packs, outbox, people, pulling, seal, uploading
from curbstop.tablet.errors import NotAllowed, Refused, SignInNeeded
from curbstop.tablet.store import Store
from curbstop.tablet.transport import Transport, as_json

SCHEMA_VERSION = 1
_ASK_AT_ONCE = 500


@dataclass(slots=True)
class SyncReport:
    """What one round of the loop moved."""

    answered: int = 0
    uploaded: int = 0
    rows: int = 0
    packs: int = 0
    steps: list[str] = field(default_factory=list)
    # Words for the technician when the app has to be updated before it is sent anything again.
    drain_only: str | None = None


class Client:
    """One tablet with its store and its way to the server. Every method may raise Offline and be called again."""

    def __init__(self, store: Store, transport: Transport) -> None:
        self.store = store
        self.transport = transport
        self._refreshing = threading.Lock()

    # -- who I am

    def enrol(self, code: str) -> str:
        """Makes this a tablet of the utility, by a one-time code from the office; returns its name."""
        if self.store.fact("install_id") is None:
            self.store.remember(install_id=str(uuid.uuid4()))
        body = {
            "code": code,
            "install_id": self.store.fact("install_id"),
            "schema_version": SCHEMA_VERSION,
            "public_key": seal.public_key(self.store),
        }
        made = self.transport.send("POST", "/sync/v1/enrol", body=as_json(body)).json()
        self.store.remember(tablet_id=made["tablet_id"], tablet_key=made["tablet_key"], tablet_name=made["name"])
        return str(made["name"])

    def sign_in(self, login: str, password: str) -> dict[str, Any]:
        """Signs a person in on this tablet. Another's rows and unsent work are put away until they sign in again."""
        body = {"login": login, "password": password}
        if self.store.fact("tablet_id") is None:
            raise NotAllowed("Enrol this tablet first, with a code from the office.")
        body |= {"tablet_id": self.store.fact("tablet_id"), "tablet_key": self.store.fact("tablet_key")}
        session = self.transport.send("POST", "/auth/sign-in", body=as_json(body)).json()
        with self.store.transaction():
            people.change_hands(self.store, session["staff"])
            self._keep(session)
        return dict(session["staff"])

    def _keep(self, session: dict[str, Any]) -> None:
        self.store.remember(
            access_token=session["access_token"],
            refresh_token=session["refresh_token"],
            staff=session["staff"],
            viewing_until=session["viewing_until"],
            server_clock=clock.heard(self.store.clock, session["server_time"]),
        )

    def _refresh(self, stale: str | None) -> None:
        """New tokens. If the reply is lost the old refresh token is still ours, and is simply sent again."""
        with self._refreshing:
            if self.store.fact("access_token") != stale:
                return  # another thread was quicker
            token = self.store.fact("refresh_token")
            if token is None:
                raise SignInNeeded("nobody is signed in")
            try:
                answer = self.transport.send("POST", "/auth/refresh", body=as_json({"refresh_token": token}))
            except Refused as refused:
                if refused.status == 401:
                    raise SignInNeeded(refused.detail) from refused
                raise
            self._keep(answer.json())

    def _call(self, method: str, path: str, **how: Any) -> requests.Response:
        token = self.store.fact("access_token")
        try:
            if token is None:
                raise Refused(401, "not_signed_in", "no access token", {})
            return self.transport.send(method, path, token=token, **how)
        except Refused as refused:
            if refused.status != 401:
                raise
        self._refresh(token)
        return self.transport.send(method, path, token=self.store.fact("access_token"), **how)

    # -- what I did

    def push(self) -> int:
        """Sends what is unanswered, batch by batch; returns how many ops got an answer."""
        moved = 0
        while batch := outbox.next_batch(self.store):
            head = json.dumps({"beacon": outbox.beacon(self.store), "clock": outbox.clock(self.store)})
            body = '{"ops":[' + ",".join(batch) + "]," + head.removeprefix("{")
            before = self.store.clock.mono_ms()
            answer = self._call("POST", "/sync/v1/push", body=body.encode()).json()
            self.store.remember(
                server_clock=clock.heard(self.store.clock, answer["server_time"]),
                round_trip_ms=self.store.clock.mono_ms() - before,
            )
            taken = outbox.take_verdicts(self.store, answer["verdicts"])
            if not taken:
                raise Refused(200, "no_verdicts", "the server answered none of the ops", answer)
            moved += taken
        return moved

    def server_ops(self, after_n: int = 0) -> Iterator[dict[str, Any]]:
        """What the server has got from this tablet, in the order of n, with its verdicts."""
        after: int | None = after_n
        while after is not None:
            answer = self._call("GET", f"/sync/v1/ops?after_n={after}&limit={_ASK_AT_ONCE}").json()
            yield from answer["ops"]
            after = answer["next_after_n"]

    def ask(self) -> int:
        """Asks for the verdicts of ops that waited for an earlier one; returns how many came."""
        first = outbox.first_waiting(self.store)
        if first is None:
            return 0
        return outbox.take_verdicts(self.store, list(self.server_ops(first - 1)))

    def upload(self) -> int:
        """Sends the bytes of declared attachments; drops its own copy only when the server has exactly that."""
        return uploading.send_all(self.store, self._call)

    def fetch_maps(self) -> int:
        """Fetches the map packs that this tablet is to carry and lacks; how many."""
        return map_packs.fetch_all(self.store, self._call, self.transport.pieces)

    # -- what I am to know

    def pull(self) -> int:
        """Takes over what changed, whole or not at all, and proves the result; returns how many rows came."""
        return self._pull_once() + self.prove()

    def prove(self, *, every_row: bool = False) -> int:
        """Holds this tablet's rows against the server's digests, and has just those sent that differ; how many."""
        return integrity.prove(self.store, self._ask, every_row=every_row)

    def _ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._call("POST", path, body=as_json(body)).json()
        return answer

    def _pull_once(self) -> int:
        try:
            return self._pull()
        except Refused as refused:
            if refused.code not in ("history_changed", "invalid_cursor"):
                raise
            if pulling.forget_staged(self.store) and refused.code == "invalid_cursor":
                # Perhaps only the marks of the pull that broke off are not known any more.
                first_sync.do_without(self.store)
                return self._pull_once()
        # The server was restored, or no longer knows this cursor: fetch everything anew and keep the outbox.
        self.store.remember(cursor=None, history_id=None, complete=None, proved=None)
        return self._pull()

    def _pull(self) -> int:
        cursor = self.store.fact("cursor")
        answered = self.store.query("SELECT max(n) AS n FROM verdict")[0]["n"]
        if cursor is None:
            first_sync.stage_snapshots(self.store, self._call, self.transport.pieces)
        stream = None
        while stream is None:
            said = {"beacon": outbox.beacon(self.store), "clock": outbox.clock(self.store)}
            wish = {"cursor": cursor, "schema_version": SCHEMA_VERSION, **said}
            if marks := pulling.marks(self.store):
                wish["resume"] = marks
            response = self._call(
                "POST", "/sync/v1/pull", body=as_json(wish), stream=True, accept="application/x-ndjson"
            )
            if response.status_code == 204:
                response.close()
                with self.store.transaction() as db:
                    outbox.settle(db, answered or 0)
                return 0
            stream = pulling.stage(self.store, self.transport.lines(response))
        return pulling.apply(self.store, stream, whole=cursor is None)

    def listen(self) -> Iterator[int]:
        """Sequence numbers as the server pokes; ends when the server closes the stream.

        What changed since the last pull is poked at once, so nothing is missed between two streams.
        """
        seq = self.store.fact("seq")
        response = self._call("GET", "/sync/v1/stream", stream=True, accept="text/event-stream", last_event_id=seq)
        for line in self.transport.lines(response):
            if line.startswith(b"data:"):
                yield int(json.loads(line[5:])["seq"])

    def gate_code(self, service_point_id: str) -> str:
        """The secret of a place; it is shown and never stored."""
        answer = self._call("GET", f"/sync/v1/service-points/{service_point_id}/gate-code")
        return str(answer.json()["gate_code"])

    # -- the loop

    def sync(self) -> SyncReport:
        """One round: my work first, then theirs, then the heavy bytes."""
        report = SyncReport()
        steps: list[tuple[str, Callable[[], int]]] = [
            ("push", self.push),
            ("ask", self.ask),
            ("pull", self.pull),
            ("upload", self.upload),
            ("maps", lambda: self.fetch_maps() if map_packs.is_due(self.store, rows=report.rows) else 0),
        ]
        for name, step in steps:
            try:
                moved = step()
            except Refused as refused:
                if refused.code != "drain_only":
                    raise
                # This app is too old to be sent anything. What was done with it still goes out, photos too.
                report.drain_only, moved = refused.detail, 0
            report.steps.append(name)
            if name == "pull":
                report.rows += moved
            elif name == "upload":
                report.uploaded += moved
            elif name == "maps":
                report.packs += moved
            else:
                report.answered += moved
        return report
