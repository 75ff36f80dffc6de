"""Sets letters from Typst templates as PDF: fields come as data, never as markup, and nothing outside is read.

A press (`press.py`) sets them in a process of its own: a template without an end stops nothing but itself.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Self

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
# Processor time that one letter may take; it takes some milliseconds.
LIMIT_S = 5.0


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


@dataclass(frozen=True, slots=True)
class Manuscript:
    """A letter that is to be set: the same source, data and moment give the same bytes."""

    source: str
    data: Mapping[str, Any]
    at: datetime
    photos: Sequence[bytes] = ()
    proof: bool = False


class Typesetter:
    """Sets letters on a press that is kept for the next typesetter; a context."""

    def __init__(self) -> None:
        # Loaded late: the press's own process loads this package too, and needs nothing of it.
        from curbstop.typesetting.press import taken  # noqa: PLC0415 - see above

        self._press = taken(shipped_file(LETTERHEAD))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._press.give_back()

    def set(
        self, source: str, data: Mapping[str, Any], *, at: datetime, photos: Sequence[bytes] = (), proof: bool = False
    ) -> Sheet:
        """One letter. Problem(`template_invalid`): it cannot be set, or not within the time that a letter may take."""
        [sheet] = self.set_all([Manuscript(source, data, at, photos, proof)])
        return sheet

    def set_all(self, manuscripts: Iterable[Manuscript]) -> Iterator[Sheet]:
        """Many letters, in their order: while one is read, or dealt with by the caller, the press sets the next."""
        pdf: bytes | None = None
        for manuscript in manuscripts:
            self._begin(manuscript)
            if pdf is not None:
                yield _sheet(pdf)
            pdf = self._end()
        if pdf is not None:
            yield _sheet(pdf)

    def _begin(self, manuscript: Manuscript) -> None:
        check_source(manuscript.source)
        names = [f"photo-{number}.jpg" for number in range(len(manuscript.photos))]
        wanted = {
            "source": HEAD + manuscript.source,
            "inputs": {
                "data": json.dumps({**manuscript.data, "photos": names}),
                "proof": "yes" if manuscript.proof else "no",
            },
            "at": int(manuscript.at.timestamp()),
            "limit_s": LIMIT_S,
        }
        self._press.ask(wanted, dict(zip(names, manuscript.photos, strict=True)))

    def _end(self) -> bytes:
        answer = self._press.answer()
        if answer is None:
            detail = f"The template takes more than {LIMIT_S:g} seconds or too much memory for one letter."
            raise Problem("template_invalid", f"{detail} Is there a loop without an end?")
        if isinstance(answer, bytes):
            return answer
        raise _wrong(*answer)


def sheet_of(manuscript: Manuscript) -> Sheet:
    """One letter, on a typesetter of its own; Problem(`template_invalid`)."""
    with Typesetter() as typesetter:
        [sheet] = typesetter.set_all([manuscript])
        return sheet


def _sheet(pdf: bytes) -> Sheet:
    from curbstop.typesetting.pdfs import words  # noqa: PLC0415 - as above

    return Sheet(pdf, *words(pdf))


def _wrong(message: str, diagnostic: str) -> Problem:
    """What Typst says is wrong, with the template's line where it names one; no path of this machine."""
    said = re.sub(r" \(searched at .*?\)", "", message)
    where = [int(line) - HEAD.count("\n") for line in _WHERE.findall(diagnostic)]
    if not where:
        return Problem("template_invalid", f"The template cannot be set: {said}.")
    return Problem("template_invalid", f"Line {where[0]} cannot be set: {said}.", line=where[0])
