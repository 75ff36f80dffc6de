"""The rows that the database writes as JSON: as the contract says, and the same whichever database wrote them."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from curbstop.models import Account, Customer, Meter, Reading, Register, ServiceOrder, ServicePoint
from curbstop.models.engine import Sessions, make_engine
from curbstop.models.ids import new_id
from curbstop.settings import Settings
from sync import rows
from sync.contract import check
from tests.services import databases, programs
from tests.sync.model_tablet import ModelTablet
from tests.town import Town

NOON = datetime(2026, 5, 4, 12, 30, 15, 250_000, tzinfo=UTC)
MAY = "2026-05-04T12:30:15.250Z"
AWKWARD = 'Quote " back \\ slash, Ünïcode 水, line\nbreak, tab\t, </script>'


@pytest.fixture
def both(run_folder: Path, backend: str) -> Iterator[list[Sessions]]:
    """A fresh database of each backend."""
    if backend == "embedded":
        pytest.skip("once is enough: this has both")
    if programs.missing():
        pytest.skip("; ".join(programs.missing()))
    urls = [databases.new_database(run_folder, backend) for backend in ("embedded", "services")]
    engines = [make_engine(url) for url in urls]
    yield [Sessions(engine) for engine in engines]
    for engine, url in zip(engines, urls, strict=True):
        engine.dispose()
        databases.drop_database(run_folder, url)


def _settle(town: Town) -> Town:
    """Places and orders with every kind of value that a row can hold."""
    plain = town.place()
    full = town.place(
        gate_code_sealed=b"sealed", hazards=["dog", AWKWARD], access_notes=AWKWARD, read_instructions="Bring a pump",
        state="NC", zip="27000",
    )  # fmt: skip
    bare = town.place()
    with town.sessions.write() as session:
        compound = session.get_one(Meter, full.meter_id)
        compound.manufacturer, compound.model = "Kestrel", "K-20"
        second = Register(
            id=new_id(),
            meter_id=full.meter_id,
            position=2,
            dials=5,
            decimals=2,
            multiplier=Decimal("0.0100"),
            unit="CF",
        )
        session.add(second)
        session.flush()
        for value, noted in ((Decimal("12.3400"), NOON), (Decimal("99.5"), NOON.replace(day=3))):
            session.add(
                Reading(
                    register_id=second.id,
                    service_point_id=full.id,
                    value=value,
                    kind="regular",
                    source="route",
                    noted_at=noted,
                    recorded_at=noted,
                    flags=[],
                )
            )
        account = session.get_one(Account, full.account_id)
        session.get_one(Customer, account.customer_id).name_withheld = True
        session.get_one(ServicePoint, bare.id).location = None
    for place in (plain, full, bare):
        town.order("CUT_OFF_REQ" if place is full else "GEN", place, to="tom", instructions=AWKWARD)
    with town.sessions.write() as session:
        order = session.scalars(select(ServiceOrder).where(ServiceOrder.service_point_id == full.id)).one()
        order.window_start, order.window_end, order.requested_on = NOON, NOON.replace(hour=15), date(2026, 5, 4)
        order.captures = {"read": "00098", "nested": {"list": [1, 2.5, None, True, AWKWARD]}}
        order.flags, order.notes = ["a", "b"], AWKWARD
    town.route([plain, bare], to="tom")
    position = {"gps": {"longitude": -79.0001, "latitude": 35.0001}}
    town.proposal(plain, by="tom", captures={"notes": AWKWARD, "new_sequence": "25", **position})
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    nobodys = town.order("GEN", town.place())
    tablet.push(tablet.order_op("order.complete", nobodys, {"outcome": "DONE", "captures": {}}, noted_at=MAY))
    return town


def _all(town: Town) -> dict[str, list[dict[str, Any]]]:
    """Every row of Tom's, with the ids that were made at random left out."""
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    found: dict[str, list[dict[str, Any]]] = {}
    for entity_type in rows.TYPES:
        bodies = [_without_chance(body) for body in tablet.rows(entity_type).values()]
        found[entity_type] = sorted(bodies, key=lambda body: json.dumps(body, sort_keys=True))
    return found


