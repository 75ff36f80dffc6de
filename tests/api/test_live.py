"""The live stream: pokes whoever is concerned, nobody else, and never more listeners than threads allow."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from api import live
from api.core.context import EXTENSION
from curbstop.commands import journal, scope
from curbstop.commands.work import system_work
from curbstop.models.ids import new_id
from tests.api.office import Office


class Stream:
    """An open stream; `next` gives the next poke's seq, comments aside."""

    def __init__(self, office: Office, name: str, **headers: str) -> None:
        tablet = office.enrolled(name).tablet_id
        self.response = office.as_(name, tablet=tablet).get("/sync/v1/stream", headers=headers, buffered=False)
        self.parts: Iterator[Any] = iter(self.response.response)

    def first(self) -> bytes:
        return bytes(next(self.parts))

    def poke(self) -> int:
        event = self.first().decode()
        assert event.startswith("id: "), event
        return int(json.loads(event.split("data: ")[1])["seq"])


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
def _short_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "KEEPALIVE_S", 3.0)


def test_a_change_in_my_bucket_pokes_me(office: Office) -> None:
    tess = Stream(office, "tess")
    assert tess.response.mimetype == "text/event-stream"
    assert tess.first() == b": listening\n\n"
    for _ in range(3):
        seq = change(office, "tess")
        assert tess.poke() == seq
    tess.response.close()


def test_a_change_of_somebody_elses_does_not(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    tess, tom = Stream(office, "tess"), Stream(office, "tom")
    tess.first(), tom.first()
    seq = change(office, "tom")
    assert tom.poke() == seq
    monkeypatch.setattr(live, "KEEPALIVE_S", 0.3)
    assert tess.first() == b": alive\n\n"
    tess.response.close()
    tom.response.close()


def test_what_was_missed_before_listening_is_poked_at_once(office: Office) -> None:
    seq = change(office, "tess")
    tess = Stream(office, "tess", **{"Last-Event-ID": str(seq - 1)})
    tess.first()
    assert tess.poke() == seq
    tess.response.close()


def test_there_are_never_too_many_listeners(office: Office) -> None:
    most = office.settings.api_threads // 2
    tablet = office.enrolled().tablet_id
    tess = office.as_("tess", tablet=tablet)
    streams = [tess.get("/sync/v1/stream", buffered=False) for _ in range(most)]
    full = tess.get("/sync/v1/stream")
    assert (full.status_code, full.json["code"]) == (503, "unavailable")
    assert full.headers["Retry-After"] == "30"
    for stream in streams:
        stream.close()
    again = tess.get("/sync/v1/stream", buffered=False)
    assert again.status_code == 200
    again.close()


def test_a_revoked_tablet_hears_no_more(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    tess = Stream(office, "tess")
    tess.first()
    row = office.as_("sue").get("/tablets").json["items"][0]
    office.as_("sue").send("POST", f"/tablets/{row['id']}/revoke", version=row["version"])
    change(office, "tess")
    assert list(tess.parts) == []
    tess.response.close()


def test_only_a_tablet_listens(office: Office) -> None:
    assert office.as_("tess").get("/sync/v1/stream").json["code"] == "tablet_required"
    tablet = office.enrolled().tablet_id
    assert office.as_("dana", tablet=tablet).get("/sync/v1/stream").json["code"] == "forbidden"
