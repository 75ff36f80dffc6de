"""Holds the office's search: what a customer service representative types, and that no statement scans a table."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, event, select
from sqlalchemy.orm import Session

from curbstop.commands import search_index
from curbstop.commands.work import system_work
from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Role
from curbstop.domain.problems import Problem
from curbstop.models.account import Account, Customer
from curbstop.models.base import utc_now
from curbstop.models.ids import new_id
from curbstop.models.meter import Installation, Meter
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.queries import search
from curbstop.settings import Settings

CSR = Actor(new_id(), "Cora", frozenset({Role.CSR}))
GIS = Actor(new_id(), "Gil", frozenset({Role.GIS}))
TECHNICIAN = Actor(new_id(), "Theo", frozenset({Role.TECH}))

PEOPLE = [
    ("José Núñez", "14 Aberdeen Avenue", "NEP-0012345"),
    ("Mary O'Brien", "140 Aberdeen Ave", "NEP-0054321"),
    ("John Smith", "7 Main Street", "10203040"),
    ("Ann Smith", "14 Oak Street", "10203041"),
    ("Peter Smithson", "21 Main Street", "77777777"),
    ("Zoe Miller", "8 North Elm Court Apt 14", "99887766"),
]


@pytest.fixture
def city(session: Session, settings: Settings) -> Session:
    """Six customers with their accounts, places and meters, and an order at each place, all indexed."""
    for number, person in enumerate(PEOPLE, 1):
        _household(session, number, *person)
    session.flush()
    work = system_work(session, settings)
    for kind, model in search_index.MODELS.items():
        search_index.refresh(work, kind, session.scalars(select(model.id)))
    return session


def _household(session: Session, number: int, name: str, address: str, serial: str) -> None:
    customer = Customer(id=new_id(), number=f"C-{number:05d}", name=name)
    point = ServicePoint(id=new_id(), number=f"SP-{number:05d}", address=address, city="Durham")
    meter = Meter(id=new_id(), serial=serial, size="5/8", status="installed")
    session.add_all([customer, point, meter])
    session.flush()
    account = Account(id=new_id(), number=f"A-{number:05d}", customer_id=customer.id, service_point_id=point.id)
    session.add(account)
    session.flush()
    session.add(Installation(meter_id=meter.id, service_point_id=point.id, installed_at=utc_now()))
    order = {"type_code": "READ_RE", "type_version": 1, "state": "OPEN", "service_point_id": point.id}
    session.add(ServiceOrder(number=f"SO-2026-{number + 122:05d}", account_id=account.id, **order))


def found(session: Session, typed: str, kind: str | None = None, actor: Actor = CSR) -> list[str]:
    hits = search.find(session, actor, typed, types=[kind] if kind else None)
    return [f"{hit.entity_type} {hit.number}" for hit in hits]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("SO-2026-00123", "service_order SO-2026-00123"),
        ("so-2026-00123", "service_order SO-2026-00123"),
        ("123", "service_order SO-2026-00123"),
        ("A-00002", "account A-00002"),
        ("SP-00003", "service_point SP-00003"),
        ("NEP-0012345", "meter NEP-0012345"),
        ("12345", "meter NEP-0012345"),
        ("14 aberdeen", "account A-00001"),
        ("aberdeen 14", "account A-00001"),
        ("14 Aberdeen Ave.", "account A-00001"),
        ("smith main st", "account A-00003"),
        ("jose nunez", "account A-00001"),
        ("obrien", "account A-00002"),
        ("o'brien", "account A-00002"),
        ("O\u2019Brien", "account A-00002"),
        ("brien", "account A-00002"),
        ("8 n elm ct", "account A-00006"),
        ("elm court 14", "account A-00006"),
        ("smiht", "account A-00004"),
        ("jonh smith", "account A-00003"),
        ("millr", "account A-00006"),
    ],
)
def test_the_first_hit_for_what_is_typed(city: Session, typed: str, first: str) -> None:
    assert found(city, typed)[0] == first


def test_two_transposed_digits_of_a_serial_still_find_the_meter(city: Session) -> None:
    assert found(city, "10230340", "meter") == []
    assert found(city, "10203014", "meter") == ["meter 10203041"]
    assert found(city, "NEP-0012354", "meter") == ["meter NEP-0012345"]


def test_an_unfinished_word_finds_what_begins_so(city: Session) -> None:
    assert found(city, "aberd", "service_point") == ["service_point SP-00001", "service_point SP-00002"]
    assert found(city, "14 abe", "service_point") == ["service_point SP-00001"]
    assert found(city, "smith", "customer") == ["customer C-00004", "customer C-00003", "customer C-00005"]


def test_the_house_number_typed_comes_before_a_longer_one(city: Session) -> None:
    assert found(city, "aberdeen 14", "service_point")[0] == "service_point SP-00001"


@pytest.mark.parametrize("typed", ["", "   ", "'", "-- ,;", "\u0301", "%", "_"])
def test_nothing_to_look_for_finds_nothing(city: Session, typed: str) -> None:
    assert found(city, typed) == []


def test_two_hundred_characters_are_no_trouble(city: Session) -> None:
    assert found(city, "smith " * 33 + "xx") == []
    assert found(city, "s" * 200) == []
    assert found(city, "\U0001f6b0 " * 100) == []


def test_a_renamed_customer_is_no_longer_found_by_the_old_name(city: Session, settings: Settings) -> None:
    customer = city.scalars(select(Customer).where(Customer.number == "C-00006")).one()
    customer.name = "Zoe Baker"
    city.flush()
    search_index.refresh(system_work(city, settings), "customer", [customer.id])
    assert found(city, "zoe miller") == []
    assert found(city, "baker elm") == ["account A-00006"]


def test_a_hit_carries_what_it_is_recognized_by(city: Session) -> None:
    meter, order = (search.find(city, CSR, typed)[0] for typed in ("99887766", "SO-2026-00128"))
    assert (meter.address, meter.city, meter.status, meter.detail) == (PEOPLE[5][1], "Durham", "installed", "5/8")
    assert (order.name, order.address, order.status, order.detail) == ("Zoe Miller", PEOPLE[5][1], "OPEN", "READ_RE")
    customer = search.find(city, CSR, "zoe", types=["customer"])[0]
    assert (customer.name, customer.address) == ("Zoe Miller", PEOPLE[5][1])


def test_who_may_not_see_customers_finds_places_without_names(city: Session) -> None:
    assert found(city, "smith", actor=GIS) == []
    hits = search.find(city, GIS, "7 main")
    assert [(hit.entity_type, hit.name) for hit in hits] == [("service_point", None)]
    with pytest.raises(Problem) as refused:
        search.find(city, TECHNICIAN, "smith")
    assert refused.value.code == "forbidden"


def test_at_most_as_many_hits_as_asked_for(city: Session) -> None:
    assert len(search.find(city, CSR, "durham", limit=3)) == 3


def test_a_beginning_that_very_many_words_share_is_no_trouble(city: Session, settings: Settings) -> None:
    """More words than are read begin with `qu`: the other word leads, and the beginning is checked row by row."""
    index = search_index.index
    customers = [
        Customer(number=f"Q-{n:05d}", name=f"Qu{n:03d}x {'Rare' if n == 250 else 'Usual'}") for n in range(300)
    ]
    city.add_all(customers)
    city.flush()
    index(system_work(city, settings), "customer", [(one.id, f"{one.number} {one.name}") for one in customers])
    assert found(city, "rare qu") == ["customer Q-00250"]
    assert found(city, "usual qu25", "customer")[0] == "customer Q-00251"
    assert len(found(city, "qu")) == 20


@pytest.fixture
def plans(city: Session) -> Iterator[list[str]]:
    """The plan of every statement that the test's search runs."""
    lines: list[str] = []
    connection = city.connection()
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "

    def keep(conn: Connection, cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            own = conn.connection.cursor()
            own.execute(explain + statement, parameters)
            lines.extend(" ".join(str(column) for column in row) for row in own.fetchall())
            own.close()

    event.listen(connection, "before_cursor_execute", keep)
    yield lines
    event.remove(connection, "before_cursor_execute", keep)


@pytest.mark.parametrize("typed", ["smith main st", "a", "aberd 1", "smiht", "SO-2026-00123", "1 2 3 4 5 6 7 8"])
def test_no_search_scans_a_table(city: Session, plans: list[str], typed: str) -> None:
    search.find(city, CSR, typed)
    assert plans
    tables = ("search_", "account", "customer", "service_", "meter", "installation")
    scans = [line for line in plans if "Seq Scan" in line or any(f"SCAN {table}" in line for table in tables)]
    assert not scans
