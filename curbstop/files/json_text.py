"""Reads a GeoJSON text feature by feature, without ever holding the whole file."""

import json
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final

from curbstop.domain.problems import Problem

_CHUNK: Final = 1 << 18
# Longer values are no features of a layer that anybody imports here.
_LONGEST: Final = 1 << 25
_DECODER: Final = json.JSONDecoder()


class JsonText:
    """Walks over the members of the file's one object."""

    def __init__(self, path: Path, file: TextIOWrapper) -> None:
        self._path, self._file = path, file
        self._text, self._at, self._line = "", 0, 1
        self._ended = False
        self.done = 0

    def members(self) -> Iterator[tuple[str, Any]]:
        """Each member of the outer object with its value; for `features` the value is an iterator of the features.

        The features have to be taken before the next member is asked for. Problem file_unreadable.
        """
        self._expect("{")
        while self._sign() != "}":
            name = self._value()[1]
            self._expect(":")
            if name == "features" and self._sign() == "[":
                yield "features", self._elements()
            else:
                yield str(name), self._value()[1]
            if self._sign() == ",":
                self._expect(",")
        self._expect("}")

    def _elements(self) -> Iterator[tuple[int, Any, str]]:
        """Line, value and text of each element of an array."""
        self._expect("[")
        while self._sign() != "]":
            text, value = self._value()
            yield self._line - text.count("\n"), value, text
            if self._sign() == ",":
                self._expect(",")
        self._expect("]")

    def _value(self) -> tuple[str, Any]:
        self._sign()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._ended or len(self._text) - self._at > _LONGEST:
                    raise self._broken(error.msg) from None
            except RecursionError:
                raise self._broken("it is nested too deeply") from None
            else:
                # A number that ends where the text ends may go on in the next chunk.
                if end < len(self._text) or self._ended:
                    text = self._text[self._at : end]
                    self._line += text.count("\n")
                    self._at = end
                    return text, value
            self._more()

    def _sign(self) -> str:
        """The next sign that is no blank; moves to it."""
        while True:
            while self._at < len(self._text):
                sign = self._text[self._at]
                if not sign.isspace():
                    return sign
                self._line += sign == "\n"
                self._at += 1
            if self._ended:
                raise self._broken("the file ends too early; it seems to be cut off")
            self._more()

    def _expect(self, sign: str) -> None:
        found = self._sign()
        if found != sign:
            raise self._broken(f"{sign!r} was expected and {found!r} found")
        self._at += 1

    def _more(self) -> None:
        try:
            chunk = self._file.read(max(_CHUNK, len(self._text) - self._at))
        except UnicodeDecodeError:
            raise self._broken("what follows is not UTF-8 text, as GeoJSON has to be") from None
        self._ended = not chunk
        self._text, self._at = self._text[self._at :] + chunk, 0
        self.done += len(chunk)

    def _broken(self, why: str) -> Problem:
        return Problem("file_unreadable", f"{self._path} is no whole GeoJSON file: line {self._line}: {why}.")
