"""The live stream: pokes whoever is concerned and nobody else, keeps no thread, and ends when it should.

These ask in the test's own process; tests/api/test_live_served.py asks a running server.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from api.core import listeners
from api.core.context import EXTENSION
from curbstop.commands import journal, routes, scope
from curbstop.commands.work import system_work
from curbstop.models.ids import new_id
from curbstop.models.route import RouteSession
from tests.api.office import Office
from tests.town import Town


class Stream:
    """An open stream; `next` gives the next event or comment."""

    def __init__(self, office: Office, name: str, tablet: Any = None, **headers: str) -> None:
        self.tablet = tablet or office.enrolled(name).tablet_id
        self.response = office.as_(name, tablet=self.tablet).get("/sync/v1/stream", headers=headers, buffered=False)
        self.parts: Iterator[Any] = iter(self.response.response)
        self.left = b""

    def first(self) -> bytes:
        while b"\n\n" not in self.left:
            self.left += next(self.parts)
        event, _, self.left = self.left.partition(b"\n\n")
        return event

    def begin(self) -> None:
        assert self.first().endswith(b": listening")

    def poke(self) -> int:
        event = self.first().decode()
        assert event.startswith("id: "), event
        return int(json.loads(event.split("data: ")[1])["seq"])

    def has_ended(self) -> bool:
        return self.left == b"" and list(self.parts) == []


def change(office: Office, name: str) -> int:
    """A row of somebody's bucket changes; its sequence number."""
    with office.sessions.write() as session:
        work = system_work(session, office.settings)
        bucket = scope.technician_bucket(office.ids[name])
        journal.record(work, [(bucket, "service_order", new_id(), journal.PUT, 1)])
    newest = office.app.extensions[EXTENSION].live.newest_in(frozenset({bucket}), 0)
    assert newest is not None
    return int(newest)


@pytest.fixture(autouse=True)
def _short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "TICK_S", 0.05)


@pytest.fixture
def tess(office: Office) -> Iterator[Stream]:
    stream = Stream(office, "tess")
    stream.begin()
    yield stream
    stream.response.close()


def test_a_change_in_my_bucket_pokes_me(office: Office, tess: Stream) -> None:
    """Clause 5.1."""
    assert tess.response.mimetype == "text/event-stream"
    for _ in range(3):
        seq = change(office, "tess")
        assert tess.poke() == seq


def test_a_change_of_somebody_elses_does_not(office: Office, tess: Stream) -> None:
    """Clause 5.1."""
    tom = Stream(office, "tom")
    tom.begin()
    seq = change(office, "tom")
    assert tom.poke() == seq
    # Had she been told of his, she would hear of that first.
    mine = change(office, "tess")
    assert tess.poke() == mine
    tom.response.close()


def test_what_was_missed_before_listening_is_poked_at_once(office: Office) -> None:
    """Clause 5.2."""
    seq = change(office, "tess")
    for last, missed in ((str(seq - 1), True), (str(seq), False), ("no number", False), ("9" * 19, False)):
        tess = Stream(office, "tess", **{"Last-Event-ID": last})
        tess.begin()
        if missed:
            assert tess.poke() == seq
        assert tess.left == b""
        tess.response.close()


def test_a_stream_begins_with_a_wait_that_differs(office: Office) -> None:
    """Clause 5.4."""
    waits = set()
    for _ in range(8):
        stream = Stream(office, "tess")
        wait, hello = stream.first().decode().split("\n")
        assert hello == ": listening"
        waits.add(int(wait.removeprefix("retry: ")))
        stream.response.close()
    assert len(waits) > 2
    assert min(waits) >= 1_000
    assert max(waits) <= 15_000


