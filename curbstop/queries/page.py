"""Keyset pages: the same way through every list, stable while rows come and go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from curbstop.domain.problems import Problem

T = TypeVar("T")
Column = ColumnElement[Any] | InstrumentedAttribute[Any]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page: at most `limit` items, ordered by `sort` ("-number" is downwards), from behind `after`."""

    limit: int = 50
    sort: str = ""
    after: Sequence[Any] | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page's items; `after` is where the next one begins, or None at the end; `beside` is answered with them."""

    items: Sequence[T]
    after: list[Any] | None
    beside: Mapping[str, Any] = field(default_factory=dict)


def fetch(
    session: Session,
    statement: Select[Any],
    request: PageRequest,
    sorts: Mapping[str, Column],
    row_id: Column,
) -> Page[Any]:
    """One page of `statement`. `sorts` maps the documented names to columns, which must not be null.

    The first of `sorts` orders when the request names none; `row_id` decides between equals. A statement of one
    entity gives entities, any other gives its rows.
    """
    sort = request.sort or next(iter(sorts))
    key, downwards = sorts[sort.removeprefix("-")], sort.startswith("-")
    single = len(statement.column_descriptions) == 1
    place = tuple_(key, row_id)
    if request.after is not None:
        here = tuple_(*_values(request.after, (key, row_id)))
        statement = statement.where(place < here if downwards else place > here)
    order = [column.desc() if downwards else column.asc() for column in (key, row_id)]
    statement = statement.add_columns(key.label("sort_key"), row_id.label("sort_id"))
    rows = session.execute(statement.order_by(*order).limit(request.limit + 1)).all()
    more, rows = len(rows) > request.limit, rows[: request.limit]
    after = [_plain(rows[-1].sort_key), _plain(rows[-1].sort_id)] if more else None
    return Page([row[0] for row in rows] if single else rows, after)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | Decimal) else value


def _values(after: Sequence[Any], columns: Sequence[Column]) -> list[ColumnElement[Any]]:
    try:
        return [
            literal(_typed(value, column.type.python_type), column.type)
            for value, column in zip(after, columns, strict=True)
        ]
    except (TypeError, ValueError):
        raise Problem("invalid_cursor") from None


def _typed(value: Any, kind: type) -> Any:
    if kind is datetime or kind is date:
        return kind.fromisoformat(value)
    return kind(value) if kind in {UUID, Decimal} else value
