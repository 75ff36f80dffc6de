"""What a tablet can rely on, whatever the network and the office do meanwhile; against the real server."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from curbstop.models import OpLedger, OrderHistory, Reading, SyncHistory
from curbstop.tablet import NotAllowed, Offline, SignInNeeded, Store, outbox, view
from tests.tablet.conftest import NewTablet, Tablet
from tests.town import Place, Town

DONE: dict[str, Any] = {"read": "001234", "valve_state": "off"}


@pytest.fixture
def place(town: Town) -> Place:
    return town.place()


@pytest.fixture
def order_id(town: Town, place: Place) -> str:
    """A cut-off by request, assigned to Tom for today."""
    return str(town.order("CUT_OFF_REQ", place, to="tom"))


def _cut_off(tablet: Tablet, order_id: str, place: Place) -> None:
    tablet.work.travel(order_id)
    tablet.work.arrive(order_id)
    tablet.work.complete(order_id, "DONE", {**DONE, "serial_seen": place.serial})


def _rows(store: Store) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in store.query("SELECT entity_type, id, version, body FROM server_row ORDER BY 1, 2")]


def _verdicts(tablet: Tablet) -> list[str]:
    return [verdict["verdict"] for verdict in outbox.verdicts(tablet.store)]


def _count(town: Town, statement: Any) -> int:
    with town.sessions.read() as session:
        return int(session.scalar(statement) or 0)


def test_the_days_work_arrives_and_comes_back(town: Town, new_tablet: NewTablet, place: Place, order_id: str) -> None:
    tom = new_tablet("tom")
    tom.client.sync()
    assert [order["state"] for order in view.orders(tom.store)] == ["dispatched"]
    tom.network.online = False
    _cut_off(tom, order_id, place)
    with pytest.raises(Offline):
        tom.client.sync()
    tom.network.online = True
    assert tom.client.sync().answered == 3
    assert _verdicts(tom) == ["applied"] * 3
    assert town.read_order(UUID(order_id)).state == "completed"


def test_a_retry_after_a_lost_reply_gets_the_same_verdicts_and_one_effect(
    town: Town, new_tablet: NewTablet, place: Place, order_id: str
) -> None:
    tom = new_tablet("tom")
    tom.client.pull()
    _cut_off(tom, order_id, place)
    tom.network.lose_replies = 1
    with pytest.raises(Offline):
        tom.client.push()
    assert outbox.unanswered(tom.store) == 3
    with town.sessions.read() as session:
        first = {row.op_id: row.answer for row in session.execute(select(OpLedger.op_id, OpLedger.answer))}
    tom.client.push()
    second = {UUID(verdict["op_id"]): verdict["verdict"] for verdict in outbox.verdicts(tom.store)}
    assert {op_id: (answer or {})["verdict"] for op_id, answer in first.items()} == second
    completions = select(func.count()).select_from(OrderHistory).where(OrderHistory.event == "complete")
    assert _count(town, completions) == 1


def test_a_broken_pull_changes_nothing_and_the_next_one_makes_the_copies_equal(
    town: Town, new_tablet: NewTablet, order_id: str
) -> None:
    """Clause 4.2, I7, I15."""
    tom, twin = new_tablet("tom"), new_tablet("tom")
    tom.network.break_streams = 1
    with pytest.raises(Offline):
        tom.client.pull()
    assert _rows(tom.store) == []
    assert tom.store.fact("cursor") is None
    tom.client.pull()
    town.order("GEN", town.place(), to="tom")
    tom.network.break_streams = 1
    before = _rows(tom.store)
    with pytest.raises(Offline):
        tom.client.pull()
    assert _rows(tom.store) == before
    tom.client.pull()
    twin.client.pull()
    tom.client.pull()
    assert _rows(tom.store) == _rows(twin.store)


def test_nothing_new_is_said_without_rows(new_tablet: NewTablet, order_id: str) -> None:
    tom = new_tablet("tom")
    assert tom.client.pull() > 0
    assert tom.client.pull() == 0


def test_after_a_restored_backup_the_tablet_starts_anew_and_keeps_its_work(
    town: Town, new_tablet: NewTablet, place: Place, order_id: str
) -> None:
    """Clause 4.7, I18."""
    tom = new_tablet("tom")
    tom.client.pull()
    before, cursor = _rows(tom.store), tom.store.fact("cursor")
    _cut_off(tom, order_id, place)
    with town.sessions.write() as session:
        session.execute(update(SyncHistory).values(history_id=uuid4()))
    assert tom.client.pull() > 0
    assert tom.store.fact("cursor") != cursor
    assert _rows(tom.store) == before
    assert outbox.unanswered(tom.store) == 3
    tom.client.push()
    assert _verdicts(tom) == ["applied"] * 3


def test_work_done_offline_is_kept_when_the_order_was_given_to_somebody_else(
    town: Town, new_tablet: NewTablet, place: Place, order_id: str
) -> None:
    tom, tess = new_tablet("tom"), new_tablet("tess")
    tom.client.pull()
    tom.network.online = False
    _cut_off(tom, order_id, place)
    town.assign(UUID(order_id), "tess")
    tess.client.pull()
    tom.network.online = True
    tom.client.pull()
    seen = view.find(tom.store, "service_order", order_id)
    assert seen is not None
    assert seen["leaving"]
    assert seen["state"] == "completed"
    with pytest.raises(NotAllowed):
        tom.work.travel(order_id)
    tom.client.sync()
    # That he travelled no longer matters to the order; that he cut the water off does.
    assert _verdicts(tom) == ["superseded_noop", "superseded_noop", "applied"]
    assert town.read_order(UUID(order_id)).state == "completed"
    # Completion wins: the order is his again, and leaves her tablet.
    seen = view.find(tom.store, "service_order", order_id)
    assert seen is not None
    assert (seen["state"], seen["leaving"]) == ("completed", False)
    tess.client.sync()
    assert view.find(tess.store, "service_order", order_id) is None


def test_two_tablets_that_read_one_route_see_each_others_places_alike(town: Town, new_tablet: NewTablet) -> None:
    places = [town.place() for _ in range(4)]
    stops = [str(stop) for stop in town.route(places, to="tom")]
    tom, other = new_tablet("tom"), new_tablet("tom")
    tom.client.pull()
    other.client.pull()
    tom.work.read(stops[0], {str(places[0].register_id): "001100"})
    other.work.read(stops[1], {str(places[1].register_id): "001200"})
    other.work.skip(stops[2], "VEG", category="FOLIAGE", note="hedge over the box")
    for tablet in (tom, other, tom, other):
        tablet.client.sync()
    assert _rows(tom.store) == _rows(other.store)
    assert _count(town, select(func.count()).select_from(Reading).where(Reading.stop_visit_id.is_not(None))) == 2
    assert [stop.get("visit", {}).get("kind") for stop in view.stops(other.store)] == [None, "read", "skip", None]


def test_an_access_token_that_ended_is_renewed_in_passing(new_tablet: NewTablet, order_id: str) -> None:
    """Clause 2.4."""
    tom = new_tablet("tom")
    tom.store.remember(access_token="ended")
    assert tom.client.pull() > 0


def test_a_lost_reply_to_a_refresh_ends_no_session(
    new_tablet: NewTablet, order_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clause 2.3."""
    tom = new_tablet("tom")
    tom.store.remember(access_token="ended")
    before = tom.store.fact("refresh_token")
    send = tom.network.send

    def losing(method: str, path: str, **how: Any) -> Any:
        tom.network.lose_replies = int(path == "/auth/refresh")
        return send(method, path, **how)

    monkeypatch.setattr(tom.network, "send", losing)
    with pytest.raises(Offline):
        tom.client.pull()
    monkeypatch.undo()
    assert tom.store.fact("refresh_token") == before
    assert tom.client.pull() > 0


