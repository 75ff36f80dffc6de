"""Imports of accounts with their customers, as billing sends them."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import select

from curbstop.commands.import_rows import Numbered, Outcome, Places, Refusal, Wanted, put
from curbstop.commands.work import Work
from curbstop.domain.import_rows import AccountRow
from curbstop.domain.meters import AccountStatus
from curbstop.models.account import Account, Customer

_CUSTOMER = {"name": "customer_name", "phone": "phone", "email": "email", "language": "language"}


def accounts(work: Work, rows: Sequence[Numbered]) -> Outcome:
    """Customers by their number, accounts by theirs. Refused: an unknown place, or one with another current account."""
    values = [(line, cast(AccountRow, row)) for line, row in rows]
    places = Places(work, [row for _, row in values])
    homes = {row.source_key: places.find(row) for _, row in values}
    current = _current(work, [point for point, _ in homes.values() if point is not None])
    outcome, good = Outcome(), []
    for line, row in values:
        point, fault = homes[row.source_key]
        is_current = row.status != AccountStatus.FINALED
        if fault is None and point is None:
            fault = ("no_place", "an account needs a service point's number or an address")
        if fault is None and point is not None and is_current and current.get(point, row.number) != row.number:
            fault = ("place_taken", f"account {current[point]} is current there")
        if fault is not None:
            outcome.refused.append(Refusal(line, *fault))
            continue
        assert point is not None
        if is_current:
            current[point] = row.number
        good.append((row, point))
    ids = _customers(work, [row for row, _ in good])
    wanted: list[Wanted] = [
        (
            row.source_key,
            {
                "number": row.number,
                "customer_id": ids[row.customer_number],
                "service_point_id": point,
                "status": row.status,
                "service_class": row.service_class,
            },
        )
        for row, point in good
    ]
    outcome.include(put(work, Account, wanted, [{} for _ in wanted]))
    return outcome


def _customers(work: Work, rows: Sequence[AccountRow]) -> dict[str, UUID]:
    """The customers of the rows, entered or corrected; ids by number. The last row of a customer counts."""
    wanted: dict[str, Wanted] = {}
    for row in rows:
        columns = {column: getattr(row, name) for column, name in _CUSTOMER.items()}
        columns |= {"name_withheld": row.name_withheld, "number": row.customer_number}
        wanted[row.customer_number] = (f"number:{row.customer_number}", columns)
    put(work, Customer, list(wanted.values()), [{} for _ in wanted])
    found = work.session.execute(select(Customer.number, Customer.id).where(Customer.number.in_(wanted)))
    return dict(found.all())


def _current(work: Work, points: Sequence[UUID]) -> dict[UUID, str]:
    rows = work.session.execute(
        select(Account.service_point_id, Account.number).where(
            Account.service_point_id.in_(points), Account.status != AccountStatus.FINALED
        )
    )
    return dict(rows.all())
