"""What goes bad on a tablet is found and mended by sending just the rows concerned."""

import json
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from curbstop.commands import routes, service_points
from curbstop.models import RouteSession, ServicePoint
from curbstop.models.ids import new_id
from curbstop.tablet import Offline, Store, integrity
from tests.tablet.conftest import NewTablet, Tablet
from tests.town import Place, Town

Copy = list[tuple[Any, ...]]


@pytest.fixture
def places(town: Town) -> list[Place]:
    """A route that Tom walks, with an order at its first place, so that one row is in two buckets."""
    places = [town.place() for _ in range(40)]
    town.route(places, to="tom")
    town.order("GEN", places[0], to="tom")
    return places


@pytest.fixture
def tablet(new_tablet: NewTablet, places: list[Place]) -> Tablet:
    tablet = new_tablet("tom")
    tablet.client.sync()
    return tablet


def _copy(store: Store) -> tuple[Copy, Copy]:
    """Everything that the tablet holds."""
    rows = store.query("SELECT * FROM server_row ORDER BY entity_type, id")
    held = store.query("SELECT * FROM bucket_row ORDER BY bucket, entity_type, id")
    return [tuple(row) for row in rows], [tuple(row) for row in held]


@contextmanager
def _listening(tablet: Tablet, heard: list[tuple[str, dict[str, Any]]]) -> Any:
    """Notes what is asked for under /sync/v1."""
    send = tablet.network.send

    def noting(method: str, path: str, **how: Any) -> Any:
        if how.get("body"):
            heard.append((path, json.loads(how["body"])))
        return send(method, path, **how)

    tablet.network.send = noting  # type: ignore[method-assign]
    try:
        yield
    finally:
        tablet.network.send = send  # type: ignore[method-assign]


def _lose(store: Store, row: Any) -> None:
    store.query("DELETE FROM server_row WHERE entity_type = ? AND id = ?", row["entity_type"], row["id"])


def _let_go(store: Store, row: Any) -> None:
    store.query("DELETE FROM bucket_row WHERE entity_type = ? AND id = ?", row["entity_type"], row["id"])


def _age(store: Store, row: Any) -> None:
    _set(store, row, "version", row["version"] + 1)


def _garble(store: Store, row: Any) -> None:
    _set(store, row, "body", row["body"].replace("e", "3", 1))


