"""Imports of lot lists, as builders send them, into developments that are there."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import select

from curbstop.commands import developments
from curbstop.commands.import_rows import Numbered, Outcome, Refusal
from curbstop.commands.lot_lists import NewLot
from curbstop.commands.work import Work
from curbstop.domain.import_rows import LotRow
from curbstop.domain.problems import Problem
from curbstop.models.development import Development
from geo.addresses import Street, parse, title


def lots(work: Work, rows: Sequence[Numbered]) -> Outcome:
    """The lots of each development that a file names, by the same command as a list that is typed in."""
    values = [(line, cast(LotRow, row)) for line, row in rows]
    numbers = {row.development_number for _, row in values}
    known = {
        row.number: row.id
        for row in work.session.execute(
            select(Development.number, Development.id).where(Development.number.in_(numbers))
        )
    }
    outcome = Outcome()
    for number in sorted(numbers):
        mine = [(line, row) for line, row in values if row.development_number == number]
        if number not in known:
            outcome.refused += [Refusal(line, "no_development", f"There is no {number}.") for line, _ in mine]
            continue
        try:
            outcome.include(developments.add_lots(work, known[number], [(line, _lot(row)) for line, row in mine]))
        except Problem as problem:
            outcome.refused += [Refusal(line, problem.code, problem.detail) for line, _ in mine]
    return outcome


def typed(
    *, lot: str, address: str, city: str | None = None, state: str | None = None, zip: str | None = None,
    longitude: float | None = None, latitude: float | None = None,
) -> NewLot:  # fmt: skip
    """A lot of a list that was typed in. Problem(`invalid`): no street, or half a position."""
    found = parse(address)
    if not found.street.name:
        raise Problem("invalid", f"Lot {lot} names no street.", field="address")
    if (longitude is None) != (latitude is None):
        raise Problem("invalid", f"Lot {lot} needs a longitude and a latitude, or neither.", field="longitude")
    street = found.street
    parts = {
        "address": found.label[:160],
        "house_number": found.house_number[:16] or None,
        "predir": street.predir or None,
        "street_name": title(Street(street.name))[:80],
        "street_type": street.type.title() or None,
        "postdir": street.postdir or None,
        "unit": f"{found.unit_kind.title()} {found.unit}".strip()[:40] or None,
        "city": city,
        "state": state,
        "zip": zip,
    }
    place = (longitude, latitude) if longitude is not None and latitude is not None else None
    return NewLot(code=lot, address=parts, address_key=found.match_key, location=place)


def _lot(row: LotRow) -> NewLot:
    return NewLot(
        code=row.lot,
        address={
            "address": row.address,
            "house_number": row.house_number,
            "predir": row.predir,
            "street_name": row.street_name,
            "street_type": row.street_type,
            "postdir": row.postdir,
            "unit": row.unit,
            "city": row.city,
            "state": row.state,
            "zip": row.zip,
        },
        address_key=row.address_key,
        location=row.location,
    )
