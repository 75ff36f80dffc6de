"""What the adapters tell off-the-shelf clients, and which ops they make of what such clients changed."""

import json
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from curbstop.commands import field_work, leases, service_points, tablets
from curbstop.models import OpLedger, ServicePoint
from sync import scope
from sync.adapters import changes, rxdb, watermelondb
from tests.town import Place, Town


def take_over(town: Town, tablet: UUID) -> None:
    """What a pull does first: the orders are on the tablet."""
    with town.work("tom", tablet) as work:
        leases.mark_pulled(work)


def pulled(town: Town, tablet: UUID, last: int | None, backfill: frozenset[str] = frozenset()) -> tuple[int, Any]:
    """WatermelonDB's pull: the timestamp, and by table the rows and what is gone."""
    take_over(town, tablet)
    with town.sessions.read() as session:
        pull = watermelondb.pull(session, town.actor("tom", tablet), town.settings, last, backfill)
        tables = watermelondb.TABLES
        return pull.timestamp, {table: (list(pull.updated(table)), pull.deleted(table)) for table in tables}


def pushed(town: Town, tablet: UUID, table: str, *rows: dict[str, Any]) -> list[tuple[str, UUID]]:
    """WatermelonDB's push of changed records, and which of them are sent again."""
    actor = town.actor("tom", tablet)
    refused = watermelondb.push(town.sessions, actor, town.settings, {table: {"updated": list(rows)}})
    with town.work("tom", tablet) as work:
        tablets.send_again(work, refused, scope.buckets_of(work.session, actor))
    return refused


def read_point(town: Town, point_id: UUID) -> ServicePoint:
    [point] = town.all(select(ServicePoint).where(ServicePoint.id == point_id))
    assert isinstance(point, ServicePoint)
    return point


def kinds(town: Town) -> list[tuple[str, str]]:
    return [(row.kind, row.verdict) for row in town.all(select(OpLedger).order_by(OpLedger.n))]


def test_a_migration_also_tells_what_has_left(town: Town) -> None:
    """Clauses 13.9, I12: the timestamp goes on, so nothing else ever would."""
    order, tablet = town.order("GEN", town.place(), to="tom"), town.tablet("tom")
    kept = town.order("GEN", town.place(), to="tom")
    last, _ = pulled(town, tablet, None)
    town.assign(order, "tess")
    _, tables = pulled(town, tablet, last, frozenset({"service_order"}))
    rows, gone = tables["service_order"]
    assert ([row["id"] for row in rows], gone) == ([str(kept)], [str(order)])


def test_a_refused_edit_of_a_place_on_a_route_is_put_right(town: Town) -> None:
    """Clause 13.10."""
    place, tablet = town.place(), town.tablet("tom")
    town.route([place], to="tom")
    last, tables = pulled(town, tablet, None)
    [row] = tables["service_point"][0]
    assert pushed(town, tablet, "service_point", {**row, "address": "Elsewhere", "_changed": "address"})
    _, tables = pulled(town, tablet, last)
    assert [row["address"] for row in tables["service_point"][0]] == [row["address"]]


def test_the_same_record_again_is_the_same_op_whatever_happened_meanwhile(town: Town) -> None:
    """Clauses 13.8, 13.10, I3: the answer was lost, and the office corrected what the first try had made."""
    place, tablet = town.place(), town.tablet("tom")
    town.order("GEN", place, to="tom")
    _, tables = pulled(town, tablet, None)
    [row] = tables["service_point"][0]
    record = {**row, "access_notes": "tech line", "_changed": "access_notes"}
    assert pushed(town, tablet, "service_point", record) == []
    with town.work("sue") as work:
        service_points.edit(work, place.id, {"access_notes": "office corrected"}, if_version=None)
    assert pushed(town, tablet, "service_point", record) == []
    assert read_point(town, place.id).access_notes == "office corrected"
    assert kinds(town) == [("service_point.edit", "applied")]


def test_an_op_says_all_that_the_app_noted_in_it(town: Town) -> None:
    """Clauses 12.1, 12.5, 13.10: its version, who noted it and when by the tablet's own clock."""
    order, tablet = town.order("GEN", town.place(), to="tom"), town.tablet("tom")
    take_over(town, tablet)
    noted = {"n": 1, "kind": "order.travel", "kind_version": 7, "aggregate": f"service_order/{order}", "args": "{}"}
    said = {"by": str(town.staff["tom"]), "base_seq": 3, "boot_id": "b1", "mono_ms": 5_000}
    noted_at = {"noted_at": "2026-05-04T13:30:00Z", "follows": None, "base_version": 3}
    other = {**noted, **noted_at, "id": str(uuid4()), "kind_version": None, "boot_id": None}
    pushed(town, tablet, "op", {**noted, **noted_at, **said, "id": str(uuid4())}, {**other, "n": 2})
    first, second = (json.loads(row.raw) for row in town.all(select(OpLedger).order_by(OpLedger.n)))
    assert {name: first[name] for name in ("kind_version", *said)} == {"kind_version": 7, **said}
    assert (second["kind_version"], "boot_id" in second, "by" in second) == (1, False, False)