def _without_chance(value: Any) -> Any:
    """The value with ids and moments of the test's own run replaced by how they are written."""
    if isinstance(value, dict):
        return {name: _without_chance(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_chance(inner) for inner in value]
    if isinstance(value, str):
        try:
            assert str(UUID(value.rpartition("/")[2])) in value
        except ValueError:
            pass
        else:
            return "an id"
        if value.endswith("Z") and value[:4].isdigit() and not value.startswith("2026-05-04"):
            assert datetime.fromisoformat(value).tzinfo is not None
            return f"a moment of {len(value)} characters"
    return value


def test_both_databases_write_the_same_rows(both: list[Sessions], settings: Settings) -> None:
    embedded, services = (_all(_settle(Town(sessions, settings).settle())) for sessions in both)
    assert embedded == services


def test_every_kind_of_value_is_written_as_the_contract_says(town: Town) -> None:
    _settle(town)
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    for entity_type in rows.TYPES:
        bodies = tablet.rows(entity_type)
        assert bodies
        assert [check(f"rows/{entity_type}.json", body) for body in bodies.values()] == [[]] * len(bodies)


def test_values_are_exactly_what_was_stored(town: Town) -> None:
    _settle(town)
    tablet = ModelTablet(town, "tom")
    tablet.pull()
    points = {body["number"]: body for body in tablet.rows("service_point").values()}
    [plain, full, bare] = [points[f"SP-{n:06d}"] for n in (1, 2, 3)]
    assert (plain["longitude"], plain["latitude"], bare["longitude"]) == (-78.999, 35, None)
    assert (full["access_notes"], full["hazards"], full["has_gate_code"]) == (AWKWARD, ["dog", AWKWARD], True)
    assert plain["has_gate_code"] is False
    [meter] = full["meters"]
    first, second = meter["registers"]
    assert (first["multiplier"], first["last_value"], first["position"]) == ("1", "1000", 1)
    assert (second["multiplier"], second["last_value"]) == ("0.01", "12.34")
    assert second["last_noted_at"] == "2026-05-04T12:30:15.250000Z"
    assert meter["radio_id"] == "R0000002"
    [order] = [body for body in tablet.rows("service_order").values() if body["type_code"] == "CUT_OFF_REQ"]
    assert order["captures"] == {"read": "00098", "nested": {"list": [1, 2.5, None, True, AWKWARD]}}
    assert (order["window_start"], order["requested_on"]) == ("2026-05-04T12:30:15.250000Z", "2026-05-04")
    assert (order["customer_name"], order["account_number"]) == (None, "AC-000002")


def test_a_row_that_is_no_more_is_gone(town: Town) -> None:
    """A bucket that still names a row without one behind it is no reason to fail a pull."""
    place = town.place()
    with town.sessions.read() as session:
        assert rows.images(session, "service_point", [place.id, new_id()]).keys() == {place.id}
        [(_, text)] = [
            (row_id, text)
            for row_id, text in session.execute(
                rows.LOADERS["service_point"].images_of(
                    select(Customer.id.label("entity_id")).limit(1).subquery("keys"), "service_point"
                )
            )
        ]
    assert json.loads(text)["gone"] is True


def test_a_page_of_rows_takes_one_statement(town: Town) -> None:
    from sqlalchemy import event

    town.route([town.place() for _ in range(20)], to="tom")
    [checkpoint, *_] = ModelTablet(town, "tom").pull()
    [bucket] = [b["id"] for b in checkpoint["checkpoint"]["buckets"] if b["id"].startswith("route:")]
    statements: list[str] = []
    event.listen(town.sessions.engine, "before_cursor_execute", lambda _c, _u, sql, *_rest: statements.append(sql))
    with town.sessions.read() as session:
        for entity_type in ("service_point", "stop"):
            assert len(rows.page(session, bucket, entity_type, None, 500)) == 20
    assert sum("bucket_row" in sql for sql in statements) == 2


def test_service_points_keep_seven_digits_of_a_degree(town: Town) -> None:
    from geoalchemy2 import WKBElement

    from curbstop.models.sqlite_geometry import point_ewkb

    place = town.place()
    with town.sessions.write() as session:
        surveyed = point_ewkb(-79.123456789012, 35.000000049)
        session.get_one(ServicePoint, place.id).location = WKBElement(surveyed, srid=4326, extended=True)
    with town.sessions.read() as session:
        [(_, body)] = rows.images(session, "service_point", [place.id]).values()
    assert (body["longitude"], body["latitude"]) == (-79.1234568, 35)
