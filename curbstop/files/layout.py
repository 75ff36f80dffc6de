"""The layout engine: fields with the column names they go by, and how a row becomes a value."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from shapely.geometry.base import BaseGeometry

from curbstop.domain.import_rows import ImportRow
from curbstop.domain.problems import Problem
from curbstop.files.rows import Row
from curbstop.files.values import NOTHING, Kind, RefusedError
from geo.geocode import StreetIndex

# Columns in which an editing program notes who touched a row; they say nothing about the thing.
EDITOR_COLUMNS: Final = frozenset(
    {"createddate", "createduser", "lasteditdate", "lastediteddate", "lastediteduser", "editdate", "editor", "creator"}
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a layout: what it means, how it is read, and the names that its column may have.

    The first name that a file has is taken: the field's own before its aliases, unless it stands among them.
    """

    name: str
    kind: Kind
    about: str
    aliases: tuple[str, ...] = ()
    required: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A row on its way: its values by field, its shape in longitude and latitude, the streets to place it on."""

    row: Row
    values: Mapping[str, Any]
    geometry: BaseGeometry | None
    streets: StreetIndex | None
    ignored: Sequence[str]

    def get(self, name: str) -> Any:
        return self.values.get(name)

    def words(self, name: str) -> str:
        """A field's text; the empty one where there is none."""
        return self.values.get(name) or ""

    def others(self) -> dict[str, str]:
        """What stands in the columns that no field is read from, but for the editor's."""
        cells = self.row.values
        return {name: cells[name] for name in self.ignored if cells.get(name) and fold(name) not in EDITOR_COLUMNS}


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file of one kind holds. `needs` lists groups of fields of which one has to have a column."""

    name: str
    fields: tuple[Field, ...]
    build: Callable[[Draft], ImportRow]
    geometry: Literal["point", "line", "shape"] | None = None
    needs: tuple[tuple[str, ...], ...] = ()
    # Rows are the same thing when this is equal; see Reading.
    identity: Callable[[Any], str] = repr


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column each field is read from, and the columns that nothing is read from."""

    by_field: dict[str, str]
    ignored: list[str]


def resolve(layout: Layout, columns: Sequence[str], mapping: Mapping[str, str]) -> Columns:
    """Finds a column for each field: as `mapping` (field to column) says, otherwise by its name and aliases.

    Problem file_columns, for a mapping that names what is not there and for fields that no column serves.
    """
    fields = {field.name: field for field in layout.fields}
    for name, column in mapping.items():
        if name not in fields:
            raise Problem("file_columns", f"{layout.name} have no field {name!r}; they have: {', '.join(fields)}.")
        if column not in columns:
            raise Problem("file_columns", f"The file has no column {column!r}; it has: {_some(columns)}.")
    by_fold: dict[str, str] = {}
    for column in columns:
        by_fold.setdefault(fold(column), column)
    found = {name: mapping.get(name) or _first(field, by_fold) for name, field in fields.items()}
    by_field = {name: column for name, column in found.items() if column}
    groups = [*layout.needs, *((field.name,) for field in layout.fields if field.required)]
    for group in groups:
        if not any(name in by_field for name in group):
            names = " or ".join(group)
            raise Problem(
                "file_columns",
                f"No column gives {names}; name it with --map {group[0]}=COLUMN. The file has: {_some(columns)}.",
            )
    taken = set(by_field.values())
    return Columns(by_field, [column for column in columns if column not in taken])


def draft(
    layout: Layout, row: Row, columns: Columns, geometry: BaseGeometry | None, streets: StreetIndex | None
) -> Draft:
    """The row's values, typed. RefusedError with the field's and the column's name."""
    values: dict[str, Any] = {}
    for field in layout.fields:
        column = columns.by_field.get(field.name)
        cell = row.values.get(column, "") if column else ""
        if cell.strip().casefold() in NOTHING:
            if field.required:
                raise RefusedError("missing_value", f"{field.name} ({column}) is empty.")
            values[field.name] = field.default
            continue
        try:
            values[field.name] = field.kind(cell)
        except RefusedError as refused:
            raise RefusedError(refused.fault.reason, f"{field.name} ({column}): {refused.fault.detail}.") from None
    return Draft(row, values, geometry, streets, columns.ignored)


def fold(name: str) -> str:
    """A column's name without case and signs: `Street_Name`, `street name` and `STREETNAME` are one."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _first(field: Field, by_fold: Mapping[str, str]) -> str | None:
    names = field.aliases if field.name in field.aliases else (field.name, *field.aliases)
    return next((by_fold[fold(name)] for name in names if fold(name) in by_fold), None)


def _some(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - 20} more" if len(columns) > 20 else ""
    return ", ".join(columns[:20]) + more