def _cut(store: Store, row: Any) -> None:
    _set(store, row, "body", row["body"][: len(row["body"]) // 2])


def _rename(store: Store, row: Any) -> None:
    _set(store, row, "id", str(new_id()))


def _misname(store: Store, row: Any) -> None:
    _set(store, row, "id", "\x00 not an id")


def _retype(store: Store, row: Any) -> None:
    _set(store, row, "entity_type", "x" * 50)


def _text_for_a_number(store: Store, row: Any) -> None:
    _set(store, row, "version", "three")


def _one_too_many(store: Store, row: Any) -> None:
    made = str(new_id())
    store.query(
        "INSERT INTO server_row SELECT entity_type, ?, version, body, leaving, body_crc FROM server_row"
        " WHERE entity_type = ? AND id = ?",
        made, row["entity_type"], row["id"],
    )  # fmt: skip
    store.query("INSERT INTO bucket_row VALUES ('ref', ?, ?)", row["entity_type"], made)


def _set(store: Store, row: Any, column: str, value: Any) -> None:
    store.query(
        f"UPDATE server_row SET {column} = ? WHERE entity_type = ? AND id = ?", value, row["entity_type"], row["id"]
    )


DAMAGE: dict[str, Callable[[Store, Any], None]] = {
    one.__name__: one
    for one in (
        _lose, _let_go, _age, _garble, _cut, _rename, _misname, _retype, _text_for_a_number, _one_too_many,
    )
}  # fmt: skip


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_damage_to_any_row_is_found_and_mended_by_sending_that_row(tablet: Tablet, data: st.DataObject) -> None:
    """Clauses 8.3 to 8.6, I14."""
    before = _copy(tablet.store)
    rows = tablet.store.query("SELECT * FROM server_row ORDER BY entity_type, id")
    row = data.draw(st.sampled_from(rows), label="row")
    kind = data.draw(st.sampled_from(sorted(DAMAGE)), label="damage")
    DAMAGE[kind](tablet.store, row)
    heard: list[tuple[str, dict[str, Any]]] = []
    with _listening(tablet, heard):
        came = tablet.client.prove(every_row=True)
    assert _copy(tablet.store) == before
    assert tablet.store.fact("complete") is True
    # A row is in two buckets at most, and a stray one beside it is named gone.
    assert 1 <= came <= 3
    endings = row["id"].replace("-", "")
    ranges = [one for path, body in heard if path.endswith("/repair") for one in body["ranges"]]
    assert ranges
    if kind not in ("_rename", "_one_too_many"):
        assert all(endings.endswith(one) for one in ranges)


def test_the_next_pull_finds_it_without_being_told_to_look(town: Town, tablet: Tablet, places: list[Place]) -> None:
    """Clause 8.3: at every checkpoint."""
    [row] = tablet.store.query("SELECT * FROM server_row WHERE id = ?", str(places[5].id))
    _lose(tablet.store, row)
    with town.work("sue") as work:
        service_points.edit(work, places[6].id, {"access_notes": "New gate"}, if_version=None)
    assert tablet.client.pull() == 2, "the edit, and the lost row"
    assert tablet.store.server_row("service_point", str(places[5].id)) is not None


def test_rows_that_change_meanwhile_are_left_to_the_next_pull(town: Town, tablet: Tablet, places: list[Place]) -> None:
    """Clause 8.5: the comparison is of the tablet's moment, though the server has gone on."""
    before = _copy(tablet.store)
    [row] = tablet.store.query("SELECT * FROM server_row WHERE id = ?", str(places[5].id))
    _garble(tablet.store, row)
    with town.work("sue") as work:
        service_points.edit(work, places[6].id, {"access_notes": "New gate"}, if_version=None)
    assert tablet.client.prove(every_row=True) == 1
    assert _copy(tablet.store) == before, "as it was at the cursor, without the edit of later"
    tablet.client.pull()
    kept = tablet.store.server_row("service_point", str(places[6].id))
    assert kept is not None
    assert kept[2]["access_notes"] == "New gate"


def test_a_damaged_row_that_changes_meanwhile_comes_with_the_next_pull(
    town: Town, tablet: Tablet, places: list[Place]
) -> None:
    """Clause 8.5."""
    [row] = tablet.store.query("SELECT * FROM server_row WHERE id = ?", str(places[5].id))
    _garble(tablet.store, row)
    with town.work("sue") as work:
        service_points.edit(work, places[5].id, {"access_notes": "New gate"}, if_version=None)
    tablet.client.prove(every_row=True)
    tablet.client.sync()
    kept = tablet.store.server_row("service_point", str(places[5].id))
    assert kept is not None
    assert kept[2]["access_notes"] == "New gate"
    assert tablet.store.fact("complete") is True


def test_a_break_in_the_middle_is_gone_on_from_at_the_next_sync(tablet: Tablet) -> None:
    """Clause 8.7: it is not complete until the digests are equal, whatever broke."""
    before = _copy(tablet.store)
    for row in tablet.store.query("SELECT * FROM server_row WHERE entity_type = 'stop' LIMIT 12"):
        _lose(tablet.store, row)
    tablet.store.remember(proved=None, complete=None)
    tablet.network.lose_replies = 1
    with pytest.raises(Offline):
        tablet.client.prove()
    assert tablet.store.fact("complete") is None
    tablet.client.sync()
    assert _copy(tablet.store) == before
    assert tablet.store.fact("complete") is True


def test_work_that_was_not_sent_outlives_every_repair(tablet: Tablet) -> None:
    """Clause 8.6: the outbox is not touched, and a row with unanswered work stays readable."""
    [stop, *_] = tablet.store.query("SELECT * FROM server_row WHERE entity_type = 'stop' ORDER BY id")
    tablet.work.skip(stop["id"], "NO_ACCESS_DOG")
    outbox = [tuple(row) for row in tablet.store.query("SELECT * FROM outbox")]
    _cut(tablet.store, stop)
    tablet.client.prove(every_row=True)
    assert [tuple(row) for row in tablet.store.query("SELECT * FROM outbox")] == outbox


def test_a_row_that_was_written_past_the_commands_is_noticed(town: Town, tablet: Tablet, places: list[Place]) -> None:
    """What a bucket holds and what the table says can differ only by raw SQL; the clock tells it again."""
    from curbstop.commands import scope

    with town.sessions.write() as session:
        session.execute(
            update(ServicePoint).where(ServicePoint.id == places[3].id).values(version=9, access_notes="by SQL")
        )
    with town.work() as work:
        assert scope.tell_drifted(work) == 1
    with town.work() as work:
        assert scope.tell_drifted(work) == 0
    tablet.client.pull()
    kept = tablet.store.server_row("service_point", str(places[3].id))
    assert kept is not None
    assert (kept[0], kept[2]["access_notes"]) == (9, "by SQL")
    assert tablet.store.fact("complete") is True


def test_a_bucket_that_was_taken_away_is_not_repaired(town: Town, tablet: Tablet) -> None:
    """Clause 8.5: pull first."""
    [row, *_] = tablet.store.query("SELECT * FROM server_row WHERE entity_type = 'stop'")
    _lose(tablet.store, row)
    [session_id] = town.all(select(RouteSession.id))
    with town.work("sue") as work:
        routes.close_session(work, session_id)
    assert tablet.client.prove(every_row=True) == 0
    assert tablet.store.fact("complete") is None
    tablet.client.pull()
    assert tablet.store.fact("complete") is True
    assert tablet.store.query("SELECT * FROM server_row WHERE entity_type = 'stop'") == []


def test_two_ways_to_add_up_agree(tablet: Tablet) -> None:
    """Clause 8.2: the digest of the documented example rows, computed by hand."""
    row_id = "0192f4a0-7c1e-7d2a-8f00-000000000051"
    one = integrity._sums({("stop", row_id): 3}, ["", "1", "51", "2"])
    from curbstop.domain.row_checks import digest_text, lanes_of, row_check

    digest = digest_text(lanes_of(row_check("stop", UUID(row_id), 3)))
    assert one == {"": (1, digest), "1": (1, digest), "51": (1, digest), "2": (0, "0" * 32)}
