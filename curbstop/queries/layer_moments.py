"""Filters about time: whether an attribute lies before, after, within or at a moment, a day or an interval."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, false, or_

from curbstop.domain.problems import Problem
from curbstop.queries.layer_values import Value, beginning, bound, day_of, moment_of

# The same asked the other way round.
_TURNED: Final = {"t_after": "t_before", "t_before": "t_after"}
MOMENT_OPS: Final = frozenset({"t_after", "t_before", "t_equals", "t_during", "t_intersects", "t_disjoint"})
# The first and last moment; None where it is open.
Span = tuple[datetime | None, datetime | None]


def in_time(op: str, first: Any, second: Any, attribute: Callable[[Any], Value]) -> ColumnElement[bool]:
    """The condition of one of MOMENT_OPS; Problem(`bad_parameter`) says what it is between."""
    if not _is_property(first) and op != "t_during":
        first, second, op = second, first, _TURNED.get(op, op)
    if not _is_property(first) or _is_property(second):
        raise Problem("bad_parameter", f"filter: {op} is between an attribute and a moment, a day or an INTERVAL.")
    value = attribute(first["property"])
    if value.kind not in {"moment", "day"}:
        raise Problem("bad_parameter", f"filter: {first['property']} is neither a moment nor a day.")
    return _condition(op, value, _span(second))


def _is_property(tree: Any) -> bool:
    return isinstance(tree, dict) and "property" in tree


def _condition(op: str, value: Value, span: Span) -> ColumnElement[bool]:
    column, (begin, end) = value.expression(), (_end_of(value, one) for one in span)
    if op == "t_after":
        return false() if end is None else column > end
    if op == "t_before":
        return false() if begin is None else column < begin
    if op == "t_equals":
        return false() if begin is None or end is None else and_(column == begin, column == end)
    if op == "t_during":
        return _both(column.is_not(None), begin is None or column > begin, end is None or column < end)
    if op == "t_intersects":
        return _both(column.is_not(None), begin is None or column >= begin, end is None or column <= end)
    outside = [*([] if begin is None else [column < begin]), *([] if end is None else [column > end])]
    return or_(false(), *outside)


def _both(*conditions: Any) -> ColumnElement[bool]:
    return and_(*(one for one in conditions if one is not True))


def _end_of(value: Value, moment: datetime | None) -> ColumnElement[Any] | None:
    if moment is None:
        return None
    return bound(value.kind, moment.date() if value.kind == "day" else moment)


def _span(tree: Any) -> Span:
    if isinstance(tree, dict) and isinstance(tree.get("interval"), list) and len(tree["interval"]) == 2:
        first, last = (_given(one) for one in tree["interval"])
    else:
        first = last = Value.of(tree).given
    if not all(one is None or isinstance(one, date) for one in (first, last)):
        raise Problem("bad_parameter", "filter: a moment, a day or an INTERVAL('...','...') is wanted.")
    return None if first is None else beginning(first), None if last is None else _ending(last)


def _given(tree: Any) -> date | None:
    text = next(iter(tree.values()), None) if isinstance(tree, dict) and len(tree) == 1 else tree
    if text in {"..", ""}:
        return None
    return day_of(text) if isinstance(text, str) and len(text) == len("2026-01-31") else moment_of(text)


def _ending(given: date) -> datetime:
    return given if isinstance(given, datetime) else beginning(given) + timedelta(days=1, microseconds=-1)
