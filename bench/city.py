"""Makes a utility of any size from a fixed seed: names and streets as frequent as in life, rows loaded in bulk."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert

from bench.place import Database
from curbstop.commands import search_index
from curbstop.models.account import Account, Customer
from curbstop.models.base import Base, utc_now
from curbstop.models.ids import new_id
from curbstop.models.meter import Installation, Meter
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint

BATCH = 5_000
POINTS_A_STREET = 60
_ENDINGS = ("St", "Ave", "Rd", "Dr", "Ln", "Ct", "Way", "Pl")
_START = ("br", "ch", "d", "f", "gr", "h", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v", "w")
_MIDDLE = ("a", "e", "i", "o", "u", "ea", "ai", "oo")
_CLOSE = ("n", "r", "l", "ck", "mer", "ton", "son", "ley", "man", "ville", "ford", "wood", "dale", "field")


@dataclass(frozen=True, slots=True)
class Household:
    """What somebody may search for."""

    number: int
    name: str
    address: str
    serial: str


def households(points: int, seed: int = 7) -> Iterator[Household]:
    """The households of the city, one a service point."""
    chance = random.Random(seed)
    first, last = _words(chance, 400), _words(chance, 4_000)
    streets = [
        f"{word.title()} {chance.choice(_ENDINGS)}" for word in _words(chance, max(20, points // POINTS_A_STREET))
    ]
    for number in range(1, points + 1):
        name = f"{_frequent(chance, first).title()} {_frequent(chance, last).title()}"
        address = f"{chance.randrange(1, 1200)} {chance.choice(streets)}"
        yield Household(number, name, address, f"{10_000_000 + number * 37}")


def _words(chance: random.Random, count: int) -> list[str]:
    made: dict[str, None] = {}
    while len(made) < count:
        made["".join((chance.choice(_START), chance.choice(_MIDDLE), chance.choice(_CLOSE), *_tail(chance)))] = None
    return list(made)


def _tail(chance: random.Random) -> tuple[str, ...]:
    return (chance.choice(_MIDDLE), chance.choice(_CLOSE)) if chance.random() < 0.6 else ()


def _frequent(chance: random.Random, words: list[str]) -> str:
    """The first words are the most frequent, as Smith is: about one in a hundred."""
    return words[int(len(words) ** chance.random()) - 1]


def build(base: Database, points: int) -> list[Household]:
    """Loads the city and its search index; an order at every second place."""
    city = list(households(points))
    for start in range(0, points, BATCH):
        with base.work() as work:
            made = [_rows(house) for house in city[start : start + BATCH]]
            for model in (Customer, ServicePoint, Meter, Account, Installation, ServiceOrder):
                rows = [row for part in made for row in part.get(model, [])]
                work.session.execute(insert(model), rows)
                if model.__tablename__ in search_index.MODELS:
                    search_index.refresh(work, model.__tablename__, [row["id"] for row in rows])
    base.settle()
    return city


def _rows(house: Household) -> dict[type[Base], list[dict[str, Any]]]:
    customer, point, meter, account = new_id(), new_id(), new_id(), new_id()
    number = f"{house.number:06d}"
    rows: dict[type[Base], list[dict[str, Any]]] = {
        Customer: [{"id": customer, "number": f"C-{number}", "name": house.name}],
        ServicePoint: [{"id": point, "number": f"SP-{number}", "address": house.address, "city": "Durham"}],
        Meter: [{"id": meter, "serial": house.serial, "status": "installed", "size": "5/8"}],
        Account: [{"id": account, "number": f"A-{number}", "customer_id": customer, "service_point_id": point}],
        Installation: [{"id": new_id(), "meter_id": meter, "service_point_id": point, "installed_at": utc_now()}],
    }
    if house.number % 2:
        order = {"type_code": "READ_RE", "type_version": 1, "state": "OPEN", "account_id": account}
        rows[ServiceOrder] = [{"id": new_id(), "number": f"SO-2026-{number}", "service_point_id": point, **order}]
    return rows
