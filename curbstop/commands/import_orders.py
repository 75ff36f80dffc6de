"""Imports of service orders that another system asks for, through the same command as the office's own."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import service_orders
from curbstop.commands.import_rows import Numbered, Outcome, Places, Refusal
from curbstop.commands.service_orders import NewOrder
from curbstop.commands.work import Work
from curbstop.domain.import_rows import OrderRow
from curbstop.domain.problems import Problem
from curbstop.models.account import Account
from curbstop.models.service_order import ServiceOrder


def orders(work: Work, rows: Sequence[Numbered]) -> Outcome:
    """An order for each row that did not come before; every rule of an order made by hand holds."""
    values = [(line, cast(OrderRow, row)) for line, row in rows]
    places = Places(work, [row for _, row in values])
    by_account = _by_account(work, [row.account_number for _, row in values if row.account_number])
    there = set(
        work.session.scalars(
            select(ServiceOrder.source_key).where(ServiceOrder.source_key.in_([row.source_key for _, row in values]))
        )
    )
    outcome = Outcome()
    for line, row in values:
        if row.source_key in there:
            outcome.same += 1
            continue
        point, fault = places.find(row)
        account_id = None
        if row.account_number and point is None and fault is None:
            account_id, point = by_account.get(row.account_number, (None, None))
        if point is None:
            reason, detail = fault or ("no_such_place", "name a service point, an account or an address that is known")
            outcome.refused.append(Refusal(line, reason, detail))
            continue
        try:
            with work.session.begin_nested():
                _create(work, row, point, account_id)
            outcome.added += 1
            there.add(row.source_key)
        except Problem as problem:
            outcome.refused.append(Refusal(line, problem.code, problem.detail))
    return outcome


def _create(work: Work, row: OrderRow, point: UUID, account_id: UUID | None) -> None:
    new = NewOrder(
        type_code=row.type_code,
        service_point_id=point,
        account_id=account_id,
        priority=row.priority,
        requested_on=row.requested_on,
        instructions=row.instructions,
        source="import",
        source_key=row.source_key,
    )
    service_orders.create(work, new)


def _by_account(work: Work, numbers: Sequence[str]) -> dict[str, tuple[UUID, UUID]]:
    rows = work.session.execute(
        select(Account.number, Account.id, Account.service_point_id).where(Account.number.in_(numbers))
    )
    return {number: (account_id, point) for number, account_id, point in rows}