def suspended(town: Town, tablet: UUID, place: Place) -> dict[str, Any]:
    """An order that the tablet has as suspended, as its row."""
    order = town.order("GEN", place, to="tom")
    last, _ = pulled(town, tablet, None)
    with town.work("tom", tablet) as work:
        field_work.arrive(work, order)
        field_work.suspend(work, order, reason="Rain.")
    rows = pulled(town, tablet, last)[1]["service_order"][0]
    return next(row for row in rows if row["id"] == str(order))


def test_a_suspended_order_that_was_completed_is_resumed_first(town: Town) -> None:
    """Clause 13.8: a client shows only where the order has come to."""
    tablet = town.tablet("tom")
    row = suspended(town, tablet, town.place())
    done = {**row, "state": "completed", "outcome": "DONE", "captures": {"notes": "Dry."}}
    sent = {"assumedMasterState": row, "newDocumentState": done}
    for _ in range(2):
        rxdb.push(town.sessions, town.actor("tom", tablet), town.settings, "service_order", [sent])
        assert [kind for kind, _ in kinds(town)] == ["order.resume", "order.complete"]
    assert [verdict for _, verdict in kinds(town)] == ["applied", "applied"], town.all(select(OpLedger.answer))


def test_an_order_that_was_begun_and_suspended_offline_is_arrived_at_first(town: Town) -> None:
    """Clauses 13.8, 13.10."""
    order, tablet = town.order("GEN", town.place(), to="tom"), town.tablet("tom")
    [row] = pulled(town, tablet, None)[1]["service_order"][0]
    changed = {**row, "state": "suspended", "notes": "Rain.", "_changed": "state,notes"}
    assert pushed(town, tablet, "service_order", changed) == []
    assert town.read_order(order).state == "suspended"


def test_resuming_is_no_arrival_and_notes_alone_are_no_event(town: Town) -> None:
    """Clauses 13.8, 13.10: for a client that says what changed, not what it was."""
    tablet = town.tablet("tom")
    row = suspended(town, tablet, town.place())
    assert pushed(town, tablet, "service_order", {**row, "notes": "Wet.", "_changed": "notes"})
    assert kinds(town) == []
    resumed = {**row, "state": "on_site", "_changed": "state"}
    for _ in range(2):
        assert pushed(town, tablet, "service_order", resumed) == []
    assert kinds(town) == [("order.resume", "applied")]
    assert town.read_order(UUID(row["id"])).state == "on_site"


def test_progress_that_was_told_in_vain_is_told_anew(town: Town) -> None:
    """Clause 13.8: its row's version stands, and the old verdict would stand with it."""
    order, tablet = town.order("GEN", town.place(), to="tom"), town.tablet("tom")
    [row] = pulled(town, tablet, None)[1]["service_order"][0]
    changed = {**row, "state": "en_route", "_changed": "state"}
    town.assign(order, "tess")
    assert pushed(town, tablet, "service_order", changed)
    assert pushed(town, tablet, "service_order", changed)
    town.assign(order, "tom")
    take_over(town, tablet)
    for _ in range(2):
        assert pushed(town, tablet, "service_order", changed) == []
    assert town.read_order(order).state == "en_route"
    assert [verdict for _, verdict in kinds(town)] == ["superseded_noop", "superseded_noop", "applied"]


def test_a_proposed_position_is_read_from_its_column(town: Town) -> None:
    """Clauses 13.1, 13.10, 10.10."""
    place, tablet = town.place(), town.tablet("tom")
    town.order("GEN", place, to="tom")
    [row] = pulled(town, tablet, None)[1]["service_point"][0]
    moved = {**row, "location": '{"longitude": -79.5, "latitude": 35.0}', "_changed": "location"}
    pushed(town, tablet, "service_point", moved)
    [op] = town.all(select(OpLedger))
    assert (op.verdict, op.answer["code"]) == ("parked", "needs_gis")


def test_a_first_round_reads_of_each_page_only_its_own_rows(town: Town) -> None:
    """Clause 13.7: the pages are in the order of their ids, and each row comes once."""
    places, tablet = [town.place() for _ in range(7)], town.tablet("tom")
    town.order("GEN", places[0], to="tom")
    town.route(places, to="tom")
    take_over(town, tablet)
    actor, checkpoint = town.actor("tom", tablet), None
    found: list[str] = []
    for _ in range(4):
        with town.sessions.read() as session:
            now = changes.now_of(session, actor)
            after = UUID(found[-1]) if found else None
            page = changes.touched(session, now, (), 0, "service_point", after=after, most=3)
            assert len(page) <= 3 * len(now.buckets)
            assert after is None or min(page, default=UUID(int=2**128 - 1)) > after
            documents, checkpoint = rxdb.pull(
                session, actor, town.settings, "service_point", checkpoint=checkpoint, limit=2
            )
        assert rxdb.begins(town.settings, checkpoint) == (len(found) + len(documents) == 7)
        found += [row["id"] for row in documents]
    assert found == sorted(str(place.id) for place in places)
