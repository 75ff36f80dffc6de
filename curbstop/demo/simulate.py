"""Drives a running server with many reference tablets at once and counts what became of every op."""

import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from curbstop.demo import errands
from curbstop.demo.office import Desk, OfficeError
from curbstop.demo.people import Person, by_login, tablet_person
from curbstop.demo.summary import Step, Summary, Tell
from curbstop.tablet import Client, FieldWork, Offline, Store, Transport, outbox, view

THREADS = 16
ORDERS_A_DAY = 3
_TRIES = 6


@dataclass(slots=True)
class _Tally:
    """What all tablets together saw; added to by many threads."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    verdicts: Counter[str] = field(default_factory=Counter)
    took_s: dict[str, list[float]] = field(default_factory=dict)
    noted: int = 0
    lost: int = 0
    doubled: int = 0
    pulls: int = 0
    failed: list[str] = field(default_factory=list)

    def took(self, path: str, seconds: float) -> None:
        with self.lock:
            self.took_s.setdefault(path, []).append(seconds)


class _TimedTransport(Transport):
    """A transport that keeps how long each push and pull took until its answer began."""

    def __init__(self, base_url: str, tally: _Tally) -> None:
        super().__init__(base_url)
        self._tally = tally

    def send(self, method: str, path: str, **how: Any) -> requests.Response:
        began = time.monotonic()
        answer = super().send(method, path, **how)
        self._tally.took(path.partition("?")[0].rpartition("/")[2], time.monotonic() - began)
        return answer


@dataclass(slots=True)
class _Hand:
    """One technician with one tablet."""

    person: Person
    staff_id: str
    client: Client
    store: Store
    network: _TimedTransport
    chance: random.Random


def simulate(
    url: str,
    tablets: int = 200,
    days: int = 1,
    *,
    orders_a_day: int = ORDERS_A_DAY,
    loss: float = 0.2,
    seed: int = 1,
    threads: int = THREADS,
    progress: Tell | None = None,
) -> Summary:
    """Plays `days` days with `tablets` technicians against the server at `url`; `loss` of all pushes lose their answer.

    The utility's people (curbstop.demo.people) and enough service points must be there. The summary's counts are ops,
    verdicts (by kind), lost, doubled, pulls, and for push and pull p50_ms and p95_ms. Not ok: anything lost or doubled.
    """
    tally, summary = _Tally(), Summary()

    def say(title: str, detail: str, *, ok: bool = True) -> None:
        summary.steps.append(Step(title, detail, ok))
        if progress is not None:
            progress(summary.steps[-1])

    with tempfile.TemporaryDirectory(prefix="curbstop-tablets-") as folder, ThreadPoolExecutor(threads) as pool:
        office = _Office(url)
        try:
            numbers = range(1, tablets + 1)
            hands = list(pool.map(lambda n: _hand(office, n, Path(folder), seed, tally), numbers))
            say("Tablets enrolled", str(len(hands)))
            for day in range(1, days + 1):
                given = office.dispatch(hands, orders_a_day)
                list(pool.map(lambda hand: _guarded(tally, lambda: _work(hand, loss, tally)), hands))
                say(f"Day {day}", f"{given} orders; {tally.noted} ops noted so far", ok=not tally.failed)
            list(pool.map(lambda hand: _guarded(tally, lambda: _audit(hand, tally)), hands))
        except OfficeError as error:
            say("The office could not go on", str(error), ok=False)
        finally:
            office.close()
    summary.counts = _counts(tally)
    well = not tally.lost and not tally.doubled and not tally.failed
    said = f"{tally.noted} ops, {tally.lost} lost, {tally.doubled} doubled"
    say("Every op accounted for", "; ".join([said, *tally.failed[:3]]), ok=well)
    return summary


class _Office:
    """The office's side: people, codes, orders."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._desks = {login: Desk(url, by_login(login)) for login in ("amy", "sue", "carla", "dana")}
        self._lock = threading.Lock()
        self._places: Iterator[dict[str, Any]] | None = None

    def close(self) -> None:
        for desk in self._desks.values():
            desk.close()

    def hire(self, number: int) -> Person:
        """A technician of that number, there already or new."""
        person = tablet_person(number)
        with self._lock:
            try:
                self._desks["amy"].create(
                    "/staff", login=person.login, name=person.name, password=person.password,
                    roles=[role.value for role in person.roles], skills=list(person.skills),
                )  # fmt: skip
            except OfficeError as error:
                if error.code != "login_taken":
                    raise
        return person

    def code(self, name: str) -> str:
        with self._lock:
            return str(self._desks["sue"].create("/tablets/enrolment-codes", tablet_name=name)["code"])

    def dispatch(self, hands: Sequence[_Hand], each: int) -> int:
        """Gives every technician so many orders for today; returns how many there are."""
        carla, dana = self._desks["carla"], self._desks["dana"]
        if self._places is None:
            self._places = errands.places(carla)
        for hand in hands:
            for _ in range(each):
                order, _place = errands.order_somewhere(carla, self._places, "GEN", "Look at the lid.")
                errands.assign(dana, order, hand.staff_id)
        return each * len(hands)