def test_a_silent_stream_says_that_it_lives(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clause 5.3."""
    monkeypatch.setattr(listeners, "KEEPALIVE_S", 0.2)
    tess = Stream(office, "tess")
    tess.begin()
    assert [tess.first() for _ in range(3)] == [b": alive"] * 3
    tess.response.close()


def test_streams_that_began_together_do_not_end_together(office: Office) -> None:
    """Clause 5.4."""
    live = office.app.extensions[EXTENSION].live
    opened = [
        live.open(office.ids["tess"], office.enrolled(f"T{n}").tablet_id, frozenset(), after=None) for n in range(8)
    ]
    lives = {round(one.ends_at - one.said_at) for one in opened}
    assert len(lives) > 2
    assert min(lives) >= 539
    assert max(lives) <= 600
    for one in opened:
        one.board.drop(one)


def test_a_stream_ends_after_its_time(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clause 5.4."""
    monkeypatch.setattr(listeners, "LONGEST_S", 0.2)
    tess = Stream(office, "tess")
    tess.begin()
    assert tess.has_ended()


def test_there_are_never_too_many_listeners(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clause 5.6."""
    live = office.app.extensions[EXTENSION].live
    monkeypatch.setattr(live, "_most", 2)
    streams = [Stream(office, "tess"), Stream(office, "tess")]
    refused = office.as_("tess", tablet=streams[0].tablet).get("/sync/v1/stream")
    assert (refused.status_code, refused.json["code"]) == (503, "unavailable")
    assert 15 <= int(refused.headers["Retry-After"]) <= 45
    for stream in streams:
        stream.begin()
        stream.response.close()
    again = None
    while again is None or again.response.status_code == 503:
        # The streams' thread hears of a closed one by itself.
        again = Stream(office, "tess")
    again.begin()
    again.response.close()


def test_a_new_route_pokes_and_is_listened_to(town: Town, office: Office) -> None:
    """Clause 5.5."""
    tess = Stream(office, "tess")
    tess.begin()
    town.route([town.place()], to="tess")
    begun = tess.poke()
    with town.work() as work:
        session = work.session.scalars(select(RouteSession)).one()
        bucket = scope.route_bucket(session.route_version_id)
        journal.record(work, [(bucket, "stop", new_id(), journal.PUT, 1)])
    there = tess.poke()
    assert there > begun
    with town.work("sue") as work:
        routes.close_session(work, session.id)
    assert tess.poke() > there
    tess.response.close()


def test_a_revoked_tablet_hears_no_more(office: Office, tess: Stream) -> None:
    """Clause 5.5."""
    row = office.as_("sue").get("/tablets").json["items"][0]
    office.as_("sue").send("POST", f"/tablets/{row['id']}/revoke", version=row["version"])
    assert tess.has_ended()


def test_somebody_who_has_left_hears_no_more(office: Office, tess: Stream) -> None:
    """Clause 5.5."""
    row = office.as_("ada").get(f"/staff/{office.ids['tess']}").json
    edited = office.as_("ada").patch(f"/staff/{row['id']}", {"active": False}, version=row["version"])
    assert edited.status_code == 200
    assert tess.has_ended()


def test_signing_out_ends_the_stream(office: Office) -> None:
    """Clause 5.5."""
    office.give_password("tess")
    tablet = office.enrolled()
    with_password = {"login": "tess", "password": "correct horse battery"}
    on_tablet = {"tablet_id": str(tablet.tablet_id), "tablet_key": tablet.tablet_key}
    signed_in = office.anyone().send("POST", "/auth/sign-in", json=with_password | on_tablet).json
    tess = Stream(office, "tess", tablet.tablet_id)
    tess.begin()
    office.anyone().send("POST", "/auth/sign-out", json={"refresh_token": signed_in["refresh_token"]})
    assert tess.has_ended()
    tess.response.close()


def test_only_a_tablet_listens(office: Office) -> None:
    """Clause 1.2."""
    assert office.as_("tess").get("/sync/v1/stream").json["code"] == "tablet_required"
    tablet = office.enrolled().tablet_id
    assert office.as_("dana", tablet=tablet).get("/sync/v1/stream").json["code"] == "forbidden"


def test_asking_for_the_head_alone_opens_nothing(office: Office) -> None:
    answer = office.as_("tess", tablet=office.enrolled().tablet_id).send("HEAD", "/sync/v1/stream")
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "text/event-stream", b"")
    assert office.app.extensions[EXTENSION].live.count() == 0
