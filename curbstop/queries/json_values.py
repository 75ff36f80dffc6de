"""Columns as JSON has them, made by the database: an object for each value takes as long as everything else."""

from typing import Any

from sqlalchemy import ColumnElement, Date, Text, Uuid, cast, func, literal, type_coerce

from curbstop.models.base import UtcDateTime

_MOMENT = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'


def json_value(one: ColumnElement[Any], *, sqlite: bool) -> ColumnElement[Any]:
    """Ids, days and moments as text, the same on both databases; anything else as it is."""
    if isinstance(one.type, Uuid):
        return hyphened(one) if sqlite else cast(one, Text)
    if isinstance(one.type, UtcDateTime):
        if not sqlite:
            return func.to_char(func.timezone("UTC", one), _MOMENT, type_=Text)
        kept = type_coerce(one, Text)
        return func.substr(kept, 1, 10, type_=Text) + literal("T") + func.substr(kept, 12, type_=Text) + literal("Z")
    if isinstance(one.type, Date):
        return type_coerce(one, Text) if sqlite else cast(one, Text)
    return one


def hyphened(one: ColumnElement[Any]) -> ColumnElement[str]:
    """An id of SQLite as it is written."""
    digits = type_coerce(one, Text)
    cuts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    parts = [func.substr(digits, start, length, type_=Text) for start, length in cuts]
    text: ColumnElement[str] = parts[0]
    for part in parts[1:]:
        text = text + literal("-") + part
    return text
