"""Sets letters from Typst templates as PDF: fields come as data, never as markup, and nothing outside is read."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, Self

import pypdfium2 as pdfium
import typst

from curbstop.domain.problems import Problem

LETTERHEAD = "letterhead.typ"
# A template may use the shipped letterhead and nothing else: no other file, and no package from a network. Words, not
# calls, are looked for, since a comment may part a call, and a function can have another name.
_REACHES_OUT = re.compile(
    r"\b(?:import|include|eval|plugin|std|dictionary)\b|\b(?:read|json|csv|toml|yaml|xml|cbor)\s*\("
)
_ALLOWED = re.compile(rf'^#import "{re.escape(LETTERHEAD)}": \*[ \t]*$', re.MULTILINE)
# Where Typst says that something is wrong in the template itself.
_WHERE = re.compile(r"__typst_py_bytes__\.typ:(\d+):")
# What every template begins with: its fields as data.
HEAD = '#let d = json(bytes(sys.inputs.data))\n#let proof = sys.inputs.proof == "yes"\n'
MOST_SOURCE = 60_000
# PDFium is not made for several threads at once, and the API has many.
_PDFIUM = Lock()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A letter as it was set: the PDF's bytes, how many pages it has, and the words in it."""

    pdf: bytes
    pages: int
    text: str


@cache
def shipped(kind: str, language: str) -> str:
    """The template that comes with the product."""
    return shipped_file(f"{kind}.{language}.typ")


def shipped_file(name: str) -> str:
    """One of the files that come with the product."""
    return files("curbstop.typesetting").joinpath("templates", name).read_text(encoding="utf-8")


def check_source(source: str) -> None:
    """Problem(`template_invalid`) for what no template may do, with the line."""
    if len(source) > MOST_SOURCE:
        raise Problem("template_invalid", f"A template has at most {MOST_SOURCE} characters.")
    for number, line in enumerate(_ALLOWED.sub("", source).splitlines(), 1):
        found = _REACHES_OUT.search(line)
        if found is not None:
            detail = f"Line {number} says `{found[0]}`; a template has its fields and {LETTERHEAD} alone."
            raise Problem("template_invalid", detail, line=number)


class Typesetter:
    """Sets many letters with one compiler, whose fonts are loaded once; a context that leaves no file behind."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="curbstop-letters-")
        self._root = Path(self._folder.name)
        (self._root / LETTERHEAD).write_text(shipped_file(LETTERHEAD), encoding="utf-8")
        # The machine's own fonts would make a letter look different elsewhere.
        self._compiler = typst.Compiler(
            root=self._root,
            ignore_system_fonts=True,
            package_path=self._root / "no-packages",
            package_cache_path=self._root / "no-packages",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._folder.cleanup()

    def set(
        self, source: str, data: Mapping[str, Any], *, at: datetime, photos: Sequence[bytes] = (), proof: bool = False
    ) -> Sheet:
        """One letter; the same source, data and moment give the same bytes. Problem(`template_invalid`)."""
        check_source(source)
        names = [f"photo-{number}.jpg" for number in range(len(photos))]
        inputs = {"data": json.dumps({**data, "photos": names}), "proof": "yes" if proof else "no"}
        try:
            for name, photo in zip(names, photos, strict=True):
                (self._root / name).write_bytes(photo)
            pdf = self._compiler.compile(
                input=(HEAD + source).encode(), format="pdf", sys_inputs=inputs, timestamp=int(at.timestamp())
            )
            assert isinstance(pdf, bytes)
        except typst.TypstError as error:
            raise _wrong(error) from error
        finally:
            # No letter finds another's photos.
            for name in names:
                (self._root / name).unlink(missing_ok=True)
        return Sheet(pdf, *_words(pdf))


def _words(pdf: bytes) -> tuple[int, str]:
    """How many pages, and the words on them."""
    with _PDFIUM:
        document = pdfium.PdfDocument(pdf)
        try:
            texts = [page.get_textpage().get_text_range() for page in document]
        finally:
            document.close()
    return len(texts), "\n".join(texts).replace("\r\n", "\n")


def joined(sheets: Iterable[bytes]) -> tuple[bytes, list[int]]:
    """Several PDFs as one, in their order, and how many pages each has."""
    with _PDFIUM:
        whole, pages = pdfium.PdfDocument.new(), []
        try:
            for sheet in sheets:
                document = pdfium.PdfDocument(sheet)
                whole.import_pages(document)
                pages.append(len(document))
                document.close()
            target = BytesIO()
            whole.save(target)
        finally:
            whole.close()
    return target.getvalue(), pages


def _wrong(error: typst.TypstError) -> Problem:
    """What Typst says is wrong, with the template's line where it names one; no path of this machine."""
    said = re.sub(r" \(searched at .*?\)", "", error.message)
    where = [int(line) - HEAD.count("\n") for line in _WHERE.findall(error.diagnostic)]
    if not where:
        return Problem("template_invalid", f"The template cannot be set: {said}.")
    return Problem("template_invalid", f"Line {where[0]} cannot be set: {said}.", line=where[0])
