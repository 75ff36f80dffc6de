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
from typing import Any, Self

import pypdfium2 as pdfium
import typst

from curbstop.domain.problems import Problem

LETTERHEAD = "letterhead.typ"
# A template may use the shipped letterhead and nothing else: no other file, and no package from a network.
_IMPORT = re.compile(
    r"\b(?:import|include)\b\s*[\"(\w]|\b(?:read|plugin|bytes|eval)\s*\(|\b(?:json|csv|toml|yaml|xml|cbor)\s*\("
)
_ALLOWED = re.compile(rf'^#import "{re.escape(LETTERHEAD)}": \*\s*$', re.MULTILINE)
_HEAD = '#let d = json(bytes(sys.inputs.data))\n#let proof = sys.inputs.proof == "yes"\n'
MOST_SOURCE = 60_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """A letter as it was set: the PDF's bytes, how many pages it has, and the words in it."""

    pdf: bytes
    pages: int
    text: str


@cache
def shipped(kind: str, language: str) -> str:
    """The template that comes with the product."""
    return files("curbstop.typesetting").joinpath("templates", f"{kind}.{language}.typ").read_text(encoding="utf-8")


def check_source(source: str) -> None:
    """Problem(`template_invalid`) for what no template may do, with the line."""
    if len(source) > MOST_SOURCE:
        raise Problem("template_invalid", f"A template has at most {MOST_SOURCE} characters.")
    for number, line in enumerate(_ALLOWED.sub("", source).splitlines(), 1):
        if _IMPORT.search(line):
            detail = f"Line {number} reads or imports something; a template has its fields and {LETTERHEAD} alone."
            raise Problem("template_invalid", detail, line=number)


class Typesetter:
    """Sets many letters with one compiler, whose fonts are loaded once; a context that leaves no file behind."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="curbstop-letters-")
        self._root = Path(self._folder.name)
        head = files("curbstop.typesetting").joinpath("templates", LETTERHEAD).read_bytes()
        (self._root / LETTERHEAD).write_bytes(head)
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
        names = []
        for number, photo in enumerate(photos):
            name = f"photo-{number}.jpg"
            (self._root / name).write_bytes(photo)
            names.append(name)
        inputs = {"data": json.dumps({**data, "photos": names}), "proof": "yes" if proof else "no"}
        try:
            pdf = self._compiler.compile(
                input=(_HEAD + source).encode(), format="pdf", sys_inputs=inputs, timestamp=int(at.timestamp())
            )
            assert isinstance(pdf, bytes)
        except typst.TypstError as error:
            raise Problem("template_invalid", f"The template cannot be set: {_first_line(error)}") from error
        finally:
            # The next letter is somebody else's: no template may show it a photo of this one.
            for name in names:
                (self._root / name).unlink()
        return Sheet(pdf, *_words(pdf))


def _words(pdf: bytes) -> tuple[int, str]:
    """How many pages, and the words on them."""
    document = pdfium.PdfDocument(pdf)
    try:
        texts = [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()
    return len(texts), "\n".join(texts).replace("\r\n", "\n")


def joined(sheets: Iterable[bytes]) -> tuple[bytes, list[int]]:
    """Several PDFs as one, in their order, and how many pages each has."""
    whole, pages = pdfium.PdfDocument.new(), []
    for sheet in sheets:
        document = pdfium.PdfDocument(sheet)
        whole.import_pages(document)
        pages.append(len(document))
        document.close()
    target = BytesIO()
    whole.save(target)
    whole.close()
    return target.getvalue(), pages


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else "unknown error"
