"""Live: from a commit to the poke, five hundred listeners, and five hundred tablets that pull at once.

The load is in a process of its own (`bench.fleet`); clocks agree, for both read the machine's monotonic one.
"""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median

import requests
from sqlalchemy import insert, select

from bench import city, crew
from bench.crew import Member
from bench.figures import Figure, figure
from bench.fleet import Fleet, Plan, fleet
from bench.place import Database, Place, api, database, memory_mb, served, signed_in
from bench.search import typed
from curbstop.commands import journal
from curbstop.commands.scope import REFERENCE, technician_bucket
from curbstop.domain.permissions import Role
from curbstop.models.change_log import ChangeLog
from curbstop.models.ids import new_id

POKES = ("sync.commit_to_poke", "sync.commit_to_poke_beside")
LISTENING = ("sync.listeners_500", "sync.listeners_500_memory")
STORM = ("sync.storm_500", "sync.storm_search")
LISTENERS = 40
COMMITS_A_SECOND = 15
ROUNDS = 20
STOPS = 1_000
STORM_S = 60.0
# Clause 5.4: so long, by chance, a tablet waits before it comes back.
WAIT_S = (1.0, 15.0)


def measure_pokes(place: Place) -> Iterator[Figure]:
    """The slowest hundredth of commits, in quiet, and beside a transaction that stays open the whole time."""
    seconds = place.amount(60, 5)
    with database(place) as base:
        people = crew.hire(base, LISTENERS)
        with api(base) as url:
            quiet = _pokes(base, url, people, seconds)
            with _open_transaction(base):
                beside = _pokes(base, url, people, seconds)
    yield figure(POKES[0], place, quiet, unit="ms", better="lower", bar=250)
    yield figure(POKES[1], place, beside, unit="ms", better="lower", bar=1.5, baseline=quiet)


def _pokes(base: Database, url: str, people: Sequence[Member], seconds: int) -> float:
    """Commits one after the other, each to somebody's bucket; the 99th percentile in milliseconds."""
    committed: list[tuple[int, int, float]] = []
    with fleet(_listening(url, people, seconds + 60)) as listening:
        listening.ready()
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            number = random.randrange(len(people))
            at = _change(base, technician_bucket(people[number].staff_id))
            committed.append((number, _newest(base), at))
            time.sleep(random.uniform(0, 2 / COMMITS_A_SECOND))
        heard = _heard(listening)
    late = sorted(_first(heard[number], seq) - at for number, seq, at in committed)
    return late[int(len(late) * 0.99)] * 1000


def measure_listeners(place: Place) -> Iterator[Figure]:
    """Something that concerns everybody: until the last of them has heard; and what the listeners cost."""
    with database(place) as base:
        people = crew.hire(base, place.amount(500, 100))
        with served(base) as (url, pid):
            before = memory_mb(pid)
            with fleet(_listening(url, people, 300)) as listening:
                listening.ready()
                after = memory_mb(pid)
                committed = []
                for _ in range(ROUNDS):
                    at = _change(base, REFERENCE)
                    committed.append((_newest(base), at))
                    time.sleep(0.5)
                heard = _heard(listening)
    assert len(heard) == len(people), "somebody was not poked"
    slowest = [max(_first(times, seq) for times in heard.values()) - at for seq, at in committed]
    yield figure(LISTENING[0], place, median(slowest) * 1000, unit="ms", better="lower", bar=250)
    yield figure(LISTENING[1], place, after - before, unit="MB", better="lower")


def measure_storm(place: Place) -> Iterator[Figure]:
    """Everybody pulls everything, having waited as clause 5.4 has it, while the office searches."""
    count = place.amount(25, 5)
    with database(place) as base:
        houses = city.build(base, STOPS * count)
        people = crew.hire(base, place.amount(500, 100))
        crew.give_routes(base, people, stops=STOPS, count=count)
        base.settle()
        with api(base, CURBSTOP_API_PROCESSES=place.processes) as url, signed_in(base, url, Role.CSR) as office:
            plan = {**_plan(url, people), "task": "storm", "wait_s": WAIT_S, "seconds": 4 * STORM_S}
            with fleet(plan) as storming, _searching(office, url, houses) as took:
                seen = storming.ended()
    assert not seen["failed"], seen["failed"][:3]
    assert [rows for _, _, rows, _ in seen["pulls"] if rows < 2 * STOPS] == [], "a tablet got too little"
    assert len(seen["pulls"]) == len(people)
    last = max(ended for _, ended, _, _ in seen["pulls"])
    yield figure(STORM[0], place, last, unit="s", better="lower", bar=STORM_S)
    yield figure(STORM[1], place, sorted(took)[int(len(took) * 0.95)] * 1000, unit="ms", better="lower", bar=300)


@contextmanager
def _searching(office: requests.Session, url: str, houses: list[city.Household]) -> Iterator[list[float]]:
    """Five searches a second until the block ends; how long each took, in seconds."""
    took: list[float] = []
    over = threading.Event()

    def search() -> None:
        for query in typed(houses, 10_000):
            began = time.monotonic()
            office.get(f"{url}/search", params={"q": query}, timeout=120).raise_for_status()
            took.append(time.monotonic() - began)
            if over.wait(max(0.0, 0.2 - took[-1])):
                return

    thread = threading.Thread(target=search)
    thread.start()
    try:
        yield took
    finally:
        over.set()
        thread.join()


@contextmanager
def _open_transaction(base: Database) -> Iterator[None]:
    """One that has written and does not end. SQLite has one writer, so there it has read, and keeps its snapshot."""
    if base.sessions.is_sqlite:
        with base.sessions.read() as session:
            session.execute(select(ChangeLog.id).limit(1)).all()
            yield
        return
    with base.sessions.engine.connect() as connection:
        connection.execute(insert(ChangeLog), [_row("bench")])
        yield
        connection.rollback()


def _change(base: Database, bucket: str) -> float:
    """A change in the bucket; when it was committed."""
    with base.work() as work:
        journal.record(work, [(bucket, "service_order", new_id(), journal.NOTICE, 1)])
    return time.monotonic()


def _row(bucket: str) -> dict[str, object]:
    return {"bucket": bucket, "entity_type": "service_order", "entity_id": new_id(), "kind": "N", "row_version": 1}


def _newest(base: Database) -> int:
    with base.sessions.read() as session:
        statement = select(ChangeLog.seq).where(ChangeLog.seq.is_not(None)).order_by(ChangeLog.seq.desc()).limit(1)
        return session.scalars(statement).one()  # type: ignore[return-value] # asked for above


def _plan(url: str, people: Sequence[Member]) -> Plan:
    host, _, port = url.removeprefix("http://").partition(":")
    return {"host": host, "port": int(port), "tokens": [one.token for one in people]}


def _listening(url: str, people: Sequence[Member], seconds: int) -> Plan:
    return {**_plan(url, people), "task": "listen", "seconds": seconds}


def _heard(listening: Fleet) -> dict[int, list[tuple[int, float]]]:
    """What each listener heard, in order; the last pokes are given time to arrive."""
    time.sleep(1)
    by_listener: dict[int, list[tuple[int, float]]] = {}
    for number, seq, at in listening.ended(stop=True)["heard"]:
        by_listener.setdefault(number, []).append((seq, at))
    return by_listener


def _first(heard: Sequence[tuple[int, float]], seq: int) -> float:
    """When the first poke came that covers the change."""
    return next(at for poked, at in heard if poked >= seq)