def _hand(office: _Office, number: int, folder: Path, seed: int, tally: _Tally) -> _Hand:
    person = office.hire(number)
    network = _TimedTransport(office.url, tally)
    store = Store(folder / f"tablet-{number}.db")
    client = Client(store, network)
    client.enrol(office.code(f"Load {number}"))
    staff = client.sign_in(person.login, person.password)
    return _Hand(person, staff["id"], client, store, network, random.Random(seed * 100_000 + number))


def _guarded(tally: _Tally, play: Callable[[], None]) -> None:
    """One tablet's trouble is counted, and does not end the others' day."""
    try:
        play()
    except Exception as error:  # noqa: BLE001 - whatever it was, it is a failure of the run and is reported
        with tally.lock:
            tally.failed.append(f"{type(error).__name__}: {error}")


def _work(hand: _Hand, loss: float, tally: _Tally) -> None:
    """Pull, work without a network, push over a bad one, pull."""
    _pull(hand, tally)
    hand.network.online = False
    before = hand.store.fact("last_n") or 0
    work = FieldWork(hand.store)
    for order in view.orders(hand.store):
        if order["state"] == "dispatched":
            work.travel(order["id"])
            work.arrive(order["id"])
            work.complete(order["id"], "DONE", {"notes": "Lid is fine."})
    hand.network.online = True
    with tally.lock:
        tally.noted += (hand.store.fact("last_n") or 0) - before
    if hand.chance.random() < loss:
        hand.network.lose_replies = 1
    _patiently(hand.client.push)
    _pull(hand, tally)


def _pull(hand: _Hand, tally: _Tally) -> None:
    _patiently(hand.client.pull)
    with tally.lock:
        tally.pulls += 1


def _patiently(step: Callable[[], Any]) -> None:
    """Tries again as a tablet does, until it went through."""
    for left in range(_TRIES, 0, -1):
        try:
            step()
            return
        except Offline:
            if left == 1:
                raise
            time.sleep(0.05 * 2 ** (_TRIES - left))


def _audit(hand: _Hand, tally: _Tally) -> None:
    """Compares what the tablet noted with what the server says that it has."""
    hand.client.ask()
    mine = {verdict["op_id"]: verdict["verdict"] for verdict in outbox.verdicts(hand.store)}
    theirs = [(op["op_id"], op["verdict"]) for op in hand.client.server_ops()]
    with tally.lock:
        tally.verdicts.update(mine.values())
        tally.lost += outbox.unanswered(hand.store) + len(mine.keys() - dict(theirs).keys())
        tally.doubled += len(theirs) - len(dict(theirs))
        tally.doubled += sum(dict(theirs).get(op_id, verdict) != verdict for op_id, verdict in mine.items())
    hand.network.close()
    hand.store.close()


def _counts(tally: _Tally) -> dict[str, Any]:
    counts: dict[str, Any] = {
        "ops": tally.noted,
        "verdicts": dict(tally.verdicts),
        "lost": tally.lost,
        "doubled": tally.doubled,
        "pulls": tally.pulls,
        "tablets_in_trouble": len(tally.failed),
    }
    for name in ("push", "pull"):
        times = sorted(tally.took_s.get(name, ()))
        if len(times) > 1:
            parts = statistics.quantiles(times, n=20, method="inclusive")
            counts[f"{name}_p50_ms"] = round(1000 * parts[9], 1)
            counts[f"{name}_p95_ms"] = round(1000 * parts[18], 1)
    return counts
