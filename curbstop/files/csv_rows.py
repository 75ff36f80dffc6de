"""Reads CSV in any encoding that is named, a line at a time, keeping each row's line number and text."""

import codecs
import csv
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from curbstop.domain.problems import Problem
from curbstop.files.csv_header import read_header
from curbstop.files.rows import Fault, Options, Progress, Row

_SAMPLE_ROWS: Final = 50
_DELIMITERS: Final = ",;\t|"
_WIDE: Final = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_DELIMITER_NAMES: Final = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


class CsvSource:
    """A CSV file whose first line names its columns."""

    format = "CSV"
    has_geometry = False

    def __init__(self, path: Path, options: Options) -> None:
        """Looks at the first rows. Problem file_unreadable, file_columns."""
        self.path = path
        self.crs: str | None = options.crs
        self._encoding = _encoding(path, options.encoding)
        lines = self._lines(_ignore)
        first = next(lines, "")
        self._delimiter = _delimiter(options.delimiter) or _sniff(first)
        cells = next(self._parse(iter([first])), (1, [], ""))[1]
        sample = [found[1] for found in itertools.islice(self._parse(lines, start=1), _SAMPLE_ROWS)]
        header = read_header(cells, sample)
        self.columns, self.repairs, self._fused = header.columns, header.repairs, header.first_row
        if len(self.columns) == 1 and not sample:
            raise Problem("file_unreadable", f"{path} is no CSV file: its first line has one cell and nothing follows.")

    def rows(self, progress: Progress) -> Iterator[Row]:
        """The rows with their texts; empty lines are left out."""
        lines = self._lines(progress)
        next(lines, "")
        if self._fused:
            yield self._row(1, self._fused, self._delimiter.join(self._fused))
        for line, cells, text in self._parse(lines, start=1):
            yield self._row(line, cells, text)

    def _row(self, line: int, cells: list[str], text: str) -> Row:
        fault = None
        if not cells:
            fault = Fault("malformed_row", "A quotation mark stands in the middle of a cell.")
        elif len(cells) != len(self.columns):
            fault = Fault("wrong_columns", f"The row has {len(cells)} cells, the file {len(self.columns)} columns.")
        return Row(line, dict(zip(self.columns, cells, strict=False)), None, text, fault)

    def _parse(self, lines: Iterator[str], start: int = 0) -> Iterator[tuple[int, list[str], str]]:
        """Line number, cells and text of each row; a row may go over several lines."""
        taken: list[str] = []

        def tapped() -> Iterator[str]:
            for line in lines:
                taken.append(line)
                yield line

        reader = csv.reader(tapped(), delimiter=self._delimiter, strict=True)
        done = 0
        while True:
            broken = False
            try:
                cells = next(reader, None)
            except csv.Error as error:
                if "expected after" not in str(error):
                    raise self._unreadable(start + done + 1, str(error)) from None
                cells, broken = [], True  # this row only; the next line begins a new one
            if cells is None:
                return
            if broken or any(cell.strip() for cell in cells):
                yield start + done + 1, cells, "".join(taken).rstrip("\r\n")
            done = reader.line_num
            taken.clear()

    def _unreadable(self, line: int, why: str) -> Problem:
        if "field larger" in why or "unexpected end" in why:
            why = "a quotation mark is opened and never closed"
        return Problem("file_unreadable", f"{self.path}, line {line}: {why}; correct that line.")

    def _lines(self, progress: Progress) -> Iterator[str]:
        size, done = self.path.stat().st_size, 0
        if self._encoding.startswith(("utf-16", "utf-32")):
            yield from self._wide_lines()
            return
        with self.path.open("rb") as raw:
            for number, line in enumerate(raw, start=1):
                done += len(line)
                if number % 1000 == 0:
                    progress(done, size)
                yield self._decode(number, line.removeprefix(codecs.BOM_UTF8) if number == 1 else line)
        progress(size, size)

    def _wide_lines(self) -> Iterator[str]:
        """Lines of two- or four-byte signs, which cannot be told apart before they are decoded."""
        number = 0
        with self.path.open(encoding=self._encoding, newline="") as text:
            try:
                for number, line in enumerate(text, start=1):  # noqa: B007 - the last one is named in the problem
                    yield line
            except UnicodeError:
                raise Problem(
                    "file_unreadable",
                    f"{self.path}, after line {number}: this is not {self._encoding} text; say --encoding.",
                ) from None

    def _decode(self, number: int, line: bytes) -> str:
        try:
            return line.decode(self._encoding)
        except UnicodeDecodeError as error:
            raise Problem(
                "file_unreadable",
                f"{self.path}, line {number}: byte 0x{line[error.start]:02x} is not {self._encoding} text; "
                "say which encoding it is, such as --encoding cp1252.",
            ) from None


def _ignore(done: int, of: int) -> None:
    """For a look at the first rows."""


def _encoding(path: Path, named: str | None) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    try:
        known = codecs.lookup(named or _WIDE.get(start[:2], "utf-8")).name
        "".encode(known)  # base64 and the like are codecs, but of no text
    except LookupError:
        raise Problem("file_unreadable", f"No encoding is called {named!r}; say one like cp1252 or utf-8.") from None
    return "utf-8" if known == "utf-8-sig" else known


def _delimiter(named: str | None) -> str | None:
    if named is None:
        return None
    sign = _DELIMITER_NAMES.get(named.lower(), named)
    if len(sign) != 1:
        raise Problem("file_columns", f"A delimiter is one sign, or tab; {named!r} is not.")
    return sign


def _sniff(line: str) -> str:
    """The sign that parts the header into the most cells; a comma where there is one cell only."""
    count: Callable[[str], int] = line.count
    return max(_DELIMITERS, key=count)
