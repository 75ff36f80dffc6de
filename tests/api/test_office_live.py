"""The office's live stream: what changed, to whom may see it, and on after a cut with nothing missed or told twice."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

import pytest
import requests
from sqlalchemy import select, update

from api.core import listeners, office_listeners
from api.core.tokens import Claims, Tokens
from curbstop.commands import change_log, dispatch, policies, service_levels, service_orders, staff
from curbstop.models import ChangeLog, ServiceOrder
from curbstop.models.base import utc_now
from curbstop.models.change_log import OFFICE
from tests.api.office import Office
from tests.api.served import PATIENCE_S, served
from tests.town import Town


class Event:
    """One event of a stream."""

    def __init__(self, text: str) -> None:
        said = dict(line.split(": ", 1) for line in text.split("\n"))
        self.id, self.name, self.data = said["id"], said["event"], json.loads(said["data"])

    def told(self) -> list[tuple[str, Any]]:
        """What it says of orders: (id, version), or (id, "gone")."""
        return [(one["id"], "gone" if one["gone"] else one["version"]) for one in self.data["orders"]]


class Stream:
    """An open stream, in the test's process or of a running server."""

    def __init__(self, pieces: Iterator[Any]) -> None:
        self.pieces, self.left = pieces, b""

    def next(self) -> Event:
        """The next event; comments and the first words are passed over."""
        while True:
            while b"\n\n" not in self.left:
                self.left += next(self.pieces)
            text, _, self.left = self.left.partition(b"\n\n")
            if text.startswith(b"id: "):
                return Event(text.decode())


@contextmanager
def listening(office: Office, name: str, last: str | None = None) -> Iterator[Stream]:
    headers = {"Last-Event-ID": last} if last is not None else {}
    response = office.as_(name).get("/dispatch/stream", headers=headers, buffered=False)
    assert response.status_code == 200, response.data
    yield Stream(iter(response.response))
    response.close()


@pytest.fixture(autouse=True)
def _short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "TICK_S", 0.05)


def edit(town: Town, order: UUID, words: str) -> int:
    """The office edits it; its version then."""
    with town.work("dana") as work:
        return service_orders.edit(work, order, {"instructions": words}, if_version=None).version


def test_each_change_of_an_order_is_told_with_little_more_than_its_id(office: Office, town: Town) -> None:
    with listening(office, "dana") as stream:
        ready = stream.next()
        assert (ready.name, ready.data) == ("ready", {"resumed": False})
        order = town.order("GEN", town.place())
        made = stream.next()
        [told] = made.data["orders"]
        assert set(told) == {"id", "version", "state", "technician_id", "scheduled_on", "due_at", "gone"}
        assert (made.name, told["id"], told["state"], told["technician_id"]) == ("orders", str(order), "ready", None)
        town.assign(order, "tom")
        [told] = stream.next().data["orders"]
        assert (told["version"], told["technician_id"]) == (2, str(town.staff["tom"]))
        assert told["scheduled_on"] == town.today.isoformat()


def test_orders_that_change_in_one_transaction_are_one_event(office: Office, town: Town) -> None:
    orders = [town.order("GEN", town.place()) for _ in range(5)]
    with listening(office, "dana") as stream:
        stream.next()
        with town.work("dana") as work:
            for order in orders:
                dispatch.assign(work, order, technician_id=town.staff["tom"], scheduled_on=town.today)
        assert stream.next().told() == [(str(order), 2) for order in orders]


def test_after_a_cut_it_goes_on_behind_the_last_event_that_arrived(office: Office, town: Town) -> None:
    first, second, third = (town.order("GEN", town.place()) for _ in range(3))
    with listening(office, "dana") as stream:
        stream.next()
        edit(town, first, "one")
        last = stream.next().id
    edit(town, second, "two")
    edit(town, first, "three")
    edit(town, first, "four")
    with listening(office, "dana", last) as stream:
        assert (stream.next().data, stream.next().told()) == (
            {"resumed": True}, [(str(second), 2), (str(first), 4)],
        )  # fmt: skip
        edit(town, third, "five")
        again = stream.next()
        assert again.told() == [(str(third), 2)]
    with listening(office, "dana", again.id) as stream:
        stream.next()
        edit(town, third, "six")
        assert stream.next().told() == [(str(third), 3)]


@pytest.mark.parametrize("last", ["no id", "00000000.5", "{history}.999999999", "{history}.", "{history}.-1", ""])
def test_a_place_that_is_not_known_means_to_load_anew(office: Office, town: Town, last: str) -> None:
    town.order("GEN", town.place())
    with listening(office, "dana") as stream:
        history = stream.next().id.split(".")[0]
    with listening(office, "dana", last.replace("{history}", history)) as stream:
        assert stream.next().data == {"resumed": False}
        assert (event := stream.next()).name == "reload"
        assert event.data == {"why": "gap"}


