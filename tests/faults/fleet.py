"""Technicians with reference tablets and an office that never sits still, each behind a bad line, each by its own seed.

What a technician does next follows from the seed and from what the tablet shows; `Technician.noted` keeps every op at
the moment it is made, which is what the accounts at the end are held against.
"""

import contextlib
import random
import threading
import uuid
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import requests

from curbstop.tablet import Client, FieldWork, NotAllowed, Offline, Refused, Store, Transport, outbox, view
from curbstop.tablet.transport import is_whole
from tests.faults.proxy import Lane

PASSWORD = "water under the bridge"
BUSY = frozenset({429, 500, 502, 503, 504})
PHOTO = b"\xff\xd8\xff" + b"a photo, not a very good one " * 40
OPEN = ("dispatched", "en_route", "on_site", "suspended")


@dataclass
class Technician:
    """One person with one tablet. `complaints` is what must not happen to them."""

    login: str
    lane: Lane
    folder: Path
    seed: int
    work_share: float = 0.6
    noted: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    rounds: int = 0

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.seed}/{self.login}")
        self.store = Store(self.folder / f"{self.login}.db")
        self.network = Transport(self.lane.url, patience_s=(5.0, 30.0))
        self.client = Client(self.store, self.network)
        self.field = FieldWork(self.store)

    def close(self) -> None:
        self.network.close()
        self.store.close()

    @property
    def staff_id(self) -> uuid.UUID:
        return uuid.UUID(self.store.fact("staff")["id"])

    @property
    def tablet_id(self) -> uuid.UUID:
        return uuid.UUID(self.store.fact("tablet_id"))

    def begin(self, code: str) -> None:
        """Enrols and signs in, however often the line breaks meanwhile."""
        self.insist(lambda: self.client.enrol(code))
        self.insist(lambda: self.client.sign_in(self.login, PASSWORD))

    def insist(self, step: Any, tries: int = 60) -> None:
        for left in reversed(range(tries)):
            try:
                step()
                return
            except Offline:
                if not left:
                    raise
            except Refused as refused:
                if refused.status not in BUSY or not left:
                    raise
            threading.Event().wait(0.05 * self.chance.random())

    def sync(self) -> bool:
        """One round of the loop; False when the line or the server was away, which is no complaint."""
        try:
            self.client.sync()
        except Offline:
            return False
        except Refused as refused:
            if refused.status not in BUSY:
                self.complaints.append(f"{self.login} was refused: {refused}")
            return False
        self.rounds += 1
        return True

    def day(self, stop: threading.Event) -> None:
        """Works and syncs until it is evening. Whatever goes wrong is kept: a thread has nobody to tell."""
        try:
            while not stop.is_set():
                if self.chance.random() < self.work_share:
                    self.do_something()
                else:
                    self.sync()
                stop.wait(self.chance.random() * 0.05)
        except Exception as error:  # noqa: BLE001 - it is reported as a complaint, with its kind
            self.complaints.append(f"{self.login}: {type(error).__name__}: {error}")

    def evening(self, patience: int = 200) -> None:
        """Syncs until nothing is unanswered and a pull brings nothing new."""
        for _ in range(patience):
            if not self.sync() or outbox.unanswered(self.store):
                threading.Event().wait(0.05)
                continue
            try:
                if not self.client.pull():
                    return
            except (Offline, Refused):
                continue
        self.complaints.append(f"{self.login} still has {outbox.unanswered(self.store)} ops without an answer")

    # -- the work

    def do_something(self) -> None:
        before = self.store.fact("last_n") or 0
        with contextlib.suppress(NotAllowed):  # the tablet itself said no; nothing was noted
            self.chance.choice([self._order, self._order, self._order, self._stop, self._place])()
        for row in self.store.query("SELECT op_id FROM outbox WHERE n > ? ORDER BY n", before):
            self.noted.append(row["op_id"])

    def _order(self) -> None:
        orders = [order for order in view.orders(self.store) if order["state"] in OPEN and not order["leaving"]]
        recalled = [order for order in view.orders(self.store) if order["state"] == "recall_pending"]
        if recalled:
            self.field.acknowledge_recall(self.chance.choice(recalled)["id"])
            return
        if not orders:
            return
        order = self.chance.choice(orders)
        step = self.chance.choice(["travel", "arrive", "suspend", "resume", "photo", "complete", "complete", "return"])
        if step == "complete":
            self.field.complete(order["id"], "DONE", {"notes": f"Looked at by {self.login}"})
        elif step == "return":
            self.field.return_(order["id"], "NO_ACCESS_DOG")
        elif step == "suspend":
            self.field.suspend(order["id"], "interrupted")
        elif step == "photo":
            self.field.attach_photo(f"service_order/{order['id']}", "before", PHOTO + self.chance.randbytes(8))
        else:
            getattr(self.field, step)(order["id"])

    def _stop(self) -> None:
        stops = [stop for stop in view.stops(self.store) if not stop["leaving"] and not stop.get("visit")]
        if not stops:
            return
        stop = self.chance.choice(stops)
        place = view.find(self.store, "service_point", stop["service_point_id"])
        if place is None or self.chance.random() < 0.2:
            self.field.skip(stop["id"], "GATE")
        else:
            registers = [one["register_id"] for meter in place["meters"] for one in meter["registers"]]
            self.field.read(stop["id"], {one: f"{self.chance.randint(1000, 9999):06d}" for one in registers})

    def _place(self) -> None:
        places = [place for place in view.every(self.store, "service_point") if not place["leaving"]]
        if not places:
            return
        place = self.chance.choice(places)
        if self.chance.random() < 0.3:
            self.field.create("GEN", place["id"], instructions=f"Found by {self.login}")
        else:
            self.field.edit_place(place["id"], access_notes=f"{self.login} {self.chance.randint(0, 10**9)}")


