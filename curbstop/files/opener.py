"""Finds out what a file is, by its content more than by its name, and opens it with the reader for that."""

from pathlib import Path
from typing import Final

from curbstop.domain.problems import Problem
from curbstop.files.csv_rows import CsvSource
from curbstop.files.geojson_rows import GeoJsonSource
from curbstop.files.ogr_rows import OgrSource
from curbstop.files.rows import Options, Source

_WANTED: Final = "give a CSV, GeoJSON, GeoPackage or Shapefile"
_STRANGERS: Final = {
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file; save it as CSV",
    b"\x1f\x8b": "compressed; unpack it first",
    b"<?xml": "an XML file",
    b"<!DOC": "a web page",
    b"<html": "a web page",
}
_SHAPEFILE: Final = b"\x00\x00\x27\x0a"
_WIDE_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")


def open_source(path: Path, options: Options) -> Source:
    """The file, ready to be read. Problem file_unreadable with one line that says what to do."""
    start = _start(path)
    for magic, what in _STRANGERS.items():
        if start.startswith(magic):
            raise Problem("file_unreadable", f"{path} is {what}; {_WANTED}.")
    if start.startswith(b"SQLite format 3\0"):
        return OgrSource(path, options, "GeoPackage")
    if start.startswith(_SHAPEFILE):
        return OgrSource(path, options, "Shapefile")
    if start.startswith(b"PK"):
        return _zipped(path, options)
    if path.suffix.lower() in {".shp", ".gpkg"}:
        raise Problem("file_unreadable", f"{path} is no {path.suffix[1:]} file inside; it seems to be damaged.")
    if path.suffix.lower() in {".dbf", ".shx", ".prj", ".cpg"}:
        raise Problem("file_unreadable", f"{path} is a part of a Shapefile; give the one that ends in .shp.")
    if b"\0" in start and not start.startswith(_WIDE_BOMS) and not (options.encoding or "").startswith("utf"):
        raise Problem("file_unreadable", f"{path} is a binary file; {_WANTED}.")
    if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"["}:
        return GeoJsonSource(path, options)
    return CsvSource(path, options)


def _start(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise Problem("file_unreadable", f"{path} is a folder; {_WANTED}.")
        with path.open("rb") as file:
            start = file.read(8192)
    except FileNotFoundError:
        raise Problem("file_unreadable", f"{path} is not there; check the name.") from None
    except OSError as error:
        raise Problem("file_unreadable", f"{path} cannot be opened: {error.strerror}.") from None
    if not start.strip():
        raise Problem("file_unreadable", f"{path} is empty; {_WANTED}.")
    return start


def _zipped(path: Path, options: Options) -> Source:
    if path.suffix.lower() in {".xlsx", ".xlsm", ".ods", ".docx"}:
        raise Problem("file_unreadable", f"{path} is an office document; save it as CSV.")
    return OgrSource(path, options, "zipped Shapefile")
