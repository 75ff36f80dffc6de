"""What a reader yields and what becomes of it: rows, accepted values, duplicates and rejects."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from shapely.geometry.base import BaseGeometry

from curbstop.domain.import_rows import ImportRow

# progress(done, of): bytes or rows, whichever the format knows.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row is refused: a code for machines and a sentence for people."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row as the file has it. `line` is the text's line, from 1.

    In a binary file, and in a GeoJSON file that has several features on a line, it is the feature's number.
    """

    line: int
    values: dict[str, str]
    geometry: BaseGeometry | None
    text: str
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """An accepted row."""

    line: int
    value: ImportRow


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row that says again what line `first_line` said; counted, not refused."""

    line: int
    first_line: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A refused row, with all that somebody needs to correct it. `about` is the address that has no place."""

    line: int
    reason: str
    detail: str
    text: str
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """What the person who imports may say about the file."""

    encoding: str | None = None
    delimiter: str | None = None
    crs: str | None = None
    layer: str | None = None
    mapping: dict[str, str] = field(default_factory=dict)
    rejects_folder: Path | None = None


class Source(Protocol):
    """An opened file: its columns are known before its rows are read, and its rows may be read again."""

    path: Path
    format: str
    columns: list[str]
    repairs: list[str]
    crs: str | None
    has_geometry: bool

    def rows(self, progress: Progress) -> Iterator[Row]:
        """The rows in the file's order, a few at a time in memory. Problem file_unreadable."""
        ...