@dataclass
class Desk:
    """The office over HTTP: assigns, moves, edits, recalls and creates orders. A request is repeated until answered."""

    lane: Lane
    login: str
    seed: int
    today: date
    technicians: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)  # the instructions, each unique, of orders that were answered 201
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.seed}/{self.login}")
        self.session = requests.Session()
        self.session.trust_env = False

    def begin(self) -> None:
        """Signs in; also when the token has run out."""
        answer = self._insist("POST", "/auth/sign-in", {"login": self.login, "password": PASSWORD})
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def close(self) -> None:
        self.session.close()

    def day(self, stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                self.do_something()
                stop.wait(self.chance.random() * 0.1)
        except Exception as error:  # noqa: BLE001 - it is reported as a complaint, with its kind
            self.complaints.append(f"the office: {type(error).__name__}: {error}")

    def do_something(self) -> None:
        deed = self.chance.choice([self._create, self._move, self._move, self._edit, self._recall])
        deed()

    def _create(self) -> None:
        text = f"order {self.login} {self.chance.randint(0, 10**12)}"
        body = {"type_code": "GEN", "service_point_id": self.chance.choice(self.places), "instructions": text}
        answer = self._insist("POST", "/service-orders", body | {"override_duplicate": True, "reason": "one more"})
        if answer.status_code == 201:
            self.created.append(text)
            self.orders.append(answer.json()["id"])
            self._assign(self.orders[-1])

    def _move(self) -> None:
        if self.orders:
            self._assign(self.chance.choice(self.orders))

    def _assign(self, order: str) -> None:
        body = {"technician_id": self.chance.choice(self.technicians), "scheduled_on": self.today.isoformat()}
        self._insist("POST", f"/service-orders/{order}/assign", body)

    def _edit(self) -> None:
        if self.orders:
            order = self.chance.choice(self.orders)
            self._insist("PATCH", f"/service-orders/{order}", {"priority": self.chance.randint(1, 5)})

    def _recall(self) -> None:
        if self.orders and self.chance.random() < 0.3:
            order = self.chance.choice(self.orders)
            self._insist("POST", f"/service-orders/{order}/recall", {"reason": "changed plans"})

    def _insist(self, method: str, path: str, body: dict[str, Any], tries: int = 80) -> requests.Response:
        headers = {"Idempotency-Key": str(uuid.UUID(int=self.chance.getrandbits(128), version=4)), "If-Match": "*"}
        for left in reversed(range(tries)):
            try:
                answer = self.session.request(method, self.lane.url + path, json=body, headers=headers, timeout=30)
                if not is_whole(answer):
                    raise requests.ConnectionError("the answer broke off")
                if answer.status_code == 401 and path != "/auth/sign-in":
                    self.begin()
                elif answer.status_code not in BUSY:
                    if answer.status_code in (400, 401, 403, 404, 428):
                        self.complaints.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
                    return answer
                last = f"{answer.status_code} {answer.text[:200]}"
            except requests.RequestException as error:
                last = type(error).__name__
            if not left:
                raise RuntimeError(f"{method} {path} got no answer: {last}")
            threading.Event().wait(0.1)
        raise AssertionError
