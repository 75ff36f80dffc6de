"""Import: addresses a second through the import's own command, against a bare executemany of the same rows."""

import time
from collections.abc import Iterator

from sqlalchemy import insert

from bench import city
from bench.figures import Figure, figure
from bench.place import Database, Place, database
from curbstop.commands import imports
from curbstop.commands.import_rows import Numbered
from curbstop.domain.import_rows import AddressRow
from curbstop.models.ids import new_id
from curbstop.models.service_point import ServicePoint

NAMES = ("main.import_rows",)


def measure(place: Place) -> Iterator[Figure]:
    """New addresses into an empty database: audit, numbers and search index included."""
    with database(place) as base:
        rows = _rows(place.amount(20_000, 2_000))
        value = _import(base, rows)
        yield figure(NAMES[0], place, value, unit="rows/s", better="higher", baseline=_bare(base, rows))


def _rows(count: int) -> list[Numbered]:
    return [(house.number + 1, _address(house)) for house in city.households(count)]


def _address(house: city.Household) -> AddressRow:
    number, street, ending = house.address.split()
    return AddressRow(
        source_key=f"bench:{house.number}",
        address=house.address,
        address_key=f"{house.address}|Durham".upper(),
        house_number=number,
        predir=None,
        postdir=None,
        unit=None,
        access_notes=None,
        street_name=street,
        street_type=ending,
        city="Durham",
        state="NC",
        zip="27701",
        location=(-78.9 + house.number / 1e6, 36.0),
        location_source="imported",
    )


def _import(base: Database, rows: list[Numbered]) -> float:
    began = time.perf_counter()
    for start in range(0, len(rows), imports.BATCH):
        with base.work() as work:
            outcome = imports.write(work, "addresses", rows[start : start + imports.BATCH])
        assert not outcome.refused, outcome.refused[:3]
    return len(rows) / (time.perf_counter() - began)


def _bare(base: Database, rows: list[Numbered]) -> float:
    values = [
        {"id": new_id(), "number": f"B-{line}", "address": row.address, "city": "Durham", "hazards": []}
        for line, row in rows
        if isinstance(row, AddressRow)
    ]
    began = time.perf_counter()
    with base.sessions.write() as session:
        session.execute(insert(ServicePoint), values)
    return len(rows) / (time.perf_counter() - began)
