"""Writes many rows of one table in one round trip.

PostgreSQL is given them as one JSON document; SQLAlchemy would send a statement for each row, and their number is what
a batch from a tablet costs. (Arrays, one for each column, cost the driver three times as much to write.) SQLite takes
rows one by one as fast.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Insert, LargeBinary, Table, Text, Update, bindparam, cast, column, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from curbstop.models.base import Base

Rows = Sequence[Mapping[str, Any]]
# Python's own takes twenty times as long, a tenth of what a batch from a tablet costs.
_ENCODER = msgspec.json.Encoder(decimal_format="string")


def insert_many(session: Session, model: type[Base], rows: Rows, *, unless_there: str | None = None) -> None:
    """Inserts rows that all name the same columns, every one that has no default in the database.

    `unless_there` names a unique column: rows whose value is there already are left as they are.
    """
    if not rows:
        return
    columns = tuple(rows[0])
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        statement = sqlite.insert(model)
        if unless_there is not None:
            statement = statement.on_conflict_do_nothing(index_elements=[unless_there])
        connection.execute(statement, list(rows))
    else:
        connection.execute(_insert(model, columns, unless_there), _document(model, rows))


def update_many(session: Session, model: type[Base], rows: Rows, *, keys: tuple[str, ...]) -> None:
    """Updates the row that the `keys` of each mapping name with its other members; all name the same columns."""
    if not rows:
        return
    columns = tuple(rows[0])
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        marked = [{f"_{name}": value for name, value in row.items()} for row in rows]
        connection.execute(_update_each(model, columns, keys), marked)
    else:
        connection.execute(_update(model, columns, keys), _document(model, rows))


def _document(model: type[Base], rows: Rows) -> dict[str, str]:
    binary = _binary(model) & rows[0].keys()
    if binary:
        # As PostgreSQL reads bytes, for which JSON has no word.
        rows = [
            row | {name: "\\x" + value.hex() for name in binary if (value := row[name]) is not None}
            for row in map(dict, rows)
        ]
    return {"rows": _ENCODER.encode(rows).decode()}


@cache
def _binary(model: type[Base]) -> frozenset[str]:
    return frozenset(column.name for column in _table(model).c if isinstance(column.type, LargeBinary))


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _given(table: Table, columns: Sequence[str]) -> Any:
    """The document as rows of a table."""
    document = cast(bindparam("rows", type_=Text), JSONB)
    return (
        func.jsonb_to_recordset(document)
        .table_valued(*(column(name, table.c[name].type) for name in columns), name="given")
        .render_derived(with_types=True)
    )


@cache
def _insert(model: type[Base], columns: tuple[str, ...], unless_there: str | None) -> Insert:
    table = _table(model)
    made_here = [c.name for c in table.c if c.default is not None and c.server_default is None]
    forgotten = [name for name in made_here if name not in columns and table.c[name].autoincrement is not True]
    assert not forgotten, f"{table.name}: {forgotten} have no default in the database"
    given = _given(table, columns)
    rows = select(*(given.c[name] for name in columns))
    if unless_there is None:
        return insert(table).from_select(columns, rows, include_defaults=False)
    statement = postgresql.insert(table).from_select(columns, rows, include_defaults=False)
    return statement.on_conflict_do_nothing(index_elements=[unless_there])


@cache
def _update(model: type[Base], columns: tuple[str, ...], keys: tuple[str, ...]) -> Update:
    table = _table(model)
    given = _given(table, columns)
    same = [table.c[name] == given.c[name] for name in keys]
    return update(table).where(*same).values({name: given.c[name] for name in columns if name not in keys})


@cache
def _update_each(model: type[Base], columns: tuple[str, ...], keys: tuple[str, ...]) -> Update:
    table = _table(model)
    same = [table.c[name] == bindparam(f"_{name}", type_=table.c[name].type) for name in keys]
    values = {name: bindparam(f"_{name}", type_=table.c[name].type) for name in columns if name not in keys}
    return update(table).where(*same).values(values)