def test_a_session_that_ended_keeps_the_work(new_tablet: NewTablet, order_id: str) -> None:
    """Clause 2.4, I22."""
    tom = new_tablet("tom")
    tom.client.pull()
    tom.work.travel(order_id)
    tom.store.remember(access_token="ended", refresh_token="ended too")
    with pytest.raises(SignInNeeded):
        tom.client.sync()
    assert outbox.unanswered(tom.store) == 1


def test_the_photo_stays_on_the_tablet_until_the_server_has_exactly_it(
    town: Town, new_tablet: NewTablet, place: Place, order_id: str
) -> None:
    """Clauses 6.1, 6.2."""
    tom = new_tablet("tom")
    tom.client.pull()
    photo = tom.work.attach_photo(f"service_order/{order_id}", "photo_register", b"\xff\xd8 a picture")
    assert tom.client.upload() == 0
    tom.client.push()
    tom.network.lose_replies = 1
    with pytest.raises(Offline):
        tom.client.upload()
    assert tom.store.query("SELECT bytes FROM attachment WHERE attachment_id = ?", photo)[0]["bytes"]
    assert tom.client.upload() == 1
    assert tom.store.query("SELECT bytes FROM attachment WHERE attachment_id = ?", photo)[0]["bytes"] is None


def test_a_poke_comes_when_the_office_gives_an_order(town: Town, new_tablet: NewTablet) -> None:
    tom = new_tablet("tom")
    tom.client.pull()
    town.order("GEN", town.place(), to="tom")
    pokes = tom.client.listen()
    assert next(pokes) > tom.store.fact("seq")
    pokes.close()  # type: ignore[attr-defined] # a generator, as written
    tom.client.pull()
    assert len(view.orders(tom.store)) == 1
