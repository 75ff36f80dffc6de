"""Turns filters of CQL2 into conditions on a layer's rows: attributes by the whitelist, values only as bound ones.

What a filter names is looked up among the attributes that its asker sees, so that nobody finds out by asking what they
are not told. Offered are the basic and advanced comparisons, case-insensitive ones, spatial relations to a shape, and
what is before, after, within or at a moment.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from shapely.errors import GEOSException
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, and_, false, func, not_, or_, true
from sqlalchemy.orm import Session

from curbstop.domain.problems import Problem
from curbstop.queries.layer_moments import MOMENT_OPS, in_time
from curbstop.queries.layer_places import RELATIONS, related
from curbstop.queries.layer_values import Value, as_of, kind_of, like, matched
from geo.layer_crs import LONGITUDE_LATITUDE, LayerCrs
from geo.layers import Attribute, Layer

GEOMETRY: Final = "geometry"
DEEPEST, MOST_PARTS, MOST_IN_LIST = 60, 2_000, 1_000
_COMPARED: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "=": lambda a, b: a == b, "<>": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip
# Asked the other way round.
_TURNED: Final = {"within": "contains", "contains": "within"}
Condition = ColumnElement[bool]


@dataclass
class Filter:
    """A filter of one layer for one asker: which attributes it may name, and the system of its shapes."""

    session: Session
    layer: Layer
    attributes: Sequence[Attribute]
    crs: LayerCrs = LONGITUDE_LATITUDE
    parts: int = 0

    def condition(self, tree: Any) -> Condition:
        """What the tree of `geo.cql` asks; Problem(`bad_parameter`) says what cannot be asked."""
        return self._true_of(tree, depth=0, plain=True)

    def equal(self, name: str, text: str) -> Condition:
        """That an attribute has this value, written as in an address."""
        left = self._attribute(name)
        value: Any = text
        if left.kind == "number":
            try:
                value = float(text)
            except ValueError:
                raise Problem("bad_parameter", f"{name}: a number.") from None
        equal: Condition = left.expression() == as_of(left, value)
        return equal

    def _true_of(self, tree: Any, *, depth: int, plain: bool) -> Condition:
        """`plain`: not within a NOT, where what an index leaves out is not what is false."""
        self._count(depth)
        if isinstance(tree, bool):
            return true() if tree else false()
        op, args = _op(tree)
        if op in {"and", "or"}:
            conditions = [self._true_of(one, depth=depth + 1, plain=plain) for one in args]
            if len(conditions) < 2:
                raise _wrong(f"{op} joins two conditions or more")
            return and_(*conditions) if op == "and" else or_(*conditions)
        if op == "not":
            [inner] = _so_many(op, args, 1)
            return not_(self._true_of(inner, depth=depth + 1, plain=False))
        if op.startswith("s_") and op[2:] in RELATIONS:
            return self._spatial(op[2:], *_so_many(op, args, 2), plain=plain)
        if op in MOMENT_OPS:
            begin, end = _so_many(op, args, 2)
            return in_time(op, begin, end, self._attribute)
        return self._comparison(op, args, depth + 1)

    def _comparison(self, op: str, args: list[Any], depth: int) -> Condition:
        if op in _COMPARED:
            first, second = matched(*(self._value(one, depth) for one in _so_many(op, args, 2)))
            compared: Condition = _COMPARED[op](first, second)
            return compared
        if op == "isNull":
            [one] = _so_many(op, args, 1)
            if one == {"property": GEOMETRY}:
                return self.layer.place.is_(None)
            return self._value(one, depth).expression().is_(None)
        if op == "like":
            text, pattern = (self._value(one, depth) for one in _so_many(op, args, 2))
            return like(text, pattern, sqlite=self._sqlite)
        if op == "between":
            value, low, high = (self._value(one, depth) for one in _so_many(op, args, 3))
            (a, least), (b, most) = matched(value, low), matched(value, high)
            return and_(a >= least, b <= most)
        if op == "in":
            return self._in_list(*_so_many(op, args, 2), depth=depth)
        raise _wrong(f"{op} is not offered")

    def _in_list(self, one: Any, many: Any, *, depth: int) -> Condition:
        if not isinstance(many, list) or not 0 < len(many) <= MOST_IN_LIST:
            raise _wrong(f"IN has a list of 1 to {MOST_IN_LIST} values")
        value = self._value(one, depth)
        pairs = [matched(value, self._value(item, depth)) for item in many]
        return pairs[0][0].in_([right for _, right in pairs])

    def _value(self, tree: Any, depth: int) -> Value:
        self._count(depth)
        if isinstance(tree, dict) and set(tree) == {"property"}:
            return self._attribute(tree["property"])
        if isinstance(tree, dict) and tree.get("op") == "casei":
            [inner] = _so_many("casei", tree.get("args"), 1)
            value = self._value(inner, depth + 1)
            if value.kind != "text":
                raise _wrong("CASEI is of text")
            if value.column is None:
                return Value("text", None, value.given.lower())
            lower = func.lower_text if self._sqlite else func.lower
            return Value("text", lower(value.column, type_=value.column.type))
        if isinstance(tree, dict) and "op" in tree:
            raise _wrong(f"{str(tree['op'])[:40]} is not offered among values")
        return Value.of(tree)

    def _attribute(self, name: Any) -> Value:
        if name == "id":
            return Value("id", self.layer.row_id.expression)
        for one in self.attributes:
            if one.name == name:
                return Value(kind_of(one.column), one.column)
        names = ", ".join(("id", *(one.name for one in self.attributes), GEOMETRY))
        raise _wrong(f"{self.layer.name} has no {str(name)[:60]!r} to compare; it has {names}")

    def _spatial(self, relation: str, first: Any, second: Any, *, plain: bool) -> Condition:
        if first != {"property": GEOMETRY}:
            first, second, relation = second, first, _TURNED.get(relation, relation)
        if first != {"property": GEOMETRY} or not isinstance(second, dict) or "property" in second:
            raise _wrong(f"s_{relation} is between {GEOMETRY} and a shape")
        return related(self.session, self.layer, relation, self._shape(second), by_index=plain)

    def _shape(self, tree: Mapping[str, Any]) -> BaseGeometry:
        try:
            given = shapely.box(*_corners(tree["bbox"])) if "bbox" in tree else shape(dict(tree))
            moved = shapely.transform(shapely.force_2d(given), self.crs.to_degrees)
        except (GEOSException, ValueError, TypeError, KeyError, IndexError, AttributeError):
            raise _wrong(
                "the shape cannot be read; write for example POLYGON((-79 35, -78 35, -78 36, -79 35))"
            ) from None
        if not np.isfinite(shapely.get_coordinates(moved)).all() or moved.is_empty:
            raise _wrong("the shape is empty, or nowhere on earth; check filter-crs and the order of its axes")
        if moved.geom_type == "GeometryCollection" or not moved.is_valid:
            raise _wrong(f"the shape is not valid ({shapely.is_valid_reason(moved)[:80]})")
        return moved

    @property
    def _sqlite(self) -> bool:
        return self.session.get_bind().dialect.name == "sqlite"

    def _count(self, depth: int) -> None:
        self.parts += 1
        if depth > DEEPEST or self.parts > MOST_PARTS:
            raise _wrong(f"more than {MOST_PARTS} parts, or nested more than {DEEPEST} deep")


def _corners(numbers: Sequence[float]) -> tuple[float, float, float, float]:
    first, second, third, fourth = numbers if len(numbers) == 4 else (numbers[0], numbers[1], numbers[3], numbers[4])
    if not all(map(math.isfinite, (first, second, third, fourth))):
        raise ValueError
    return first, second, third, fourth


def _op(tree: Any) -> tuple[str, list[Any]]:
    if not isinstance(tree, dict) or not isinstance(tree.get("op"), str) or not isinstance(tree.get("args"), list):
        raise _wrong("a condition is wanted where only a value stands")
    return tree["op"], tree["args"]


def _so_many(op: str, args: Any, count: int) -> list[Any]:
    if not isinstance(args, list) or len(args) != count:
        raise _wrong(f"{op} takes {count} arguments")
    return args


def _wrong(words: str) -> Problem:
    return Problem("bad_parameter", f"filter: {words}.")