def test_what_was_forgotten_and_what_is_too_much_means_to_load_anew(
    office: Office, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [town.order("GEN", town.place()) for _ in range(4)]
    with listening(office, "dana") as stream:
        last = stream.next().id
    monkeypatch.setattr(office_listeners, "MOST", 3)
    for order in orders:
        edit(town, order, "new")
    with listening(office, "dana", last) as stream:
        assert [stream.next().name, stream.next().name] == ["ready", "reload"]
        edit(town, orders[0], "newer")
        assert stream.next().told() == [(str(orders[0]), 3)]
    with town.work() as work:
        work.session.execute(update(ChangeLog).values(recorded_at=utc_now().replace(year=2020)))
    with town.work() as work:
        assert change_log.forget_old(work) > 0
    with listening(office, "dana", last) as stream:
        assert [stream.next().name, stream.next().name] == ["ready", "reload"]


def test_a_reader_that_does_not_keep_up_is_told_to_load_anew(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office_listeners, "MOST_WAITING", 100)
    no_board = cast(listeners.Switchboard, None)
    slow = office_listeners.OfficeListener(no_board, office.actor("dana"))
    slow.told, slow.history = 7, "abc"
    for number in range(5):
        slow.say(office_listeners.event("orders", f"abc.{number}", {"orders": ["x" * 40]}))
    said = [slow.next_piece() for _ in range(len(slow.waiting))]
    assert said[0] is not None
    assert b"event: reload" in said[0]
    assert b"id: abc.7\n" in said[0]
    assert sum(map(len, filter(None, said))) < 300


def test_a_crew_lead_hears_of_the_crew_and_that_an_order_went_to_somebody_else(office: Office, town: Town) -> None:
    with listening(office, "lee") as stream:
        stream.next()
        others = town.order("GEN", town.place(), to="tom")
        order = town.order("GEN", town.place(), to="tess")
        assert stream.next().told() == [(str(order), 2)]
        town.assign(order, "tom")
        assert stream.next().told() == [(str(order), "gone")]
        edit(town, others, "not theirs")
        mine = town.order("GEN", town.place(), to="tess")
        assert stream.next().told() == [(str(mine), 2)]


def test_whoever_sees_no_orders_hears_of_none_and_whoever_leaves_hears_no_more(office: Office, town: Town) -> None:
    assert office.as_("ada").get("/dispatch/stream").json["code"] == "forbidden"
    with listening(office, "carla") as stream:
        stream.next()
        with town.work() as work:
            staff.edit(work, town.staff["carla"], {"active": False})
        with pytest.raises(StopIteration):
            stream.next()


def test_new_due_moments_and_new_rights_mean_to_load_anew(office: Office, town: Town) -> None:
    town.order("GEN", town.place())
    with listening(office, "dana") as stream:
        stream.next()
        with town.work("ada") as work:
            changes = {"service_levels": {"by_priority": {"4": "3 business days"}}}
            policies.edit(work, changes, reason="Faster.")
        with town.work() as work:
            assert service_levels.recompute(work) == 1
        event = stream.next()
        assert (event.name, event.data) == ("reload", {"why": "reckoned_anew"})
        with town.work() as work:
            staff.edit(work, town.staff["dana"], {"roles": ["DSP", "GIS"]})
        event = stream.next()
        assert (event.name, event.data) == ("reload", {"why": "rights"})


def test_no_tablet_is_poked_or_sent_anything_because_the_office_listens(office: Office, town: Town) -> None:
    order = town.order("GEN", town.place())
    rows = town.all(select(ChangeLog).where(ChangeLog.entity_id == order))
    assert [(row.bucket, row.kind, row.row_version) for row in rows] == [(OFFICE, "N", 1)]


def test_a_running_servers_stream_that_is_cut_again_and_again_tells_each_version_once(
    town: Town, office: Office
) -> None:
    """Over real connections, closed at any moment: what arrives is each last version, and none of them twice."""
    orders = [town.order("GEN", town.place()) for _ in range(3)]
    tokens = Tokens(office.settings.secret_key, office.settings.access_minutes)
    headers = {"Authorization": f"Bearer {tokens.access_token(Claims(town.staff['dana'], None), [])}"}
    seen: list[tuple[str, Any]] = []
    with served(office.settings) as server:
        last: dict[str, str] = {}
        for cut in range(8):
            answer = requests.get(
                f"{server.url}/dispatch/stream", headers={**headers, **last}, stream=True, timeout=PATIENCE_S
            )
            answer.raise_for_status()
            stream = Stream(answer.iter_content(None))
            ready = stream.next()
            assert ready.data["resumed"] is bool(last)
            last = last or {"Last-Event-ID": ready.id}
            # One while it listens, and more after it was cut.
            edit(town, orders[cut % 3], f"heard {cut}")
            before = len(seen)
            while (str(orders[cut % 3]), town.read_order(orders[cut % 3]).version) not in seen[before:]:
                event = stream.next()
                seen += event.told()
                last = {"Last-Event-ID": event.id}
            answer.close()
            for order in orders:
                edit(town, order, f"unheard {cut}")
            if cut == 4:
                server.kill_worker()
        answer = requests.get(
            f"{server.url}/dispatch/stream", headers={**headers, **last}, stream=True, timeout=PATIENCE_S
        )
        stream = Stream(answer.iter_content(None))
        assert stream.next().data == {"resumed": True}
        seen += stream.next().told()
        answer.close()
    assert len(seen) == len(set(seen))
    newest = {str(row.id): row.version for row in town.all(select(ServiceOrder))}
    assert {order: version for order, version in seen if newest[order] == version} == newest
