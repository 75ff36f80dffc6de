"""Reads the order types as they are in force, or in the version that an order was made with."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.order_types import OrderType
from curbstop.domain.outcomes import load_code_tables
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.order_type import OrderTypeRow
from curbstop.queries.page import Page, PageRequest, fetch

SORTS = {"code": OrderTypeRow.code}


def find(session: Session, actor: Actor, page: PageRequest, *, in_use: bool | None = None) -> Page[dict[str, Any]]:
    """A page of the types in force."""
    require(actor, Action.VIEW_CODE_TABLES)
    statement = select(OrderTypeRow).where(OrderTypeRow.current)
    if in_use is not None:
        built = OrderTypeRow.definition["built"].as_boolean()
        statement = statement.where(built if in_use else ~built)
    found = fetch(session, statement, page, SORTS, OrderTypeRow.id)
    return Page([_whole(row) for row in found.items], found.after)


def get(session: Session, actor: Actor, code: str, *, version: int | None = None) -> dict[str, Any]:
    """One type: the version in force, or the one named; Problem(`not_found`)."""
    require(actor, Action.VIEW_CODE_TABLES)
    wanted = OrderTypeRow.version == version if version is not None else OrderTypeRow.current
    row = session.scalars(select(OrderTypeRow).where(OrderTypeRow.code == code, wanted)).one_or_none()
    if row is None:
        raise Problem("not_found", f"There is no order type {code!r} in that version.")
    return _whole(row)


def _whole(row: OrderTypeRow) -> dict[str, Any]:
    """All that a client needs to draw the type's form: the definition, with its outcomes' labels."""
    outcomes = load_code_tables().outcomes
    made = OrderType.from_json(row.definition)
    return {
        **made.to_json(),
        "version": row.version,
        "current": row.current,
        "in_use": made.built,
        "outcomes": [asdict(outcomes[code]) for code in made.outcomes],
    }
