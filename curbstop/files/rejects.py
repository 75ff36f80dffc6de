"""The file of refused rows: a CSV with line, reason, detail and text, safe to open in a spreadsheet."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TextIO

from curbstop.domain.problems import Problem
from curbstop.files.rows import Rejected

COLUMNS: Final = ("line", "reason", "detail", "text")
# A cell that begins with one of these would be run as a formula.
_ACTIVE: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "'")


class RejectFile:
    """Made with its first row; where no row is refused there is no file, and one of an earlier run is removed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file:
            self._file.close()
        elif kind is None and _is_ours(self.path):
            self.path.unlink()

    def add(self, row: Rejected) -> None:
        """Problem file_unreadable where the folder cannot be written to."""
        file = self._file or self._open()
        csv.writer(file).writerow([row.line, row.reason, guard(row.detail), guard(row.text)])

    def _open(self) -> TextIO:
        try:
            self._file = self.path.open("w", encoding="utf-8-sig", newline="")
        except OSError as error:
            raise Problem(
                "file_unreadable",
                f"Refused rows cannot be written to {self.path} ({error.strerror}); say where with --rejects FOLDER.",
            ) from None
        csv.writer(self._file).writerow(COLUMNS)
        return self._file


def extend(path: Path, more: Sequence[Rejected]) -> None:
    """Adds refused rows to those that are in the file, in the order of their lines."""
    there = list(read_rejects(path)) if path.exists() else []
    with RejectFile(path) as file:
        for row in sorted([*there, *more], key=lambda row: row.line):
            file.add(row)


def reject_path(path: Path, folder: Path | None) -> Path:
    """Beside the file, or in a folder: `addresses.csv` has `addresses.rejected.csv`."""
    return (folder or path.parent) / f"{path.stem}.rejected.csv"


def warnings_path(rejects: Path) -> Path:
    """Beside the refused rows, those that were taken and should be looked at: `meters.warnings.csv`."""
    return rejects.with_name(rejects.name.removesuffix(".rejected.csv") + ".warnings.csv")


def read_rejects(path: Path) -> Iterator[Rejected]:
    """The refused rows as they were before they were guarded."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield Rejected(int(row["line"]), row["reason"], unguard(row["detail"]), unguard(row["text"]))


def guard(cell: str) -> str:
    """A cell that no spreadsheet runs: an apostrophe before what looks like a formula."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_ACTIVE) else cell


def unguard(cell: str) -> str:
    """What `guard` was given."""
    return cell.removeprefix("'")


def _is_ours(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return file.readline().strip() == ",".join(COLUMNS)
    except (OSError, UnicodeDecodeError):
        return False
