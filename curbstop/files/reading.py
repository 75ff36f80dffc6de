"""Reads a file by a layout: accepted rows come out, refused ones go to their file, and the preview counts both."""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from shapely import LineString, MultiLineString, MultiPoint, Point, line_merge
from shapely.geometry.base import BaseGeometry

from curbstop.domain.import_rows import AddressRow, AssetRow, HydrantRow, ImportRow, StreetRow
from curbstop.domain.problems import Problem
from curbstop.files.layout import Layout, draft, resolve
from curbstop.files.opener import open_source
from curbstop.files.preview import Preview
from curbstop.files.rejects import RejectFile, reject_path
from curbstop.files.rows import Duplicate, Fault, Options, Parsed, Progress, Rejected, Row
from curbstop.files.values import RefusedError
from geo.crs import WGS84_CODE, ToWgs84
from geo.geocode import AddressRange, Segment, StreetIndex

_BATCH: Final = 1_000


class Reading:
    """One file, read by one layout. It may be gone through several times: once to preview, once to write.

    Memory holds a batch of rows and a key a row, never the file. Rows are judged in the file's order: of rows that
    mean the same thing the first is accepted and the others are duplicates; a source key that comes again with other
    values is refused (duplicate_key).
    """

    def __init__(
        self,
        path: Path,
        layout: Layout,
        options: Options | None = None,
        streets: StreetIndex | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Looks at the file. Problem file_unreadable, file_columns, crs_missing, crs_unknown."""
        self._layout, self._streets = layout, streets
        self._progress = progress or _say_nothing
        options = options or Options()
        self._source = open_source(path, options)
        self._columns = resolve(layout, self._source.columns, options.mapping)
        self._xy = [self._columns.by_field.get(name) for name in ("x", "y")]
        self._rejects_path = reject_path(path, options.rejects_folder)
        has_place = self._source.has_geometry or all(self._xy)
        self._to_wgs84 = self._system(has_place) if layout.geometry and has_place else None
        if layout.geometry and not has_place and (layout.name != "addresses" or streets is None):
            way = "give --streets FILE to place them" if layout.name == "addresses" else "give a file that has them"
            raise Problem("file_columns", f"{path} has no coordinates; {way}.")
        self.preview = self._new_preview()

    def __iter__(self) -> Iterator[Parsed]:
        """The accepted rows; `preview` is complete when they have all been taken. Problem crs_wrong."""
        self.preview = self._new_preview()
        judge = _Judge(self._layout)
        with RejectFile(self._rejects_path) as rejects:
            for row, shape in self._shaped():
                self.preview.read += 1
                outcome = self._judge(judge, row, shape)
                if isinstance(outcome, Parsed):
                    self._accept(outcome.value)
                    yield outcome
                elif isinstance(outcome, Duplicate):
                    self.preview.duplicates += 1
                else:
                    self.preview.reject(outcome)
                    rejects.add(outcome)

    def run(self) -> Preview:
        """Goes through the file for the preview alone."""
        for _ in self:
            pass
        return self.preview

    def texts(self, lines: set[int]) -> dict[int, str]:
        """The texts of some lines, for rows that were refused after they had been read."""
        return {row.line: row.text for row in self._source.rows(_say_nothing) if row.line in lines}

    def _new_preview(self) -> Preview:
        source = self._source
        return Preview(
            self._layout.name,
            source.path,
            source.format,
            self._columns.by_field,
            self._columns.ignored,
            source.repairs,
            self._to_wgs84.name if self._to_wgs84 else None,
            self._rejects_path,
        )

    def _system(self, has_place: bool) -> ToWgs84:
        named = self._source.crs or (WGS84_CODE if self._source.format == "CSV" else None)
        if named is None:
            raise Problem("crs_missing", f"{self._source.path} names no coordinate system; say --crs EPSG:xxxx.")
        return ToWgs84(named)

    def _judge(self, judge: "_Judge", row: Row, shape: BaseGeometry | Fault | None) -> Parsed | Duplicate | Rejected:
        fault = row.fault or (shape if isinstance(shape, Fault) else None)
        if fault:
            return Rejected(row.line, fault.reason, fault.detail, row.text)
        geometry = None if isinstance(shape, Fault) else shape
        try:
            value = self._layout.build(draft(self._layout, row, self._columns, geometry, self._streets))
            return judge.judge(row, value)
        except RefusedError as refused:
            return Rejected(row.line, refused.fault.reason, refused.fault.detail, row.text, refused.about)

    def _accept(self, value: ImportRow) -> None:
        self.preview.accepted += 1
        if isinstance(value, StreetRow):
            for x, y in (value.line[0], value.line[-1]):
                self.preview.reach(x, y, x, y)
        elif isinstance(value, AssetRow):
            self.preview.reach(*value.bounds)
        elif isinstance(value, AddressRow | HydrantRow) and value.location:
            self.preview.reach(*value.location, *value.location)
            self.preview.placed += isinstance(value, AddressRow) and value.location_source == "geocoded"

    def _shaped(self) -> Iterator[tuple[Row, BaseGeometry | Fault | None]]:
        """The rows with their shapes in longitude and latitude, moved a batch at a time."""
        rows = self._source.rows(self._progress)
        while batch := list(itertools.islice(rows, _BATCH)):
            if self._to_wgs84 is None:
                yield from ((row, None) for row in batch)
                continue
            given = [self._given(row) for row in batch]
            plain = [None if isinstance(shape, Fault) else shape for shape in given]
            moved = _moved(self._to_wgs84, plain, believed=self.preview.bounds is not None)
            for row, before, after in zip(batch, given, moved, strict=True):
                yield row, before if isinstance(before, Fault) else after

    def _given(self, row: Row) -> BaseGeometry | Fault | None:
        """A row's shape in the file's own system, made single where it is a collection of one."""
        x, y = (row.values.get(column, "").strip() if column else "" for column in self._xy)
        if row.geometry is None and (x or y):
            try:
                return Point(float(x), float(y))
            except ValueError:
                return Fault("bad_geometry", f"{x[:30]!r}, {y[:30]!r} are no coordinates.")
        shape = row.geometry
        if self._layout.geometry == "shape":
            return shape
        if isinstance(shape, MultiPoint) and len(shape.geoms) == 1:
            shape = shape.geoms[0]
        elif isinstance(shape, MultiLineString):
            # Directed, because left and right depend on it.
            shape = line_merge(shape, directed=True)
        wanted = Point if self._layout.geometry == "point" else LineString
        if shape is not None and not isinstance(shape, wanted):
            return Fault("bad_geometry", f"A {self._layout.geometry} is needed; this is a {shape.geom_type}.")
        return shape


class _Judge:
    """Remembers what came before."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._lines: dict[int, int] = {}
        self._keys: dict[str, int] = {}

    def judge(self, row: Row, value: ImportRow) -> Parsed | Duplicate:
        # The hash of the text, because a large file's texts would not fit; 64 bits do not collide at this size.
        same = hash(self._layout.identity(value))
        if same in self._lines:
            return Duplicate(row.line, self._lines[same])
        if value.source_key in self._keys:
            first = self._keys[value.source_key]
            raise RefusedError("duplicate_key", f"{value.source_key} is on line {first} already, with other values.")
        self._lines[same] = self._keys[value.source_key] = row.line
        return Parsed(row.line, value)


def street_index(rows: Iterable[StreetRow]) -> StreetIndex:
    """The streets of a file, ready to place addresses on."""
    return StreetIndex(
        Segment.of(
            row.source_key,
            row.name,
            row.line,
            AddressRange.of(row.left_from, row.left_to, row.left_zip),
            AddressRange.of(row.right_from, row.right_to, row.right_zip),
        )
        for row in rows
    )


def _moved(system: ToWgs84, shapes: list[BaseGeometry | None], *, believed: bool) -> list[BaseGeometry | Fault | None]:
    """Moves a batch. A few points in impossible places are refused alone; where most are, the system is wrong.

    `believed` is true when earlier rows lay where they should.
    """
    try:
        return [*system.shapes(shapes)]
    except Problem as problem:
        moved: list[BaseGeometry | Fault | None] = [_one(system, shape) for shape in shapes]
        wrong = sum(isinstance(shape, Fault) for shape in moved)
        if not believed and wrong * 2 >= sum(shape is not None for shape in shapes):
            raise problem from None
        return moved


def _one(system: ToWgs84, shape: BaseGeometry | None) -> BaseGeometry | Fault | None:
    try:
        return system.shapes([shape])[0]
    except Problem as problem:
        return Fault("outside", problem.detail)


def _say_nothing(done: int, of: int) -> None:
    """For callers without a progress bar."""
