"""What the adapters tell off-the-shelf clients, and which ops they make of what such clients changed."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import dispatch, tablets
from curbstop.models import OpLedger, ServicePoint
from sync import scope
from sync.adapters import watermelondb
from tests.town import Town


def take_over(town: Town, tablet: UUID) -> None:
    """What a pull does first: the orders are on the tablet."""
    with town.work("tom", tablet) as work:
        dispatch.mark_pulled(work)


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
