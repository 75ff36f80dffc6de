"""Reads the parameters that OGC API Features gives to the address of a layer's rows.

OGC has 400 for whatever is wrong with them, also for one that nobody knows; each problem says what would be right.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from flask import request
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from api.core import actor
from curbstop.domain.problems import Problem
from curbstop.domain.texts import is_storable
from curbstop.queries.layer_filters import Filter
from curbstop.queries.layers import MOST, USUAL, attributes
from geo.cql import LANGUAGES, TEXT, read_filter
from geo.layer_crs import LONGITUDE_LATITUDE, Box, LayerCrs, crs_named
from geo.layers import Layer

# Those of the rows' own address, beside the layer's queryables.
ROWS: Final = (
    "limit", "after", "bbox", "bbox-crs", "crs", "datetime", "filter", "filter-lang", "filter-crs",
)  # fmt: skip
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d))?")


def given(known: tuple[str, ...] = ()) -> dict[str, str]:
    """The parameters by name; Problem(`bad_parameter`) for one that is unknown, given twice or not readable."""
    found: dict[str, str] = {}
    for name, values in request.args.lists():
        if name not in (*known, "f"):
            names = ", ".join((*known, "f"))
            raise Problem("bad_parameter", f"There is no parameter {name[:60]!r} here; there are {names}.")
        if len(values) > 1:
            raise Problem("bad_parameter", f"{name}: given more than once; give it once.")
        if not is_storable(values[0]):
            raise Problem("bad_parameter", f"{name}: it holds a character that is none (NUL or half of one).")
        found[name] = values[0]
    if found.pop("f", "json").lower() not in {"json", "geojson"}:
        raise Problem("bad_parameter", "f: only json is offered; leave it out.")
    return found


def limit(text: str | None) -> int:
    """How many rows; more than the most is the most, as OGC has it."""
    if text is None:
        return USUAL
    if not re.fullmatch(r"\d{1,9}", text) or int(text) < 1:
        raise Problem("bad_parameter", f"limit: a whole number from 1 to {MOST}.")
    return min(int(text), MOST)


def after(text: str | None) -> UUID | None:
    """The feature that the page before ended with."""
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise Problem("bad_parameter", "after: follow the `next` link of a page instead of making it up.") from None


def filters(session: Session, layer: Layer, sent: Mapping[str, str], storage: str) -> tuple[ColumnElement[bool], ...]:
    """What `filter` and the attributes named as parameters ask of a row."""
    asked = Filter(session, layer, attributes(layer, actor()), crs(sent, "filter-crs", storage))
    found = [asked.equal(name, sent[name]) for name in sent if name not in ROWS]
    if "filter" in sent:
        found.append(asked.condition(read_filter(sent["filter"], sent.get("filter-lang", TEXT))))
    elif sent.get("filter-lang", TEXT) not in LANGUAGES:
        raise Problem("bad_parameter", f"filter-lang: {' or '.join(LANGUAGES)}.")
    return tuple(found)


def crs(sent: Mapping[str, str], name: str, storage: str) -> LayerCrs:
    """The coordinate system that the parameter names, CRS84 without it."""
    return crs_named(sent[name], storage, name) if name in sent else LONGITUDE_LATITUDE


def box(text: str | None, system: LayerCrs) -> Box | None:
    """The box in degrees; heights are left out. Its numbers are in the order of the system's axes.

    In degrees a west beyond the east is no mistake: the box crosses the 180th meridian.
    """
    if text is None:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in {4, 6} or not all(map(math.isfinite, numbers)):
        raise Problem("bad_parameter", "bbox: four numbers, or six with heights, with commas between them.")
    first, second, third, fourth = numbers if len(numbers) == 4 else (numbers[i] for i in (0, 1, 3, 4))
    if not system.in_degrees:
        if first > third or second > fourth:
            raise Problem("bad_parameter", "bbox: first the least coordinates, then the greatest ones.")
        return system.box_to_degrees((first, second, third, fourth))
    west, south, east, north = degrees = system.box_to_degrees((first, second, third, fourth))
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        order = "west,south,east,north" if system.is_crs84 else "south,west,north,east"
        raise Problem("bad_parameter", f"bbox: {order} in degrees; check the order and bbox-crs.")
    return degrees


def moments(text: str | None) -> tuple[datetime | None, datetime | None]:
    """The first and the last moment of an instant or an interval; None where it is open."""
    if text is None:
        return None, None
    begin, bar, end = text.partition("/")
    first, last = _moment(begin, late=False), _moment(end if bar else begin, late=True)
    if not bar and first is None:
        raise _no_moment()
    if first is not None and last is not None and first > last:
        raise Problem("bad_parameter", "datetime: the interval ends before it begins.")
    return first, last


def _moment(text: str, *, late: bool) -> datetime | None:
    if text in {"", ".."}:
        return None
    if not _MOMENT.fullmatch(text):
        raise _no_moment()
    try:
        moment = datetime.fromisoformat(text.upper())
        if len(text) == len("2026-01-31"):
            # A day is all of its moments, in UTC.
            return (
                moment.replace(hour=23, minute=59, second=59, microsecond=999999, tzinfo=UTC)
                if late
                else (moment.replace(tzinfo=UTC))
            )
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _no_moment() from None


def _no_moment() -> Problem:
    how = "a moment such as 2026-01-31T12:00:00Z, or an interval such as 2026-01-31T00:00:00Z/.."
    return Problem("bad_parameter", f"datetime: {how}")
