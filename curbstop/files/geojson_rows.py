"""Reads GeoJSON feature collections, with the old-style `crs` member where there is one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from curbstop.domain.problems import Problem
from curbstop.files.json_text import JsonText
from curbstop.files.rows import Fault, Options, Progress, Row
from geo.crs import WGS84_CODE, geojson_crs


class GeoJsonSource:
    """A GeoJSON file. It is read through once at the start, so that its columns and its soundness are known."""

    format = "GeoJSON"

    def __init__(self, path: Path, options: Options) -> None:
        """Problem file_unreadable, crs_unknown."""
        self.path = path
        self.repairs: list[str] = []
        self.has_geometry = False
        columns: dict[str, None] = {}
        named: str | None = None
        kind = None
        count = last = 0
        for name, value in self._members(_ignore):
            if name == "crs":
                named = geojson_crs(value)
            elif name == "type":
                kind = value
            elif name == "features" and isinstance(value, Iterator):
                for line, feature, _ in value:
                    count, last = count + 1, line
                    if isinstance(feature, dict):
                        columns.update(dict.fromkeys(_properties(feature)))
                        self.has_geometry |= bool(feature.get("geometry"))
        if kind != "FeatureCollection":
            raise Problem("file_unreadable", f"{path} is JSON, but no GeoJSON FeatureCollection.")
        self.columns = list(columns)
        self._line_each = last >= count
        self.crs: str | None = options.crs or named or WGS84_CODE

    def rows(self, progress: Progress) -> Iterator[Row]:
        """One row a feature; its `id` is the column `id` where its properties have none."""
        for name, value in self._members(progress):
            if name == "features" and isinstance(value, Iterator):
                for number, (line, feature, text) in enumerate(value, start=1):
                    yield _row(line if self._line_each else number, feature, text)

    def _members(self, progress: Progress) -> Iterator[tuple[str, Any]]:
        size = self.path.stat().st_size
        with self.path.open(encoding="utf-8-sig") as file:
            text = JsonText(self.path, file)
            for name, value in text.members():
                yield name, _watched(value, text, progress, size) if isinstance(value, Iterator) else value
        progress(size, size)


def _ignore(done: int, of: int) -> None:
    """For the first look."""


def _watched(features: Iterator[Any], text: JsonText, progress: Progress, size: int) -> Iterator[Any]:
    for number, feature in enumerate(features):
        if number % 500 == 0:
            progress(min(text.done, size), size)
        yield feature


def _properties(feature: dict[str, Any]) -> dict[str, Any]:
    properties = feature.get("properties")
    values = properties if isinstance(properties, dict) else {}
    if "id" not in feature or any(name.casefold() == "id" for name in values):
        return values
    return {"id": feature["id"], **values}


def _row(line: int, feature: Any, text: str) -> Row:
    if not isinstance(feature, dict):
        return Row(line, {}, None, text, Fault("malformed_row", "This is no GeoJSON feature."))
    values = {name: _text(value) for name, value in _properties(feature).items()}
    try:
        geometry = _shape(feature.get("geometry"))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, shapely.errors.ShapelyError):
        return Row(line, values, None, text, Fault("bad_geometry", "The feature's coordinates make no shape."))
    return Row(line, values, geometry, text)


def _shape(geometry: Any) -> BaseGeometry | None:
    if not geometry:
        return None
    made = shape(geometry)
    return None if made.is_empty else made


def _text(value: Any) -> str:
    """A value as a CSV would have it: nothing for null, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value)
