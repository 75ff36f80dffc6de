"""JSON written by the database itself: expressions that mean the same on PostgreSQL and on SQLite.

A row that Python reads, converts and dumps costs five times what the database takes to write it as text. `value` turns
a column into what the wire shows of its type: ids with hyphens, moments in RFC 3339 with Z, decimals as text without
trailing zeros, JSON as it is.
"""

from collections.abc import Mapping
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import JSON, Boolean, ColumnElement, Numeric, Select, Text, Uuid, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from curbstop.models.base import UtcDateTime

# 1 cm: a surveyor's point is not worse for it, and both databases write the same digits.
_DEGREE_DIGITS = 7


class _Text(FunctionElement[str]):
    """An expression that each database spells in its own way; `{0}` is what it is made of."""

    inherit_cache = True
    type = Text()
    postgresql = "{0}"
    sqlite = "{0}"


@compiles(_Text)
def _spell(element: _Text, compiler: SQLCompiler, **how: Any) -> str:
    made_of = compiler.process(element.clauses, **how)
    return getattr(element, compiler.dialect.name).replace("{0}", made_of)  # type: ignore[no-any-return]


class Object(_Text):
    """A JSON object of alternating names and values."""

    inherit_cache = True
    postgresql, sqlite = "json_build_object({0})", "json_object({0})"


class Plain(_Text):
    """The JSON as text, to be glued to other text."""

    inherit_cache = True
    postgresql = "CAST({0} AS text)"


class _Id(_Text):
    inherit_cache = True
    sqlite = (
        "(substr({0}, 1, 8) || '-' || substr({0}, 9, 4) || '-' || substr({0}, 13, 4) || '-' || substr({0}, 17, 4)"
        " || '-' || substr({0}, 21))"
    )


class _Moment(_Text):
    inherit_cache = True
    postgresql = """to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    sqlite = "(replace({0}, ' ', 'T') || 'Z')"


class _Decimal(_Text):
    inherit_cache = True
    postgresql = "CAST(trim_scale({0}) AS text)"
    # A whole number is an integer in SQLite; nothing in the schema has more than four digits behind the point.
    sqlite = (
        "CASE WHEN {0} = CAST({0} AS INTEGER) THEN CAST(CAST({0} AS INTEGER) AS TEXT)"
        " ELSE rtrim(printf('%.4f', {0}), '0') END"
    )


class _Embedded(_Text):
    inherit_cache = True
    sqlite = "json({0})"


class _YesNo(_Text):
    inherit_cache = True
    sqlite = "json(CASE WHEN {0} THEN 'true' ELSE 'false' END)"


class Longitude(_Text):
    """Degrees east of a point."""

    inherit_cache = True
    postgresql = f"CAST(round(CAST(ST_X({{0}}) AS numeric), {_DEGREE_DIGITS}) AS float8)"
    sqlite = f"round(ST_MinX({{0}}), {_DEGREE_DIGITS})"


class Latitude(_Text):
    """Degrees north of a point."""

    inherit_cache = True
    postgresql = f"CAST(round(CAST(ST_Y({{0}}) AS numeric), {_DEGREE_DIGITS}) AS float8)"
    sqlite = f"round(ST_MinY({{0}}), {_DEGREE_DIGITS})"


class _Items(_Text):
    inherit_cache = True
    postgresql = "COALESCE((SELECT json_agg(one.item) FROM {0} AS one), CAST('[]' AS json))"
    # What comes out of a subquery is text to SQLite until it is told otherwise.
    sqlite = "(SELECT json_group_array(json(one.item)) FROM {0} AS one)"


def value(column: Any) -> ColumnElement[Any]:
    """A column as the wire shows its type."""
    kind = column.type
    if isinstance(kind, Uuid):
        return _Id(column)
    if isinstance(kind, UtcDateTime):
        return _Moment(column)
    if isinstance(kind, JSON):
        return _Embedded(column)
    if isinstance(kind, Boolean):
        return _YesNo(column)
    if isinstance(kind, Numeric) and kind.asdecimal:
        return _Decimal(column)
    if isinstance(kind, Geometry):
        raise TypeError("a geometry has no one form; take its Longitude and Latitude")
    expression: ColumnElement[Any] = column
    return expression


def json_object(members: Mapping[str, Any]) -> ColumnElement[str]:
    """An object with these members; columns are shown as their type is, other expressions stand as they are."""
    parts: list[Any] = []
    for name, member in members.items():
        parts += [literal_column(f"'{name}'"), member if isinstance(member, _Text) else value(member)]
    return Object(*parts)


def json_array(items: Select[Any]) -> ColumnElement[str]:
    """An array of what a correlated, ordered select of one column, `item`, yields; empty when it yields nothing."""
    return _Items(items.scalar_subquery())
