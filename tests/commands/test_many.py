"""Many rows in one statement are the same rows as one by one, on both databases."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from curbstop.commands.many import insert_many, update_many
from curbstop.models import Reading
from curbstop.models.ids import new_id
from tests.town import Town

AT = datetime(2026, 7, 30, 12, 0, 0, 123456, tzinfo=UTC)


def row(town: Town, **given: Any) -> dict[str, Any]:
    empty = {"order_id": None, "service_point_id": None, "stop_visit_id": None, "superseded_by_id": None}
    head = {"id": new_id(), "register_id": town.place().register_id, "value": Decimal("12.5"), "kind": "regular"}
    return {**empty, **head, "source": "test", "noted_at": AT, "recorded_at": AT, "flags": [], **given}


def kept(session: Session, source: str = "test") -> list[tuple[Any, ...]]:
    found = session.scalars(select(Reading).where(Reading.source == source).order_by(Reading.id))
    return [(r.id, r.value, r.flags, r.noted_at, r.order_id) for r in found]


def test_rows_are_read_back_as_they_were_given(town: Town) -> None:
    rows = [
        row(
            town, flags=["NEGATIVE", 'it\'s {odd}, "very"'], noted_at=AT - timedelta(days=number), value=Decimal(number)
        )
        for number in range(3)
    ] + [row(town)]
    with town.work() as work:
        insert_many(work.session, Reading, rows)
        insert_many(work.session, Reading, [])
        found = kept(work.session)
    assert found == [
        (r["id"], r["value"], r["flags"], r["noted_at"], None) for r in sorted(rows, key=lambda r: r["id"])
    ]


def test_what_is_there_already_stays(town: Town) -> None:
    first, second = row(town, value=Decimal(1)), row(town, value=Decimal(2))
    with town.work() as work:
        insert_many(work.session, Reading, [first], unless_there="id")
        insert_many(work.session, Reading, [{**first, "value": Decimal(9)}, second], unless_there="id")
        assert [value for _, value, *_ in kept(work.session)] == [Decimal(1), Decimal(2)]


def test_each_row_is_updated_with_its_own_values(town: Town) -> None:
    rows = [row(town, value=Decimal(number)) for number in range(3)]
    with town.work() as work:
        insert_many(work.session, Reading, rows)
        changes = [{"id": r["id"], "value": r["value"] + 10, "flags": [str(r["value"])]} for r in rows[:2]]
        update_many(work.session, Reading, changes, keys=("id",))
        found = [(value, flags) for _, value, flags, *_ in kept(work.session)]
    assert found == [(Decimal(10), ["0"]), (Decimal(11), ["1"]), (Decimal(2), [])]


def test_a_column_that_only_python_fills_may_not_be_forgotten(town: Town, backend: str) -> None:
    if backend == "embedded":
        pytest.skip("SQLite takes Python's defaults")
    incomplete = row(town)
    del incomplete["flags"]
    with town.work() as work, pytest.raises(AssertionError, match="flags"):
        insert_many(work.session, Reading, [incomplete])
