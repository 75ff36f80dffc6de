"""Values of a filter: what kind each is of, and how two of different kinds come to be compared."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    Double,
    Float,
    Integer,
    Numeric,
    Text,
    Uuid,
    literal,
)

from curbstop.domain.problems import Problem
from curbstop.models.base import UtcDateTime

_NAMES: Final = {
    "id": "an id", "moment": "a moment such as TIMESTAMP('2026-01-31T12:00:00Z')", "number": "a number",
    "day": "a day such as DATE('2026-01-31')", "text": "text in '...'", "truth": "true or false",
}  # fmt: skip
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:\d\d)")
_TYPES: Final[dict[str, Any]] = {
    "id": Uuid(), "moment": UtcDateTime(), "day": Date(), "text": Text(), "number": Double(), "truth": Boolean(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Value:
    """A side of a comparison: a column, or (without one) something given, which is bound as the other side wants."""

    kind: str
    column: ColumnElement[Any] | None
    given: Any = None

    @classmethod
    def of(cls, tree: Any) -> "Value":
        """What a filter gives; Problem(`bad_parameter`) for what is no value."""
        if isinstance(tree, bool):
            return cls("truth", None, tree)
        if isinstance(tree, int | float):
            return cls("number", None, tree)
        if isinstance(tree, str):
            return cls("text", None, tree)
        if isinstance(tree, dict) and len(tree) == 1:
            [(name, text)] = tree.items()
            if name in {"timestamp", "date"}:
                return cls("moment", None, moment_of(text)) if name == "timestamp" else cls("day", None, day_of(text))
        raise Problem("bad_parameter", "filter: a value is a name, text in '...', a number, DATE or TIMESTAMP.")

    def expression(self) -> ColumnElement[Any]:
        return bound(self.kind, self.given) if self.column is None else self.column


def kind_of(column: ColumnElement[Any]) -> str:
    """What values of the column are compared with."""
    kinds: tuple[tuple[str, Any], ...] = (
        ("id", Uuid), ("moment", UtcDateTime), ("day", Date), ("truth", Boolean), ("number", Integer | Float | Numeric),
    )  # fmt: skip
    return next((kind for kind, types in kinds if isinstance(column.type, types)), "text")


def matched(first: Value, second: Value) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Both as expressions that can be compared; Problem(`bad_parameter`) where they cannot."""
    if first.column is not None and second.column is None:
        return first.column, as_of(first, second.given)
    if second.column is not None and first.column is None:
        return as_of(second, first.given), second.column
    if first.kind != second.kind:
        raise Problem("bad_parameter", f"filter: {_NAMES[first.kind]} is not compared with {_NAMES[second.kind]}.")
    return first.expression(), second.expression()


def as_of(column: Value, given: Any) -> ColumnElement[Any]:
    """What was given, bound as the column's kind; Problem(`bad_parameter`) says what it should be."""
    try:
        return bound(column.kind, _fitted(column.kind, given))
    except (ValueError, Problem):
        name = getattr(column.column, "key", None) or "it"
        wanted = _NAMES[column.kind]
        raise Problem("bad_parameter", f"filter: {name} is {wanted}, which {str(given)[:40]!r} is not.") from None


def _fitted(kind: str, given: Any) -> Any:
    if kind == "id":
        return UUID(given) if isinstance(given, str) else _nothing()
    if kind == "moment":
        if isinstance(given, str):
            given = day_of(given) if _DAY.fullmatch(given) else moment_of(given)
        return beginning(given) if isinstance(given, date) else _nothing()
    if kind == "day":
        given = day_of(given) if isinstance(given, str) else given
        return given if isinstance(given, date) and not isinstance(given, datetime) else _nothing()
    fits = {"text": str, "truth": bool, "number": int | float}[kind]
    return given if isinstance(given, fits) and isinstance(given, bool) == (kind == "truth") else _nothing()


def _nothing() -> Any:
    raise ValueError


def like(one: Value, pattern: Value, *, sqlite: bool) -> ColumnElement[bool]:
    """LIKE with its case, which SQLite's own does not heed; `%` and `_` stand for anything, `\\` takes that away."""
    text = pattern.given
    if one.kind != "text" or pattern.column is not None or not isinstance(text, str):
        raise Problem("bad_parameter", "filter: LIKE is of text, and its pattern is text in '...'.")
    if len(text) - len(text.rstrip("\\")) & 1:
        raise Problem("bad_parameter", "filter: the pattern ends with a \\ that takes nothing away; double it.")
    if not sqlite:
        return one.expression().like(bound("text", text), escape="\\")
    return one.expression().op("GLOB", is_comparison=True)(bound("text", _glob(text)))


def _glob(pattern: str) -> str:
    wild = {"%": "*", "_": "?"}
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    return "".join(wild[one] if one in wild else _as_is(one[-1]) for one in parts)


def _as_is(letter: str) -> str:
    return f"[{letter}]" if letter in "*?[" else letter


def moment_of(text: Any) -> datetime:
    """A moment of RFC 3339, in UTC."""
    try:
        if isinstance(text, str) and _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Problem("bad_parameter", f"filter: {str(text)[:40]!r} is no moment such as 2026-01-31T12:00:00Z.")


def day_of(text: Any) -> date:
    """A day of RFC 3339."""
    try:
        if isinstance(text, str) and _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Problem("bad_parameter", f"filter: {str(text)[:40]!r} is no day such as 2026-01-31.")


def beginning(given: date) -> datetime:
    """The moment itself, or the first one of the day in UTC."""
    return given if isinstance(given, datetime) else datetime(given.year, given.month, given.day, tzinfo=UTC)


def bound(kind: str, given: Any) -> ColumnElement[Any]:
    """A bound value. CQL2's reader makes all numbers floats; a whole one is bound whole, for the sake of indexes."""
    if kind == "number" and float(given).is_integer() and abs(given) < 2**53:
        return literal(int(given), BigInteger())
    return literal(given, _TYPES[kind])
