"""Hands out numbers for people: SO-2026-00123, SP-000123; each is given once, and gaps are no matter."""

from typing import cast

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from curbstop.commands.work import Work
from curbstop.domain.numbers import WITH_YEAR, Prefix, format_number
from curbstop.models.request import NumberSequence


def next_numbers(work: Work, prefix: Prefix, count: int = 1) -> list[str]:
    """The next `count` numbers, in one statement; others who want some wait until this transaction ends."""
    year = work.at.astimezone(work.settings.zone).year if prefix in WITH_YEAR else None
    kind = prefix.value if year is None else f"{prefix.value}-{year}"
    return [format_number(prefix, serial, year) for serial in next_serials(work, kind, count)]


def next_serials(work: Work, kind: str, count: int = 1) -> range:
    """The next `count` whole numbers of a counter, from 1 on; the counter is held until this transaction ends."""
    table = cast(Table, NumberSequence.__table__)
    dialect = sqlite if work.session.get_bind().dialect.name == "sqlite" else postgresql
    statement = (
        dialect.insert(table)
        .values(kind=kind, next_value=1 + count)
        .on_conflict_do_update(index_elements=["kind"], set_={"next_value": table.c.next_value + count})
        .returning(table.c.next_value)
    )
    after = int(work.session.execute(statement).scalar_one())
    return range(after - count, after)


def next_order_number(work: Work) -> str:
    """The number of a new service order."""
    return next_numbers(work, Prefix.SERVICE_ORDER)[0]
