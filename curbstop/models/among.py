"""Rows by many ids at once."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, any_, literal
from sqlalchemy.orm import InstrumentedAttribute, Session

Column = InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None]


def among(session: Session, column: Column, ids: Iterable[UUID]) -> ColumnElement[bool]:
    """Whether the column holds one of the ids.

    One parameter on PostgreSQL: with one for each id, both driver and planner take longer than the search itself.
    """
    wanted = list(ids)
    if session.get_bind().dialect.name == "sqlite":
        return column.in_(wanted)
    return column == any_(literal(wanted, ARRAY(column.type)))
